//! One worker and the runs it is given, one at a time.

use crate::error::{Error, Kind, Result};
use crate::exec::launch::{Exit, Launch, Worker};
use crate::exec::lines;
use crate::exec::log::Log;
use crate::exec::message::{self, Event, Job};
use crate::exec::needed::obstacle;
use crate::exec::queue::{Next, Queue};
use crate::exec::task::{Options, Planned, Step};
use crate::record::RunRecord;
use crate::record::probe::Probe;
use crate::registry::Part;
use crate::store::claim::Published;
use crate::store::failure::{Failure, FailureKind};
use crate::store::{State, Store, record_file};
use crate::suite::run::RunSpec;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// How long a worker may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// How often a run that another process holds is looked at, and whether to stop.
const POLL: Duration = Duration::from_millis(100);

/// How long a worker may take to end where all stop.
const HASTE: Duration = Duration::from_secs(2);

/// How long after a worker was asked to end this process may be asked, by the same hand.
const TOGETHER: Duration = Duration::from_secs(1);

/// What all lanes share.
pub(crate) struct Shared<'a> {
    pub(crate) runs: &'a [Planned],
    pub(crate) store: &'a Store,
    pub(crate) options: &'a Options,
    pub(crate) launch: &'a dyn Launch,
    pub(crate) queue: Queue<'a>,
}

impl Shared<'_> {
    /// An error once the scheduler is asked to stop.
    fn go_on(&self) -> Result<()> {
        match self.options.stop.load(Ordering::SeqCst) {
            false => Ok(()),
            true => Err(Error::new(Kind::Interrupted, "interrupted")),
        }
    }
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
    /// Those that no further run can do without: the store, or starting a worker; and
    /// [`Kind::Interrupted`]. The queue is then stopped.
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
            worker.retire(self.grace());
        }
    }

    fn grace(&self) -> Duration {
        if self.shared.go_on().is_ok() { GRACE } else { HASTE }
    }

    fn drain(&mut self) -> Result<()> {
        loop {
            self.shared.go_on()?;
            let next = self.shared.queue.next(self.loaded);
            if next == Next::Wait {
                continue;
            }
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
            if outcome == Attempt::Settled {
                self.shared.queue.settle(run);
                continue;
            }
            self.shared.queue.hold(run);
            match next {
                Next::Retry(_) => std::thread::sleep(POLL),
                _ => self.note(run, Step::Held),
            }
        }
    }

    fn attempt(&mut self, run: usize) -> Result<Attempt> {
        let shared = self.shared;
        let Planned { id, task, .. } = &shared.runs[run];
        let is_done = || Ok::<_, Error>(shared.store.state(id)? == State::Done);
        let alone = self.shared.queue.is_alone(self.device);
        let begun = Instant::now();
        let step = match self.shared.store.claim(id) {
            Ok(None) => return Ok(Attempt::Held),
            Err(error) => Step::Failed(unkept(error)?),
            // Another process may have finished it between the plan and the claim.
            Ok(Some(claim)) if is_done()? => {
                claim.withdraw();
                Step::FinishedElsewhere
            }
            Ok(Some(claim)) => {
                self.note(run, Step::Started);
                let trained = match obstacle(&task.spec, &shared.options.probe, shared.store)? {
                    Some(failure) => Ok(Err(failure)),
                    None => self.train(run, claim.workdir()),
                };
                match trained.or_else(|error| unkept(error).map(Err))? {
                    Ok(record) => match claim.commit(&record) {
                        Ok(Published::Here) => settled(&record, begun.elapsed()),
                        Ok(Published::Before) => Step::FinishedElsewhere,
                        Err(error) => Step::Failed(unkept(error)?),
                    },
                    // A copy of the run that came first may have removed what this one needed.
                    Err(_) if is_done()? => {
                        claim.withdraw();
                        Step::FinishedElsewhere
                    }
                    Err(failure) if failure.kind == FailureKind::OutOfMemory && !alone => {
                        self.note(run, Step::Crowded);
                        return Ok(Attempt::Crowded);
                    }
                    Err(failure) => Step::Failed(match claim.fail(&failure) {
                        Ok(()) => failure,
                        Err(error) => unnoted(failure, &error),
                    }),
                }
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
        let Planned { id, dataset, .. } = &self.shared.runs[run];
        let line = self.job_line(run, workdir)?;
        let mut log = Log::open(workdir)?;
        loop {
            self.shared.go_on()?;
            let (mut worker, reused) = match self.worker.take() {
                Some(worker) => (worker, true),
                None => (self.launch()?, false),
            };
            self.loaded = None;
            // A worker that is gone is found out by listening.
            let _ = worker.input.write_all(line.as_bytes()).and_then(|()| worker.input.flush());
            let heard = match self.listen(&worker, run, &mut log) {
                Ok(heard) => heard,
                Err(error) if error.kind == Kind::Interrupted => {
                    worker.retire(HASTE);
                    log.close()?;
                    return Err(error);
                }
                Err(error) => {
                    worker.retire(Duration::ZERO);
                    return Err(error);
                }
            };
            let (kind, message, exit) = match heard {
                Heard::Finished => match record_file::read(workdir, id) {
                    Ok(record) => {
                        self.worker = Some(worker);
                        self.loaded = Some(dataset);
                        log.close()?;
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
                    if exit.is_asked_for() {
                        self.await_stop()?;
                    }
                    if reused && !started {
                        // It ended between two runs, which is no fault of this one.
                        continue;
                    }
                    (FailureKind::Crashed, exit.to_string(), exit)
                }
            };
            let Exit { status, signal } = exit;
            return Ok(Err(Failure { kind, message, status, signal, log: log.close()? }));
        }
    }

    /// Passes on what a worker says until the run is over.
    fn listen(&self, worker: &Worker, run: usize, log: &mut Log) -> Result<Heard> {
        let mut started = false;
        loop {
            self.shared.go_on()?;
            let line = match worker.output.next(POLL) {
                lines::Next::Line(line) => line,
                lines::Next::Quiet => continue,
                lines::Next::End => return Ok(Heard::End { started }),
            };
            let (text, event) = message::decode(&line);
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

    /// Gives the signal that has ended a worker time to reach this process too: it is then no
    /// failure of the run.
    fn await_stop(&self) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < TOGETHER {
            self.shared.go_on()?;
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn launch(&self) -> Result<Worker> {
        let options = self.shared.options;
        self.shared.launch.launch(&options.slots[self.device], options.threads)
    }

    fn job_line(&self, run: usize, workdir: &Path) -> Result<String> {
        let Planned { id, task, .. } = &self.shared.runs[run];
        let options = self.shared.options;
        let folder = |need: &RunSpec| Ok(self.shared.store.folder(&need.id()?));
        let job = Job {
            id: id.clone(),
            spec: task.spec.clone(),
            workdir: workdir.to_path_buf(),
            needs: task.spec.needs().iter().map(folder).collect::<Result<_>>()?,
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

/// The failure of one run that the store cannot keep, where others may go on: a disk without room,
/// which another run may leave, and a copy of the run with another root.
///
/// # Errors
/// Those that no further run can do without.
fn unkept(error: Error) -> Result<Failure> {
    let kind = match error.kind {
        Kind::Mismatch => FailureKind::Conflict,
        _ if error.is_full() => FailureKind::Failed,
        _ => return Err(error),
    };
    Ok(Failure { kind, message: error.to_string(), status: None, signal: None, log: Vec::new() })
}

/// A failure of which the store holds no note, for this reason.
fn unnoted(failure: Failure, error: &Error) -> Failure {
    let message = format!("{}\n  not noted in the store: {}", failure.message, error.message);
    Failure { message, ..failure }
}

/// What a committed record means. A divergence is a result, with a record, but no success.
fn settled(record: &RunRecord, took: Duration) -> Step {
    match record.outcome.failure() {
        None => Step::Finished { value: record.value(), took },
        Some(message) => Step::Failed(Failure {
            kind: FailureKind::Diverged,
            message,
            status: None,
            signal: None,
            log: Vec::new(),
        }),
    }
}
