//! Layers on the default backend, by kernels whose sums are grouped alike on every machine.
//!
//! burn's own copy an image into columns for a convolution, compose batch normalisation of a dozen
//! operations, and group their sums as a version of it sees fit.

mod convolution;
mod linear;
mod normalisation;
mod pooling;
mod relu;

pub(super) use crate::device::portable::holds;
pub(super) use convolution::convolution;
pub(super) use linear::linear;
pub(super) use normalisation::{batch_norm, batch_norm_valid};
pub(super) use pooling::max_pool;
pub(super) use relu::relu;
