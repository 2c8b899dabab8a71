//! The positive part, and what its gradient lets through.

use crate::tile::Float;
use crate::wide::wide;

/// The value where `by` is positive or no number, else zero.
#[inline(always)]
pub(crate) fn gated<T: Float>(value: T, by: T) -> T {
    if by <= T::default() { T::default() } else { value }
}

wide! {
    /// The positive part of each value; what is no number stays so.
    pub fn positive_part<T: Float>(x: &[T]) -> Vec<T> {
        x.iter().map(|x| gated(*x, *x)).collect()
    }

    /// The gradients where the positive part is not zero, zeros elsewhere.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn where_positive<T: Float>(gradient: &[T], part: &[T]) -> Vec<T> {
        assert_eq!(gradient.len(), part.len(), "a gradient of another output");
        gradient.iter().zip(part).map(|(g, y)| gated(*g, *y)).collect()
    }
}
