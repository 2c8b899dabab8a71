//! Multiply-adds of linear layers and convolutions, counted where they are done.
//!
//! The counter is one of the thread, since a layer is called deep inside an encoder that knows
//! nothing of costs; it is read by [`during`] alone, so that no count reaches another.

use std::cell::Cell;

thread_local! {
    static DONE: Cell<u64> = const { Cell::new(0) };
}

/// The products of a backward pass for one of the forward pass: the gradients by weights and by inputs.
const BACKWARD: u64 = 2;

/// Counts the `multiply_adds` of a forward pass, and those of the backward pass where `trained`.
pub(super) fn add(multiply_adds: usize, trained: bool) {
    let all = multiply_adds as u64 * if trained { 1 + BACKWARD } else { 1 };
    DONE.with(|done| done.set(done.get().saturating_add(all)));
}

/// What `work` gives, and the multiply-adds of the layers that it calls on this thread. A call on an
/// autodiff device counts for three: a forward pass, and the two products of a backward pass.
pub fn during<R>(work: impl FnOnce() -> R) -> (R, u64) {
    let before = DONE.with(|done| done.replace(0));
    let result = work();
    let counted = DONE.with(|done| done.replace(before.saturating_add(done.get())));
    (result, counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_inside_counts_outside_too() {
        let (((), alone), all) = during(|| {
            add(5, false);
            during(|| add(2, true))
        });
        assert_eq!((alone, all), (6, 11));
        assert_eq!(during(|| ()).1, 0);
    }
}
