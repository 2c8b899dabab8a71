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
mod moments;
mod normal;
mod normalisation;
mod pooling;
mod positive;
mod product;
mod scratch;
mod tile;
mod transpose;
mod weight_gradient;
mod wide;

pub use convolution::Convolution;
pub use linear::Linear;
pub use moments::{deviation, sum_of_squares};
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
    include_str!("moments.rs"),
    include_str!("normal.rs"),
    include_str!("normalisation.rs"),
    include_str!("pooling.rs"),
    include_str!("positive.rs"),
    include_str!("product.rs"),
    include_str!("scratch.rs"),
    include_str!("tile.rs"),
    include_str!("transpose.rs"),
    include_str!("weight_gradient.rs"),
    include_str!("wide.rs"),
];

/// Computes one tile of 8 by 48 values over 256 products so many times, from the caches: what the
/// innermost product is capable of, for benchmarks. Each time takes 2 x 8 x 48 x 256 operations.
pub fn repeat_tile(times: usize) -> f32 {
    use tile::{COLUMNS, ROWS, Tile};
    let depth = product::DEPTH;
    let (a, b) = (vec![0.5_f32; depth * ROWS], vec![0.25_f32; depth * COLUMNS]);
    let mut c = vec![0.0_f32; ROWS * COLUMNS];
    for _ in 0..times {
        let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
        let tile = Tile { depth, a, b, c, stride: COLUMNS, vectors: 3, first: true };
        // Safety: the slices have the lengths of a tile.
        unsafe { f32::tile(tile) }
    }
    c[0]
}
