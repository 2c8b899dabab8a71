//! One worker and the runs it is given, one at a time.

use crate::error::{Error, Result};
use crate::exec::launch::{Exit, Launch, Worker};
use crate::exec::log::Log;
use crate::exec::queue::{Next, Queue};
use crate::exec::scheduler::{Options, Planned, Step};
use crate::exec::wire::{self, Event, Job};
use crate::record::RunRecord;
use crate::record::probe::Probe;
use crate::registry::Part;
use crate::store::failure::{Failure, FailureKind};
use crate::store::{State, Store, record_file};
use std::path::Path;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// How long a worker may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// How often a run that another process holds is looked at.
const POLL: Duration = Duration::from_millis(100);

/// What all lanes share.
pub(crate) struct Shared<'a> {
    pub(crate) runs: &'a [Planned],
    pub(crate) store: &'a Store,
    pub(crate) options: &'a Options,
    pub(crate) launch: &'a dyn Launch,
    pub(crate) queue: Queue<'a>,
}

/// A step of a run, by the indices of the lane and the run.
pub(crate) struct Note {
    pub(crate) lane: usize,
    pub(crate) run: usize,
    pub(crate) step: Step,
}

pub(crate) struct Lane<'a> {
    pub(crate) index: usize,
    /// The index of its device.
    pub(crate) device: usize,
    pub(crate) shared: &'a Shared<'a>,
    pub(crate) notes: Sender<Note>,
    /// A worker that has finished its last run well.
    pub(crate) worker: Option<Worker>,
    /// The data set that the worker has in memory.
    pub(crate) loaded: Option<&'a Part>,
}

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Settled,
    /// Another process holds the run.
    Held,
    /// The device had too little memory for this run beside those of other lanes.
    Crowded,
}

/// How a worker's report on one run ended.
enum Heard {
    Finished,
    Failed {
        kind: FailureKind,
        message: String,
    },
    Malformed(String),
    /// The worker is gone, before or after it had taken the job.
    End {
        started: bool,
    },
}

impl Lane<'_> {
    /// Works until the queue is empty.
    ///
    /// # Errors
    /// Those that no further run can do without: the store, or starting a worker. The queue is
    /// then stopped.
    pub(crate) fn work(mut self) -> Result<()> {
        let result = self.drain();
        if result.is_err() {
            self.shared.queue.stop();
        }
        self.retire();
        result
    }

    fn retire(&mut self) {
        self.loaded = None;
        if let Some(worker) = self.worker.take() {
            worker.retire(GRACE);
        }
    }

    fn drain(&mut self) -> Result<()> {
        loop {
            let next = self.shared.queue.next(self.loaded);
            let (Next::Try(run) | Next::Retry(run)) = next else {
                // First the worker: until it has ended, the others on the device are crowded.
                self.retire();
                if self.shared.queue.leave(self.device) {
                    return Ok(());
                }
                continue;
            };
            let mut outcome = self.attempt(run)?;
            while outcome == Attempt::Crowded {
                if self.shared.queue.make_room(self.device, run) {
                    return Ok(());
                }
                outcome = self.attempt(run)?;
            }
            if outcome == Attempt::Held {
                self.shared.queue.hold(run);
                match next {
                    Next::Retry(_) => std::thread::sleep(POLL),
                    _ => self.note(run, Step::Held),
                }
            }
        }
    }

    fn attempt(&mut self, run: usize) -> Result<Attempt> {
        let Planned { id, .. } = &self.shared.runs[run];
        let Some(claim) = self.shared.store.claim(id)? else {
            return Ok(Attempt::Held);
        };
        // Another process may have finished it between the plan and the claim.
        if self.shared.store.state(id)? == State::Done {
            self.note(run, Step::FinishedElsewhere);
            return Ok(Attempt::Settled);
        }
        let alone = self.shared.queue.is_alone(self.device);
        self.note(run, Step::Started);
        let begun = Instant::now();
        let step = match self.train(run, claim.workdir())? {
            Ok(record) => {
                claim.commit(&record)?;
                settled(&record, begun.elapsed())
            }
            Err(failure) if failure.kind == FailureKind::OutOfMemory && !alone => {
                self.note(run, Step::Crowded);
                return Ok(Attempt::Crowded);
            }
            Err(failure) => {
                claim.fail(&failure)?;
                Step::Failed(failure)
            }
        };
        if self.shared.options.fail_fast && matches!(step, Step::Failed(_)) {
            self.shared.queue.stop();
        }
        self.note(run, step);
        Ok(Attempt::Settled)
    }

    /// Has the run trained by a worker.
    fn train(
        &mut self,
        run: usize,
        workdir: &Path,
    ) -> Result<std::result::Result<RunRecord, Failure>> {
        let Planned { id, task, .. } = &self.shared.runs[run];
        let line = self.job_line(run, workdir)?;
        let mut log = Log::open(workdir)?;
        loop {
            let (mut worker, reused) = match self.worker.take() {
                Some(worker) => (worker, true),
                None => (self.launch()?, false),
            };
            self.loaded = None;
            // A worker that is gone is found out by listening.
            let _ = worker.input.write_all(line.as_bytes()).and_then(|()| worker.input.flush());
            let heard = match self.listen(&mut worker, run, &mut log) {
                Ok(heard) => heard,
                Err(error) => {
                    worker.retire(Duration::ZERO);
                    return Err(error);
                }
            };
            let (kind, message, exit) = match heard {
                Heard::Finished => match record_file::read(workdir, id) {
                    Ok(record) => {
                        self.worker = Some(worker);
                        self.loaded = Some(&task.spec.dataset);
                        return Ok(Ok(record));
                    }
                    Err(error) => {
                        worker.retire(GRACE);
                        (FailureKind::Failed, error.to_string(), Exit::default())
                    }
                },
                Heard::Failed { kind, message } => {
                    worker.retire(GRACE);
                    (kind, message, Exit::default())
                }
                Heard::Malformed(message) => {
                    worker.retire(Duration::ZERO);
                    (FailureKind::Crashed, message, Exit::default())
                }
                Heard::End { started } => {
                    let exit = worker.retire(GRACE);
                    if reused && !started {
                        // It ended between two runs, which is no fault of this one.
                        continue;
                    }
                    (FailureKind::Crashed, exit.to_string(), exit)
                }
            };
            let Exit { status, signal } = exit;
            return Ok(Err(Failure { kind, message, status, signal, log: log.into_tail() }));
        }
    }

    /// Passes on what a worker says until the run is over.
    fn listen(&self, worker: &mut Worker, run: usize, log: &mut Log) -> Result<Heard> {
        let mut started = false;
        let mut line = Vec::new();
        loop {
            line.clear();
            // A pipe that cannot be read any more is one that has ended.
            if !matches!(worker.output.read_until(b'\n', &mut line), Ok(n) if 0 < n) {
                return Ok(Heard::End { started });
            }
            let (text, event) = wire::decode(&line);
            log.append(text)?;
            match event {
                None => {}
                Some(Ok(Event::Started)) => started = true,
                Some(Ok(Event::Epoch { epoch, epochs, validation })) => {
                    self.note(run, Step::Epoch { epoch, epochs, validation });
                }
                Some(Ok(Event::Finished)) => return Ok(Heard::Finished),
                Some(Ok(Event::Failed { kind, message })) => {
                    return Ok(Heard::Failed { kind, message });
                }
                Some(Err(message)) => return Ok(Heard::Malformed(message)),
            }
        }
    }

    fn launch(&self) -> Result<Worker> {
        let options = self.shared.options;
        self.shared.launch.launch(&options.slots[self.device], options.threads)
    }

    fn job_line(&self, run: usize, workdir: &Path) -> Result<String> {
        let Planned { id, task, .. } = &self.shared.runs[run];
        let options = self.shared.options;
        let job = Job {
            id: id.clone(),
            spec: task.spec.clone(),
            workdir: workdir.to_path_buf(),
            data_dir: options.data_dir.clone(),
            device: options.slots[self.device].device.clone(),
            threads: options.threads.get(),
            probe: Probe { trace_every: task.trace_every, ..options.probe.clone() },
        };
        let line = serde_json::to_string(&job)
            .map_err(|e| Error::input(format!("cannot hand run {id} to a worker: {e}")))?;
        Ok(line + "\n")
    }

    fn note(&self, run: usize, step: Step) {
        // The scheduler listens until all lanes have ended.
        let _ = self.notes.send(Note { lane: self.index, run, step });
    }
}

/// What a committed record means. A divergence is a result, with a record, but no success.
fn settled(record: &RunRecord, took: Duration) -> Step {
    match record.outcome.failure() {
        None => {
            let score = record.selected().and_then(|epoch| record.primary.of(&epoch.test));
            Step::Finished { accuracy: score, took }
        }
        Some(message) => Step::Failed(Failure {
            kind: FailureKind::Diverged,
            message,
            status: None,
            signal: None,
            log: Vec::new(),
        }),
    }
}
