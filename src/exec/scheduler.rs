//! Runs a list of specs to their end: each once, in any number of workers and processes.

use crate::data::draw::follows_seed;
use crate::error::{Error, Kind, Result};
use crate::exec::estimate::Estimate;
use crate::exec::lane::{Lane, Note, Shared};
use crate::exec::launch::Launch;
use crate::exec::queue::{Queue, Queued};
use crate::exec::task::{Options, Planned, Step, Task};
use crate::registry::Part;
use crate::store::failure::Failure;
use crate::store::{State, Store};
use crate::suite::run::{RunId, RunSpec};
use crate::task;
use crate::task::metric::Metric;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// How long the observer waits for news at most.
const TICK: Duration = Duration::from_secs(1);

/// How far all runs are, told at every step of one and about every second.
#[derive(Debug)]
pub struct Progress<'a> {
    /// The step, where there was one and not only time that has passed.
    pub news: Option<News<'a>>,
    /// Runs that are finished, failed, or were done before.
    pub settled: usize,
    pub failed: usize,
    /// Runs in progress here.
    pub running: usize,
    pub total: usize,
    pub elapsed: Duration,
    /// The time left, once a first epoch allows an estimate.
    pub left: Option<Duration>,
}

/// A step of a run.
#[derive(Debug)]
pub struct News<'a> {
    /// The worker's number, from 0.
    pub lane: usize,
    pub id: &'a RunId,
    pub label: &'a str,
    /// The metric that the run is judged by.
    pub metric: Metric,
    pub step: &'a Step,
}

/// What became of the runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Runs trained to the end here.
    pub finished: usize,
    /// Runs that were done already, or by another process meanwhile.
    pub skipped: usize,
    /// Runs that failed or diverged here, in the order of the plan.
    pub failed: Vec<(RunId, Failure)>,
    /// Runs not begun, because of an earlier failure and [`Options::fail_fast`].
    pub left_out: usize,
    pub wall: Duration,
}

/// Does every run that is not in the store, and tells `observer` how far they are.
///
/// Runs on one data set are done together, so that a worker loads it once, those that others need
/// first. A run begins once those that it needs are over, and fails where one of them has left
/// nothing to begin from; each of them must be among `tasks` or in the store. A run that another
/// process works on is left to it, and taken over if that process dies. Runs that failed in an
/// earlier call are tried again.
///
/// # Errors
/// When the store cannot be read or written, or no worker can be started; [`Kind::Interrupted`]
/// after [`Options::stop`]. The failure of a run is not an error: see [`Summary::failed`].
pub fn run(
    tasks: Vec<Task>,
    store: &Store,
    options: &Options,
    launch: &dyn Launch,
    observer: &mut dyn FnMut(&Progress<'_>),
) -> Result<Summary> {
    let begun = Instant::now();
    let runs = plan(tasks)?;
    let mut pending = VecDeque::new();
    for (index, run) in runs.iter().enumerate() {
        if store.state(&run.id)? != State::Done {
            pending.push_back(index);
        }
    }
    let costs = pending.iter().map(|index| runs[*index].task.cost);
    let mut ledger = Ledger {
        runs: &runs,
        begun,
        estimate: Estimate::new(costs),
        running: BTreeSet::new(),
        failures: Vec::new(),
        summary: Summary { skipped: runs.len() - pending.len(), ..Summary::default() },
    };
    // Lane by lane over the devices, so that few runs are spread over all of them.
    let n_devices = options.slots.len();
    let n_lanes = (options.jobs.get() * n_devices).min(pending.len());
    let mut lanes_of = vec![0; n_devices];
    (0..n_lanes).for_each(|lane| lanes_of[lane % n_devices] += 1);
    let queued = runs.iter().map(|Planned { needs, dataset, .. }| Queued { dataset, needs });
    let queue = Queue::new(queued.collect(), pending, lanes_of);
    let shared = Shared { runs: &runs, store, options, launch, queue };

    let results: Vec<Result<()>> = std::thread::scope(|scope| {
        let (notes, inbox) = mpsc::channel();
        let lanes: Vec<_> = (0..n_lanes)
            .map(|index| Lane {
                index,
                device: index % n_devices,
                shared: &shared,
                notes: notes.clone(),
                worker: None,
                loaded: None,
            })
            .map(|lane| {
                let thread = std::thread::Builder::new().spawn_scoped(scope, || lane.work());
                thread.inspect_err(|_| shared.queue.stop())
            })
            .collect();
        drop(notes);
        ledger.follow(&inbox, observer);
        let result = |lane: std::io::Result<ScopedJoinHandle<'_, Result<()>>>| {
            lane.map_err(|e| Error::unexpected(format!("cannot start a scheduler thread: {e}")))?
                .join()
                .map_err(|_| Error::unexpected("a scheduler thread panicked"))?
        };
        lanes.into_iter().map(result).collect()
    });
    // Whoever asked to stop is told what went wrong rather than that it was stopped.
    for result in results {
        result.or_else(|error| match error.kind {
            Kind::Interrupted => Ok(()),
            _ => Err(error),
        })?;
    }
    store.tidy();
    match options.stop.load(Ordering::SeqCst) {
        true => Err(ledger.interrupted()),
        false => Ok(ledger.close()),
    }
}

/// Orders tasks by data set and its draw, in the order in which each first appears, and those of one
/// by how many others wait for them, one behind the other.
fn plan(tasks: Vec<Task>) -> Result<Vec<Planned>> {
    let mut waiting = BTreeMap::new();
    for task in &tasks {
        count_waiting(&task.spec, 1, &mut waiting)?;
    }
    let mut seen: Vec<Part> = Vec::new();
    let mut draws = BTreeMap::new();
    let mut runs = Vec::with_capacity(tasks.len());
    for task in tasks {
        let RunSpec { cell, seed } = &task.spec;
        let set = seen.iter().position(|part| *part == cell.dataset).unwrap_or_else(|| {
            seen.push(cell.dataset.clone());
            seen.len() - 1
        });
        let draw = follows_seed(&cell.dataset.params).then_some(*seed);
        let next = draws.len();
        let (group, dataset) =
            draws.entry((set, draw)).or_insert_with(|| (next, task.spec.dataset()));
        let (group, dataset) = (*group, dataset.clone());
        let id = task.spec.id()?;
        let metric = task::Task::of(&task.spec.cell.task)?.primary;
        let first = Reverse(waiting.get(&id).copied().unwrap_or(0));
        runs.push(((group, first), Planned { id, metric, dataset, needs: Vec::new(), task }));
    }
    runs.sort_by_key(|(place, _)| *place);
    let mut runs: Vec<Planned> = runs.into_iter().map(|(_, run)| run).collect();
    let places: BTreeMap<RunId, usize> =
        runs.iter().enumerate().map(|(place, run)| (run.id.clone(), place)).collect();
    for run in &mut runs {
        let needs = run.task.spec.needs();
        let ids = needs.iter().map(RunSpec::id).collect::<Result<Vec<_>>>()?;
        run.needs = ids.iter().filter_map(|id| places.get(id).copied()).collect();
    }
    Ok(runs)
}

/// Notes for every run that `spec` needs the most runs that wait for it, one behind the other, where
/// `depth` of them are known.
fn count_waiting(spec: &RunSpec, depth: usize, waiting: &mut BTreeMap<RunId, usize>) -> Result<()> {
    for need in spec.needs() {
        let most = waiting.entry(need.id()?).or_default();
        *most = depth.max(*most);
        count_waiting(&need, depth + 1, waiting)?;
    }
    Ok(())
}

/// Keeps count of what the lanes tell.
struct Ledger<'a> {
    runs: &'a [Planned],
    begun: Instant,
    estimate: Estimate,
    /// The lanes that have a run in progress.
    running: BTreeSet<usize>,
    /// With the index of the run.
    failures: Vec<(usize, Failure)>,
    summary: Summary,
}

impl Ledger<'_> {
    /// Listens until the last lane has ended.
    fn follow(&mut self, inbox: &Receiver<Note>, observer: &mut dyn FnMut(&Progress<'_>)) {
        loop {
            let note = match inbox.recv_timeout(TICK) {
                Ok(note) => Some(note),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if let Some(Note { lane, run, step }) = &note {
                self.enter(*lane, *run, step);
            }
            let news = note.as_ref().map(|Note { lane, run, step }| News {
                lane: *lane,
                id: &self.runs[*run].id,
                label: &self.runs[*run].task.label,
                metric: self.runs[*run].metric,
                step,
            });
            let elapsed = self.begun.elapsed();
            observer(&Progress {
                news,
                settled: self.settled(),
                failed: self.failures.len(),
                running: self.running.len(),
                total: self.runs.len(),
                elapsed,
                left: self.estimate.left(elapsed),
            });
        }
    }

    fn enter(&mut self, lane: usize, run: usize, step: &Step) {
        let cost = self.runs[run].task.cost;
        match step {
            Step::Started | Step::Epoch { .. } => self.running.insert(lane),
            _ => self.running.remove(&lane),
        };
        match step {
            Step::Started | Step::Held | Step::Crowded => {}
            Step::Epoch { epoch, epochs, .. } => {
                let fraction = *epoch as f64 / (*epochs).max(1) as f64;
                self.estimate.progress(lane, cost, fraction.min(1.0));
            }
            Step::FinishedElsewhere => {
                self.summary.skipped += 1;
                self.estimate.settle(lane, cost, false);
            }
            Step::Finished { .. } => {
                self.summary.finished += 1;
                self.estimate.settle(lane, cost, true);
            }
            Step::Failed(failure) => {
                self.failures.push((run, failure.clone()));
                self.estimate.settle(lane, cost, false);
            }
        }
    }

    fn settled(&self) -> usize {
        self.summary.finished + self.summary.skipped + self.failures.len()
    }

    /// What the store holds of the runs when they are stopped in the middle.
    fn interrupted(&self) -> Error {
        let Summary { finished, skipped, .. } = self.summary;
        let failed = match self.failures.len() {
            0 => String::new(),
            n => format!(", {n} failed"),
        };
        let message = format!(
            "interrupted: {} of {} runs are done{failed}, {} in progress",
            finished + skipped,
            self.runs.len(),
            self.running.len()
        );
        Error::new(Kind::Interrupted, message).with_hint(
            "what is done is kept, what is in progress up to its last epoch: the same command \
             goes on from there",
        )
    }

    fn close(mut self) -> Summary {
        let left_out = self.runs.len() - self.settled();
        self.failures.sort_by_key(|(run, _)| *run);
        let failed =
            self.failures.into_iter().map(|(run, failure)| (self.runs[run].id.clone(), failure));
        Summary { failed: failed.collect(), left_out, wall: self.begun.elapsed(), ..self.summary }
    }
}

#[cfg(test)]
mod tests;
