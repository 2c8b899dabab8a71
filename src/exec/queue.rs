//! The runs still to do, and who does which.

use crate::registry::Part;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a lane does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Try this run, the first time.
    Try(usize),
    /// Nothing else can begin, and another process holds this run: look at it again.
    Retry(usize),
    /// What is left needs runs that other lanes work on. Some time has passed.
    Wait,
    End,
}

/// The longest that a lane waits before it looks whether all stop.
const PATIENCE: Duration = Duration::from_millis(100);

/// A queue of run indices, in the order of the plan, and the number of lanes that work on each
/// device. Shared by all lanes.
///
/// A run is handed out once those that it needs are settled, however they ended. Whatever is open
/// is pending, held or with a lane, and no run needs itself, so that somebody can always go on.
pub(crate) struct Queue<'a> {
    runs: Vec<Queued<'a>>,
    inner: Mutex<Inner>,
    changed: Condvar,
}

/// What the queue knows of a run.
pub(crate) struct Queued<'a> {
    pub(crate) dataset: &'a Part,
    /// The indices of the runs that it needs.
    pub(crate) needs: &'a [usize],
}

struct Inner {
    /// Runs that are not settled.
    open: BTreeSet<usize>,
    pending: VecDeque<usize>,
    /// Runs that another process works on.
    held: VecDeque<usize>,
    /// By device.
    lanes: Vec<usize>,
    stopped: bool,
}

impl<'a> Queue<'a> {
    /// `runs` holds every run; `pending` those to do; `lanes` how many lanes there are for each
    /// device.
    pub(crate) fn new(runs: Vec<Queued<'a>>, pending: VecDeque<usize>, lanes: Vec<usize>) -> Self {
        let open = pending.iter().copied().collect();
        let inner = Inner { open, pending, held: VecDeque::new(), lanes, stopped: false };
        Self { runs, inner: Mutex::new(inner), changed: Condvar::new() }
    }

    /// The next run for a lane whose worker has `loaded` in memory: of those that can begin the
    /// first on that data set, else the first of all.
    pub(crate) fn next(&self, loaded: Option<&Part>) -> Next {
        let mut inner = self.lock();
        if inner.stopped {
            return Next::End;
        }
        if let Some(at) = self.first(&inner, loaded)
            && let Some(index) = inner.pending.remove(at)
        {
            return Next::Try(index);
        }
        if let Some(index) = inner.held.pop_front() {
            return Next::Retry(index);
        }
        if inner.pending.is_empty() {
            return Next::End;
        }
        drop(self.changed.wait_timeout(inner, PATIENCE));
        Next::Wait
    }

    /// The place among the pending runs of the one to begin next.
    fn first(&self, inner: &Inner, loaded: Option<&Part>) -> Option<usize> {
        let can_begin =
            |index: &usize| self.runs[*index].needs.iter().all(|need| !inner.open.contains(need));
        let same = |index: &usize| loaded == Some(self.runs[*index].dataset) && can_begin(index);
        let at_hand = inner.pending.iter().position(same);
        at_hand.or_else(|| inner.pending.iter().position(can_begin))
    }

    /// Notes that a run is over, well or not: those that need it can begin.
    pub(crate) fn settle(&self, index: usize) {
        self.lock().open.remove(&index);
        self.changed.notify_all();
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
            self.changed.notify_all();
        }
        crowded
    }

    /// Puts back a run that another process works on.
    pub(crate) fn hold(&self, index: usize) {
        self.lock().held.push_back(index);
        self.changed.notify_all();
    }

    /// Hands out no further run.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture::spec;
    use proptest::prelude::*;

    /// Runs on these data sets that need none.
    fn free<'a>(datasets: &[&'a Part]) -> Vec<Queued<'a>> {
        datasets.iter().map(|dataset| Queued { dataset, needs: &[] }).collect()
    }

    #[test]
    fn a_worker_keeps_to_its_data_set_and_held_runs_come_last() {
        let [a, b] = ["a", "b"].map(|name| spec(name, 0).cell.dataset);
        let queue = Queue::new(free(&[&a, &a, &b, &b]), (0..4).collect(), vec![1]);
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
        let queue = Queue::new(free(&[&a]), VecDeque::from([0]), vec![1]);
        queue.stop();
        assert_eq!(queue.next(None), Next::End);
    }

    #[test]
    fn a_crowded_device_loses_lanes_but_never_its_last_nor_a_run() {
        let a = spec("a", 0).cell.dataset;
        let queue = Queue::new(free(&[&a; 3]), (0..3).collect(), vec![2, 1]);
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
        let queue = Queue::new(free(&[&a]), VecDeque::from([0]), vec![2]);
        assert_eq!([queue.next(None), queue.next(None)], [Next::Try(0), Next::End]);
        assert!(!queue.is_alone(0), "the worker of the second lane still holds memory");
        assert!(queue.make_room(0, 0));
        assert!(!queue.leave(0), "nobody else is there to take the run");
        assert_eq!(queue.next(None), Next::Try(0));
        assert!(queue.leave(0));
    }

    #[test]
    fn a_run_waits_for_those_that_it_needs_and_no_lane_for_it() {
        let [a, b] = ["a", "b"].map(|name| spec(name, 0).cell.dataset);
        let needs: [&[usize]; 3] = [&[1, 2], &[], &[]];
        let runs = needs.into_iter().zip([&a, &a, &b]);
        let runs = runs.map(|(needs, dataset)| Queued { dataset, needs }).collect();
        let queue = Queue::new(runs, (0..3).collect(), vec![2]);
        assert_eq!(queue.next(Some(&a)), Next::Try(1));
        assert_eq!(queue.next(Some(&a)), Next::Try(2), "another data set rather than none");
        queue.hold(1);
        queue.settle(2);
        assert_eq!(queue.next(Some(&a)), Next::Retry(1));
        assert_eq!(queue.next(Some(&a)), Next::Wait);
        assert!(!queue.leave(0));
        queue.settle(1);
        assert_eq!(queue.next(Some(&b)), Next::Try(0));
        assert_eq!(queue.next(Some(&b)), Next::End);
    }

    proptest! {
        /// Lanes that take, finish, put back and hold runs at random come to the end of any plan.
        #[test]
        fn every_run_is_handed_out_after_what_it_needs(
            needs in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..3), 1..12),
            moves in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let set = spec("a", 0).cell.dataset;
            // Of those after it in the plan, which is the worst order.
            let n = needs.len();
            let needs: Vec<Vec<usize>> = needs.into_iter().enumerate().map(|(i, needs)| {
                let later = n - i - 1;
                needs.iter().filter(|_| 0 < later).map(|need| i + 1 + need.index(later)).collect()
            }).collect();
            let runs = needs.iter().map(|needs| Queued { dataset: &set, needs }).collect();
            let queue = Queue::new(runs, (0..n).collect(), vec![3]);
            let mut moves = moves.into_iter();
            let (mut taken, mut settled) = (Vec::new(), Vec::new());
            loop {
                let action = moves.next().unwrap_or(0);
                if taken.len() == 3 || action % 2 == 1 && !taken.is_empty() {
                    let run = taken.remove(action as usize % taken.len());
                    match action % 3 {
                        2 => queue.hold(run),
                        _ => {
                            queue.settle(run);
                            settled.push(run);
                        }
                    }
                    continue;
                }
                // The queue would wait for another lane, of which there is none here.
                let is_stuck = !queue.can_begin_any();
                if is_stuck && !taken.is_empty() {
                    let run = taken.remove(0);
                    queue.settle(run);
                    settled.push(run);
                    continue;
                }
                match queue.next(None) {
                    Next::Try(run) | Next::Retry(run) => {
                        prop_assert!(needs[run].iter().all(|need| settled.contains(need)));
                        taken.push(run);
                    }
                    Next::Wait => prop_assert!(false, "nobody can go on"),
                    Next::End => break,
                }
            }
            settled.sort_unstable();
            prop_assert_eq!(settled, (0..n).collect::<Vec<_>>());
        }
    }

    impl Queue<'_> {
        fn can_begin_any(&self) -> bool {
            let inner = self.lock();
            self.first(&inner, None).is_some() || !inner.held.is_empty()
        }
    }
}
