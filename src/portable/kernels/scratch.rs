//! Memory that is used again for what products pack and sum up.
//!
//! A training step takes the same buffers every time: to have them zeroed each time cost a tenth of
//! a step. The buffers are those of all threads: what one fills, another drops, and if each kept
//! what it drops, one would have all of them and the others would ask for new ones without end.

use bytemuck::Pod;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Buffers that nobody uses: never more than were in use at once.
static FREE: Mutex<Vec<Vec<u64>>> = Mutex::new(Vec::new());

fn free() -> MutexGuard<'static, Vec<Vec<u64>>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Some values that hold anything until they are written.
pub(crate) struct Scratch<T> {
    words: Vec<u64>,
    len: usize,
    values: PhantomData<T>,
}

impl<T: Pod> Scratch<T> {
    pub(crate) fn of(len: usize) -> Self {
        let mut words = free().pop().unwrap_or_default();
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
        free().push(std::mem::take(&mut self.words));
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

    #[test]
    fn what_one_thread_fills_and_another_drops_is_used_again() {
        for _ in 0..1000 {
            drop(std::thread::spawn(|| Scratch::<f32>::of(10)).join().unwrap());
        }
        // Other tests have some of their own.
        assert!(free().len() < 500, "{}", free().len());
    }
}
