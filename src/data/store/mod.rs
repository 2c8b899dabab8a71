//! Where data come from and where they are kept: pinned packages, and the cache of converted arrays.

mod archive;
pub mod cache;
mod fetch;
pub(super) mod prepare;
pub mod source;
