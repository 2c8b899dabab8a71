//! Parsers of the file formats that data sets come in.
//!
//! Every parser takes the whole content of a file and its name for messages, answers malformed
//! content with an error that names the place, and never panics.

pub(super) mod idx;
pub(super) mod npy;
pub(super) mod pickle;

use crate::error::Error;

/// Malformed content of `file`.
pub(super) fn malformed(file: &str, what: impl std::fmt::Display) -> Error {
    Error::input(format!("{file}: {what}"))
}

/// The number of elements of an array of this shape, unless it overflows.
fn element_count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side))
}
