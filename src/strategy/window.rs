//! The epochs in which a strategy is active.

use crate::registry::{Domain, Fallback, Param, Params};

/// Declared by every strategy that has a warm-up and a window.
pub(super) const WARMUP: Param = Param {
    name: "warmup",
    summary: "epochs at the start without modulation",
    domain: Domain::Int { min: 0, max: 1_000_000 },
    default: Fallback::Int(0),
};
pub(super) const STARTS: Param = Param {
    name: "starts",
    summary: "first epoch of the window, from 0",
    domain: Domain::Int { min: 0, max: 1_000_000 },
    default: Fallback::Int(0),
};
pub(super) const ENDS: Param = Param {
    name: "ends",
    summary: "last epoch of the window, inclusive",
    domain: Domain::Int { min: 0, max: 1_000_000 },
    default: Fallback::Int(1_000_000),
};

/// A warm-up and a window of epochs, as in the published code.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    warmup: usize,
    starts: usize,
    ends: usize,
}

impl Window {
    pub(super) fn of(params: &Params) -> Self {
        Self {
            warmup: params.count("warmup"),
            starts: params.count("starts"),
            ends: params.count("ends"),
        }
    }

    pub(super) fn is_open(self, epoch: usize) -> bool {
        self.warmup <= epoch && self.starts <= epoch && epoch <= self.ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_inclusive_and_waits_for_the_warm_up() {
        let window = Window { warmup: 2, starts: 1, ends: 3 };
        let open: Vec<bool> = (0..5).map(|epoch| window.is_open(epoch)).collect();
        assert_eq!(open, [false, false, true, true, false]);
    }
}
