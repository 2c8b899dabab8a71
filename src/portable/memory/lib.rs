//! The program's allocator, which can fill what it gives.
//!
//! A training step allocates hundreds of small tensors, and the C library's allocator takes an eighth
//! of its time. Filled, memory that a kernel reads before anything has written it shows in what it
//! computes: the proof of determinism trains with it.

use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicU8, Ordering};

/// The program's allocator.
pub struct Memory;

static FILL: AtomicU8 = AtomicU8::new(0);

/// Fills memory with a byte from now on when it is allocated; 0 leaves it as it is.
pub fn fill(byte: u8) {
    FILL.store(byte, Ordering::Relaxed);
}

fn filled(memory: *mut u8, from: usize, to: usize) -> *mut u8 {
    let byte = FILL.load(Ordering::Relaxed);
    if byte != 0 && !memory.is_null() && from < to {
        // Safety: the memory has just been allocated with `to` bytes.
        unsafe { memory.add(from).write_bytes(byte, to - from) }
    }
    memory
}

// Safety: what is allocated comes from `MiMalloc` and goes back to it.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        filled(unsafe { MiMalloc.alloc(layout) }, 0, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { MiMalloc.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        filled(unsafe { MiMalloc.realloc(memory, layout, size) }, layout.size(), size)
    }
}
