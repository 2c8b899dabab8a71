//! How long the runs still to do will take.

use std::collections::BTreeMap;
use std::time::Duration;

/// Cost done and cost to do, in whatever unit the caller's cost hints have.
#[derive(Debug, Default)]
pub(crate) struct Estimate {
    left: f64,
    done: f64,
    /// The part done of the run in progress, by lane.
    running: BTreeMap<usize, f64>,
}

impl Estimate {
    pub(crate) fn new(costs: impl Iterator<Item = f64>) -> Self {
        Self { left: costs.map(known).sum(), ..Self::default() }
    }

    /// A lane's run of `cost` is done to `fraction`, from 0 to 1.
    pub(crate) fn progress(&mut self, lane: usize, cost: f64, fraction: f64) {
        self.running.insert(lane, known(cost) * fraction);
    }

    /// A lane's run of `cost` is over. Only a run trained to the end tells of the speed.
    pub(crate) fn settle(&mut self, lane: usize, cost: f64, trained: bool) {
        self.running.remove(&lane);
        self.left -= known(cost);
        if trained {
            self.done += known(cost);
        }
    }

    /// The time left when `elapsed` was spent so far; `None` before anything can be said.
    pub(crate) fn left(&self, elapsed: Duration) -> Option<Duration> {
        let running: f64 = self.running.values().sum();
        let done = self.done + running;
        if done <= 0.0 {
            return None;
        }
        let left = (self.left - running).max(0.0);
        Duration::try_from_secs_f64(elapsed.as_secs_f64() * left / done).ok()
    }
}

/// A cost that is no positive number tells nothing: such a run counts as one unit.
fn known(cost: f64) -> f64 {
    if cost.is_finite() && 0.0 < cost { cost } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn time_left_follows_the_cost_not_the_count() {
        let mut estimate = Estimate::new([1.0, 1.0, 4.0].into_iter());
        assert_eq!(estimate.left(MINUTE), None);
        estimate.settle(0, 1.0, true);
        assert_eq!(estimate.left(MINUTE), Some(5 * MINUTE));
        estimate.progress(0, 4.0, 0.5);
        assert_eq!(estimate.left(3 * MINUTE), Some(3 * MINUTE));
    }

    #[test]
    fn a_failed_run_is_no_longer_to_do_and_tells_nothing_of_the_speed() {
        let mut estimate = Estimate::new([1.0, 1.0, 2.0].into_iter());
        estimate.progress(0, 1.0, 0.5);
        estimate.settle(0, 1.0, false);
        assert_eq!(estimate.left(MINUTE), None);
        estimate.settle(0, 1.0, true);
        assert_eq!(estimate.left(MINUTE), Some(2 * MINUTE));
    }

    #[test]
    fn senseless_costs_do_no_harm() {
        let mut estimate = Estimate::new([f64::NAN, -1.0, 0.0].into_iter());
        estimate.settle(0, f64::NAN, true);
        assert_eq!(estimate.left(MINUTE), Some(2 * MINUTE));
        assert_eq!(estimate.left(Duration::MAX), None);
    }
}
