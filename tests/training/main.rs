//! The training loop on small made data: every part with every other, and determinism.

mod bisect;
mod made;
mod product;
mod resume;
