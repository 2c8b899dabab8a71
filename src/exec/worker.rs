//! The loop of a worker process: take a job, train it, tell how it went.

use crate::error::{Error, Result};
use crate::exec::message::{self, Event, Job};
use crate::record::RunRecord;
use crate::store::failure::FailureKind;
use crate::store::record_file;
use std::io::{BufRead, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

/// Why a job has no record.
#[derive(Debug)]
pub enum Unfinished {
    /// The run could not begin: its data, its device or another prerequisite is missing.
    Blocked(Error),
    /// Anything else.
    Failed(Error),
}

impl From<Error> for Unfinished {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The record of a job.
pub type Trained = std::result::Result<RunRecord, Unfinished>;

/// Serves jobs from `input` until it is closed, which ends the loop, or until a run fails, which
/// is an error, because a worker that has failed is not trusted with a further run.
///
/// `run` trains a job, tells each finished epoch by [`Event::Epoch`] and returns the record; it
/// may keep a loaded data set between jobs. `orphaned` is called, on another thread, when the
/// input is closed in the middle of a run: the parent is gone, and the process should exit.
/// `output` must not hold a lock on stdout, which a printing library would wait for.
///
/// # Errors
/// The failure of a run, after the parent was told; a malformed job; a parent that reads no more.
pub fn serve(
    input: impl Read + Send + 'static,
    mut output: impl Write,
    orphaned: impl FnOnce() + Send + 'static,
    mut run: impl FnMut(&Job, &mut dyn FnMut(Event)) -> Trained,
) -> Result<()> {
    let jobs = Inbox::open(input, orphaned)?;
    while let Some(line) = jobs.next()? {
        let outcome = attempt(&line, &mut output, &mut run);
        let event = match &outcome {
            Ok(()) => Event::Finished,
            Err((kind, error)) => Event::Failed { kind: *kind, message: error.to_string() },
        };
        let told = tell(&mut output, event);
        jobs.settle();
        outcome.map_err(|(_, error)| error)?;
        told?;
    }
    Ok(())
}

/// One job, from its line to its record in the working folder.
fn attempt(
    line: &str,
    output: &mut impl Write,
    run: &mut impl FnMut(&Job, &mut dyn FnMut(Event)) -> Trained,
) -> std::result::Result<(), (FailureKind, Error)> {
    let job: Job = serde_json::from_str(line)
        .map_err(|e| failed(Error::unexpected(format!("malformed job: {e}"))))?;
    let id = job.spec.id().map_err(failed)?;
    if id != job.id {
        let message = format!("the job of run {} describes run {id}", job.id);
        return Err(failed(Error::unexpected(message)));
    }
    let (n, needed) = (job.needs.len(), job.spec.cell.needs.len());
    if n != needed {
        let message = format!("the job of run {id} names {n} of the {needed} runs that it needs");
        return Err(failed(Error::unexpected(message)));
    }
    tell(output, Event::Started).map_err(failed)?;
    // A parent that stopped listening is noticed by the inbox; the epoch itself is not at fault.
    let mut report = |event| {
        let _ = tell(output, event);
    };
    // After a panic nothing of `run` is used again: the worker ends.
    let record = catch_unwind(AssertUnwindSafe(|| run(&job, &mut report)))
        .map_err(|payload| panicked(payload.as_ref()))?
        .map_err(failure)?;
    record_file::write(&job.workdir, &record).map_err(failed)
}

fn tell(output: &mut impl Write, event: Event) -> Result<()> {
    let bytes = message::encode(event)?;
    output
        .write_all(&bytes)
        .and_then(|()| output.flush())
        .map_err(|e| Error::unexpected(format!("cannot reach the parent process: {e}")))
}

/// What the libraries that train say when an allocation fails: libtorch and its libraries on a
/// GPU, libtorch on the CPU.
const NO_MEMORY: &[&str] = &[
    "out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    "can't allocate memory",
];

fn failed(error: Error) -> (FailureKind, Error) {
    (FailureKind::Failed, error)
}

/// What a failed training means, by what it says.
fn failure(why: Unfinished) -> (FailureKind, Error) {
    let (kind, error) = match why {
        Unfinished::Blocked(error) => (FailureKind::Blocked, error),
        Unfinished::Failed(error) => (FailureKind::Failed, error),
    };
    let says_so = |line: &&str| NO_MEMORY.iter().any(|said| line.contains(said));
    // The first such line: what stands before it is where, what stands after it a trace.
    if let Some(message) = error.message.lines().find(says_so) {
        let error = Error::unexpected(message).with_hint(
            "run fewer jobs at once by --jobs, or lower the protocol's batch_size in the suite",
        );
        return (FailureKind::OutOfMemory, error);
    }
    (kind, error)
}

fn panicked(payload: &(dyn std::any::Any + Send)) -> (FailureKind, Error) {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    match failure(Error::unexpected(text).into()) {
        (FailureKind::OutOfMemory, error) => (FailureKind::OutOfMemory, error),
        _ => failed(Error::unexpected(format!("the training panicked: {text}"))),
    }
}

/// The lines that came in, read ahead by a thread so that the end of input is noticed during a
/// run.
struct Inbox {
    lines: mpsc::Receiver<std::io::Result<String>>,
    /// The number of lines received and not settled.
    open: Arc<Mutex<usize>>,
}

impl Inbox {
    fn open(
        input: impl Read + Send + 'static,
        orphaned: impl FnOnce() + Send + 'static,
    ) -> Result<Self> {
        let (sender, lines) = mpsc::channel();
        let open = Arc::new(Mutex::new(0));
        let counter = Arc::clone(&open);
        let read = move || {
            for line in BufReader::new(input).lines() {
                *counter.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                let broken = line.is_err();
                if sender.send(line).is_err() || broken {
                    return;
                }
            }
            if 0 < *counter.lock().unwrap_or_else(PoisonError::into_inner) {
                orphaned();
            }
        };
        std::thread::Builder::new()
            .spawn(read)
            .map_err(|e| Error::unexpected(format!("cannot start a thread: {e}")))?;
        Ok(Self { lines, open })
    }

    /// The next line; `None` at the end of input.
    fn next(&self) -> Result<Option<String>> {
        let line = self.lines.recv().ok().transpose();
        line.map_err(|e| Error::unexpected(format!("cannot read the next job: {e}")))
    }

    fn settle(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::record::probe::Probe;
    use crate::store::fixture::{record, spec};
    use std::path::Path;

    fn job(workdir: &Path, seed: u64) -> Job {
        let spec = spec("toy", seed);
        Job {
            id: spec.id().unwrap(),
            spec,
            workdir: workdir.to_path_buf(),
            needs: Vec::new(),
            data_dir: "data".into(),
            device: "cpu".into(),
            threads: 1,
            probe: Probe::default(),
        }
    }

    /// What a worker says to `lines`.
    fn answers(
        lines: &str,
        run: impl FnMut(&Job, &mut dyn FnMut(Event)) -> Trained,
    ) -> (Vec<Event>, Result<()>) {
        let (input, mut parent) = std::io::pipe().unwrap();
        parent.write_all(lines.as_bytes()).unwrap();
        let mut output = Vec::new();
        let mut run = run;
        let mut parent = Some(parent);
        let remaining = std::cell::Cell::new(lines.lines().count());
        let result = serve(
            input,
            &mut output,
            || {},
            |job, report| {
                remaining.set(remaining.get() - 1);
                if remaining.get() == 0 {
                    parent.take();
                }
                run(job, report)
            },
        );
        let events = output
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| message::decode(line).1.unwrap().unwrap())
            .collect();
        (events, result)
    }

    fn line(job: &Job) -> String {
        serde_json::to_string(job).unwrap() + "\n"
    }

    #[test]
    fn jobs_are_served_in_order_until_the_input_ends() {
        let dir = tempfile::tempdir().unwrap();
        let jobs = [job(dir.path(), 0), job(dir.path(), 1)];
        let epoch = Event::Epoch { epoch: 1, epochs: 2, validation: 0.5 };
        let (events, result) = answers(&(line(&jobs[0]) + &line(&jobs[1])), |job, report| {
            report(epoch.clone());
            Ok(record(&job.spec))
        });
        result.unwrap();
        let one = [Event::Started, epoch.clone(), Event::Finished];
        assert_eq!(events, [one.clone(), one].concat());
        assert_eq!(record_file::read(dir.path(), &jobs[1].id).unwrap(), record(&jobs[1].spec));
    }

    #[test]
    fn a_failure_is_told_and_ends_the_worker() {
        let dir = tempfile::tempdir().unwrap();
        let two = line(&job(dir.path(), 0)) + &line(&job(dir.path(), 1));
        type Run = fn() -> Trained;
        let cases: [(Run, FailureKind, &str); 8] = [
            (|| Err(Error::new(Kind::Runs, "no").into()), FailureKind::Failed, "no"),
            (|| Err(Error::input("no room").into()), FailureKind::Failed, "no room"),
            (|| Err(Unfinished::Blocked(Error::input("no data"))), FailureKind::Blocked, "no data"),
            (|| panic!("shape {}", 3), FailureKind::Failed, "the training panicked: shape 3"),
            (
                || panic!("CUDA out of memory. Tried to allocate 2.00 GiB"),
                FailureKind::OutOfMemory,
                "lower the protocol's batch_size",
            ),
            (
                || Err(Error::unexpected("out of memory: 2 allocations failed").into()),
                FailureKind::OutOfMemory,
                "hint: run fewer jobs at once",
            ),
            (
                || panic!("in a kernel:\ncuDNN error: CUDNN_STATUS_ALLOC_FAILED\nat frame 0"),
                FailureKind::OutOfMemory,
                "cuDNN error: CUDNN_STATUS_ALLOC_FAILED\n",
            ),
            (
                || {
                    let mut record = record(&spec("toy", 0));
                    record.epochs[0].test.set("loss", f64::INFINITY);
                    Ok(record)
                },
                FailureKind::Failed,
                "finite",
            ),
        ];
        for (run, expected_kind, expected) in cases {
            let (events, result) = answers(&two, |_, _| run());
            let [Event::Started, Event::Failed { kind, message }] = events.as_slice() else {
                panic!("{events:?}");
            };
            assert_eq!(*kind, expected_kind);
            assert!(message.contains(expected), "{message}");
            assert!(result.is_err());
        }
    }

    #[test]
    fn a_job_that_is_malformed_or_changed_on_the_way_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let good = line(&job(dir.path(), 5));
        for bad in ["{}\n".to_string(), good.replace("\"seed\":5", "\"seed\":6")] {
            let (events, result) = answers(&bad, |_, _| panic!("must not run"));
            assert!(matches!(events.as_slice(), [Event::Failed { .. }]), "{events:?}");
            assert!(result.is_err());
        }
    }

    #[test]
    fn the_end_of_input_in_the_middle_of_a_run_is_noticed_during_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let (input, mut parent) = std::io::pipe().unwrap();
        parent.write_all(line(&job(dir.path(), 0)).as_bytes()).unwrap();
        let mut parent = Some(parent);
        let (orphaned, noticed) = mpsc::channel();
        let orphaned = move || orphaned.send(()).unwrap();
        let result = serve(input, std::io::sink(), orphaned, |job, _| {
            parent.take();
            noticed.recv().unwrap();
            Ok(record(&job.spec))
        });
        result.unwrap();
    }
}
