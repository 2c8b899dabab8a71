//! The runs still to do, and who does which.

use crate::spec::run::Part;
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

/// A queue of run indices, in the order of the plan. Shared by all lanes.
pub(crate) struct Queue<'a> {
    datasets: Vec<&'a Part>,
    inner: Mutex<Inner>,
}

struct Inner {
    pending: VecDeque<usize>,
    /// Runs that another process works on.
    held: VecDeque<usize>,
    stopped: bool,
}

impl<'a> Queue<'a> {
    /// `datasets` holds the data set of every run; `pending` the runs to do.
    pub(crate) fn new(datasets: Vec<&'a Part>, pending: VecDeque<usize>) -> Self {
        let inner = Inner { pending, held: VecDeque::new(), stopped: false };
        Self { datasets, inner: Mutex::new(inner) }
    }

    /// The next run for a worker that has `loaded` in memory: the first on that data set, else
    /// the first of all.
    pub(crate) fn next(&self, loaded: Option<&Part>) -> Next {
        let mut inner = self.lock();
        if inner.stopped {
            return Next::End;
        }
        let same = |index: &usize| loaded == Some(self.datasets[*index]);
        let at = inner.pending.iter().position(same).unwrap_or(0);
        if let Some(index) = inner.pending.remove(at) {
            return Next::Try(index);
        }
        inner.held.pop_front().map_or(Next::End, Next::Retry)
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
        let [a, b] = ["a", "b"].map(|name| spec(name, 0).dataset);
        let queue = Queue::new(vec![&a, &a, &b, &b], (0..4).collect());
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
        let a = spec("a", 0).dataset;
        let queue = Queue::new(vec![&a], VecDeque::from([0]));
        queue.stop();
        assert_eq!(queue.next(None), Next::End);
    }
}
