//! Memory that a thread uses again for what its products pack and sum up.
//!
//! A training step takes the same buffers every time: to have them zeroed each time cost a tenth of
//! a step.

use bytemuck::Pod;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

thread_local! {
    /// Buffers that nobody uses.
    static FREE: RefCell<Vec<Vec<u64>>> = const { RefCell::new(Vec::new()) };
}

/// Some values that hold anything until they are written. The memory goes back to the thread that
/// drops it.
pub(crate) struct Scratch<T> {
    words: Vec<u64>,
    len: usize,
    values: PhantomData<T>,
}

impl<T: Pod> Scratch<T> {
    pub(crate) fn of(len: usize) -> Self {
        let mut words = FREE.with_borrow_mut(Vec::pop).unwrap_or_default();
        let needed = (len * size_of::<T>()).div_ceil(size_of::<u64>());
        if words.len() < needed {
            words.resize(needed, 0);
        }
        Self { words, len, values: PhantomData }
    }
}

impl<T: Pod> Deref for Scratch<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &bytemuck::cast_slice(&self.words)[..self.len]
    }
}

impl<T: Pod> DerefMut for Scratch<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.len]
    }
}

impl<T> Drop for Scratch<T> {
    fn drop(&mut self) {
        let words = std::mem::take(&mut self.words);
        // A thread that ends has no place for it.
        let _ = FREE.try_with(|free| free.borrow_mut().push(words));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_in_use_are_never_shared_and_have_their_lengths() {
        let mut first = Scratch::<f32>::of(3);
        let mut second = Scratch::<f64>::of(5);
        first.fill(1.0);
        second.fill(2.0);
        assert_eq!((&first[..], &second[..]), ([1.0; 3].as_slice(), [2.0; 5].as_slice()));
        drop(first);
        let mut third = Scratch::<f64>::of(100);
        third.fill(3.0);
        assert_eq!((&second[..], third.len()), ([2.0; 5].as_slice(), 100));
    }
}
