//! One file per data set.

pub(super) mod av_digits;
pub(super) mod cg_mnist;
mod made;
pub(super) mod mfeat;
mod mnist;
pub(super) mod synthetic;
pub(super) mod synthetic_clips;
pub(super) mod synthetic_tasks;
pub(super) mod watch;
