//! Kernels of the default backend with equal bits on every machine of a class: linear layers,
//! convolutions, batch normalisation, pooling, and normal numbers.
//!
//! A convolution and its two gradients are matrix products, of which the right factor is never
//! built: the packing of a product's blocks reads the padded image itself. Every value of a product
//! is a sum over the inner dimension in blocks of 256: each block is one chain of fused
//! multiply-adds from zero, and the sums of the blocks are added in order. Neither the width of
//! vectors nor tiles nor threads enter into that, so that AVX2 and AVX-512 give equal bits.
//! Processors without fused multiply-adds round otherwise and are another class.

mod convolution;
pub mod elementwise;
mod grid;
mod input_gradient;
mod linear;
mod normal;
mod normalisation;
mod pooling;
mod positive;
mod product;
mod tile;
mod transpose;
mod weight_gradient;
mod wide;

pub use convolution::Convolution;
pub use linear::Linear;
pub use normal::normals;
pub use normalisation::{Gradients, Normalisation, Statistics};
pub use pooling::{Pooled, Pooling};
pub use positive::{positive_part, where_positive};
pub use tile::{Float, try_kernels};

/// The text of the kernels, which stands for their version.
pub const TEXT: &[&str] = &[
    include_str!("convolution.rs"),
    include_str!("elementwise.rs"),
    include_str!("grid.rs"),
    include_str!("input_gradient.rs"),
    include_str!("linear.rs"),
    include_str!("normal.rs"),
    include_str!("normalisation.rs"),
    include_str!("pooling.rs"),
    include_str!("positive.rs"),
    include_str!("product.rs"),
    include_str!("tile.rs"),
    include_str!("transpose.rs"),
    include_str!("weight_gradient.rs"),
    include_str!("wide.rs"),
];
