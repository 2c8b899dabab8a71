//! The training loop on small made data: every part with every other, and determinism.

mod bisect;
mod fingerprints;
mod first_steps;
mod heads;
mod layers;
mod made;
#[cfg(feature = "tch")]
mod memory;
mod observers;
mod optimizer;
#[cfg(any(feature = "tch", feature = "wgpu"))]
mod parity;
mod product;
mod resume;
mod rows;
mod tasks;
