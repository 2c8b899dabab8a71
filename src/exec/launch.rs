//! How a worker process is started and ended.

use crate::error::{Error, Result};
use crate::exec::lines::Lines;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A device that workers are started for.
#[derive(Clone, Debug)]
pub struct Slot {
    /// What the workers call it, such as `cpu` or `cuda:0`.
    pub device: String,
    /// What their environment must hold before they start.
    pub env: BTreeMap<String, String>,
}

/// Starts workers.
pub trait Launch: Sync {
    /// Starts a worker on a device that may use `threads` threads.
    ///
    /// # Errors
    /// When it cannot be started.
    fn launch(&self, slot: &Slot, threads: NonZeroUsize) -> Result<Worker>;
}

/// A worker in service.
pub struct Worker {
    /// Takes jobs; dropping it asks the worker to end.
    pub(crate) input: Box<dyn Write + Send>,
    /// Events and log lines, in order.
    pub(crate) output: Lines,
    process: Box<dyn Process>,
}

/// The process behind a worker.
pub trait Process: Send {
    /// Waits for the end, and forces it after `grace`.
    fn end(&mut self, grace: Duration) -> Exit;
}

impl Worker {
    /// A worker that takes jobs from `input`, one a line, and writes events and its log to `output`.
    ///
    /// # Errors
    /// When no thread can be started to listen to it.
    pub fn new(
        input: impl Write + Send + 'static,
        output: impl Read + Send + 'static,
        process: impl Process + 'static,
    ) -> Result<Self> {
        let output = Lines::read(output)?;
        Ok(Self { input: Box::new(input), output, process: Box::new(process) })
    }

    /// Asks the worker to end, waits, and forces it after `grace`.
    pub(crate) fn retire(self, grace: Duration) -> Exit {
        let Self { input, output, mut process } = self;
        // Without its pipes, a worker that still writes is ended by that.
        drop((input, output));
        process.end(grace)
    }
}

/// How a process ended. Both are absent when the system does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    pub status: Option<i32>,
    pub signal: Option<i32>,
}

impl From<ExitStatus> for Exit {
    fn from(exit: ExitStatus) -> Self {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&exit);
        #[cfg(not(unix))]
        let signal = None;
        Self { status: exit.code(), signal }
    }
}

impl Exit {
    /// Whether the process was asked to end, as a terminal or a batch system asks all processes
    /// of a job; by a wrapper's exit status where there is one around it.
    pub(crate) fn is_asked_for(self) -> bool {
        const ASKING: [i32; 2] = [2, 15];
        let by = self.signal.or(self.status.map(|status| status - 128));
        by.is_some_and(|signal| ASKING.contains(&signal))
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.signal, self.status) {
            (Some(9), _) => write!(
                f,
                "the worker was killed by signal 9 (SIGKILL)\n  hint: the system does this when \
                 memory runs out; run fewer jobs at once"
            ),
            (Some(signal), _) => write!(f, "the worker was ended by signal {signal}"),
            (None, Some(status)) => write!(f, "the worker ended with exit status {status}"),
            (None, None) => write!(f, "the worker ended"),
        }
    }
}

/// Starts a command as a worker.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn start(mut command: Command, slot: &Slot, threads: NonZeroUsize) -> Result<Worker> {
    let path = PathBuf::from(command.get_program());
    let failed = |e: std::io::Error| Error::io("start a worker from", &path, &e);
    let (output, sink) = std::io::pipe().map_err(failed)?;
    command
        .env("RAYON_NUM_THREADS", threads.to_string())
        .envs(&slot.env)
        .stdin(Stdio::piped())
        .stdout(sink.try_clone().map_err(failed)?)
        .stderr(sink);
    let mut child = command.spawn().map_err(failed)?;
    // The command holds the writing end.
    drop(command);
    let input = child.stdin.take().ok_or_else(|| {
        Error::unexpected(format!("a worker from {} has no stdin", path.display()))
    })?;
    Worker::new(input, output, child)
}

impl Process for Child {
    fn end(&mut self, grace: Duration) -> Exit {
        let begun = Instant::now();
        while begun.elapsed() < grace {
            match self.try_wait() {
                Ok(Some(exit)) => return exit.into(),
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Err(_) => break,
            }
        }
        // Killing fails only where the process has ended already.
        let _ = self.kill();
        self.wait().map(Exit::from).unwrap_or_default()
    }
}
