//! The runs still to do, and who does which.

use crate::registry::Part;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a lane does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Try this run, the first time.
    Try(usize),
    /// Nothing is left but runs that another process holds: look at this one again.
    Retry(usize),
    End,
}

/// A queue of run indices, in the order of the plan, and the number of lanes that work on each
/// device. Shared by all lanes.
pub(crate) struct Queue<'a> {
    datasets: Vec<&'a Part>,
    inner: Mutex<Inner>,
}

struct Inner {
    pending: VecDeque<usize>,
    /// Runs that another process works on.
    held: VecDeque<usize>,
    /// By device.
    lanes: Vec<usize>,
    stopped: bool,
}

impl<'a> Queue<'a> {
    /// `datasets` holds the data set of every run; `pending` the runs to do; `lanes` how many
    /// lanes there are for each device.
    pub(crate) fn new(
        datasets: Vec<&'a Part>,
        pending: VecDeque<usize>,
        lanes: Vec<usize>,
    ) -> Self {
        let inner = Inner { pending, held: VecDeque::new(), lanes, stopped: false };
        Self { datasets, inner: Mutex::new(inner) }
    }

    /// The next run for a lane whose worker has `loaded` in memory: the first on that
    /// data set, else the first of all.
    pub(crate) fn next(&self, loaded: Option<&Part>) -> Next {
        let mut inner = self.lock();
        let same = |index: &usize| loaded == Some(self.datasets[*index]);
        let at = inner.pending.iter().position(same).unwrap_or(0);
        match inner.stopped {
            true => Next::End,
            false => match inner.pending.remove(at) {
                Some(index) => Next::Try(index),
                None => inner.held.pop_front().map_or(Next::End, Next::Retry),
            },
        }
    }

    /// Dismisses a lane on `device` whose worker has ended, and with it the worker's memory there.
    /// False where a run was put back meanwhile, which is then the lane's to take.
    pub(crate) fn leave(&self, device: usize) -> bool {
        let mut inner = self.lock();
        let leaves = inner.stopped || inner.pending.is_empty();
        if leaves {
            inner.lanes[device] -= 1;
        }
        leaves
    }

    /// Whether a lane is the only one on `device`.
    pub(crate) fn is_alone(&self, device: usize) -> bool {
        self.lock().lanes[device] == 1
    }

    /// Puts back a run for which a crowded device had too little memory. True dismisses the lane,
    /// whose worker has ended, so that one fewer works there; false leaves the run to it, since it
    /// is alone by now.
    pub(crate) fn make_room(&self, device: usize, index: usize) -> bool {
        let mut inner = self.lock();
        let crowded = 1 < inner.lanes[device];
        if crowded {
            inner.pending.push_front(index);
            inner.lanes[device] -= 1;
        }
        crowded
    }

    /// Puts back a run that another process works on.
    pub(crate) fn hold(&self, index: usize) {
        self.lock().held.push_back(index);
    }

    /// Hands out no further run.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture::spec;

    #[test]
    fn a_worker_keeps_to_its_data_set_and_held_runs_come_last() {
        let [a, b] = ["a", "b"].map(|name| spec(name, 0).cell.dataset);
        let queue = Queue::new(vec![&a, &a, &b, &b], (0..4).collect(), vec![1]);
        assert_eq!(queue.next(None), Next::Try(0));
        queue.hold(0);
        assert_eq!(queue.next(Some(&b)), Next::Try(2));
        assert_eq!(queue.next(Some(&b)), Next::Try(3));
        assert_eq!(queue.next(Some(&b)), Next::Try(1));
        assert_eq!(queue.next(Some(&b)), Next::Retry(0));
        assert_eq!(queue.next(Some(&b)), Next::End);
    }

    #[test]
    fn a_stopped_queue_hands_out_nothing() {
        let a = spec("a", 0).cell.dataset;
        let queue = Queue::new(vec![&a], VecDeque::from([0]), vec![1]);
        queue.stop();
        assert_eq!(queue.next(None), Next::End);
    }

    #[test]
    fn a_crowded_device_loses_lanes_but_never_its_last_nor_a_run() {
        let a = spec("a", 0).cell.dataset;
        let queue = Queue::new(vec![&a; 3], (0..3).collect(), vec![2, 1]);
        let [first, second] = [queue.next(None), queue.next(None)];
        assert_eq!([first, second], [Next::Try(0), Next::Try(1)]);
        assert!(queue.make_room(0, 0) && queue.is_alone(0));
        assert!(!queue.make_room(0, 1), "the last lane tries again by itself");
        assert!(!queue.make_room(1, 2), "devices are counted apart");
        assert_eq!(queue.next(None), Next::Try(0));
    }

    #[test]
    fn a_lane_that_is_leaving_takes_a_run_that_another_has_put_back() {
        let a = spec("a", 0).cell.dataset;
        let queue = Queue::new(vec![&a], VecDeque::from([0]), vec![2]);
        assert_eq!([queue.next(None), queue.next(None)], [Next::Try(0), Next::End]);
        assert!(!queue.is_alone(0), "the worker of the second lane still holds memory");
        assert!(queue.make_room(0, 0));
        assert!(!queue.leave(0), "nobody else is there to take the run");
        assert_eq!(queue.next(None), Next::Try(0));
        assert!(queue.leave(0));
    }
}
