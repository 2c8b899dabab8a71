//! Arithmetic on slices, element by element and in place. Two slices that meet have equal lengths;
//! where they have not, it panics.

use crate::tile::Float;
use crate::wide::wide;

wide! {
    /// `a := a + b`.
    pub fn add<T: Float>(a: &mut [T], b: &[T]) {
        assert_eq!(a.len(), b.len(), "slices of unlike lengths");
        a.iter_mut().zip(b).for_each(|(a, b)| *a += *b);
    }

    /// `a := a + factor b`, rounded after each operation.
    pub fn add_scaled<T: Float>(a: &mut [T], b: &[T], factor: T) {
        assert_eq!(a.len(), b.len(), "slices of unlike lengths");
        a.iter_mut().zip(b).for_each(|(a, b)| *a += factor * *b);
    }

    /// `a := a b`.
    pub fn multiply<T: Float>(a: &mut [T], b: &[T]) {
        assert_eq!(a.len(), b.len(), "slices of unlike lengths");
        a.iter_mut().zip(b).for_each(|(a, b)| *a = *a * *b);
    }

    /// `a := a / b`.
    pub fn divide<T: Float>(a: &mut [T], b: &[T]) {
        assert_eq!(a.len(), b.len(), "slices of unlike lengths");
        a.iter_mut().zip(b).for_each(|(a, b)| *a = *a / *b);
    }

    /// `a := factor a`.
    pub fn scale<T: Float>(a: &mut [T], factor: T) {
        a.iter_mut().for_each(|a| *a = factor * *a);
    }

    /// `a := a + term`.
    pub fn add_scalar<T: Float>(a: &mut [T], term: T) {
        a.iter_mut().for_each(|a| *a += term);
    }

    /// `a := sqrt(a)`.
    pub fn root<T: Float>(a: &mut [T]) {
        a.iter_mut().for_each(|a| *a = a.sqrt());
    }
}
