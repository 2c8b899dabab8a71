//! The positive part, and what its gradient lets through.

use crate::tile::Float;
use crate::wide::wide;

wide! {
    /// The positive part of each value; what is no number stays so.
    pub fn positive_part<T: Float>(x: &[T]) -> Vec<T> {
        x.iter().map(|x| if *x <= T::default() { T::default() } else { *x }).collect()
    }

    /// The gradients where the positive part is not zero, zeros elsewhere.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn where_positive<T: Float>(gradient: &[T], part: &[T]) -> Vec<T> {
        assert_eq!(gradient.len(), part.len(), "a gradient of another output");
        let pairs = gradient.iter().zip(part);
        pairs.map(|(g, y)| if *y <= T::default() { T::default() } else { *g }).collect()
    }
}
