//! How a worker process is started and ended.

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, BufReader, Write};
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
    pub input: Box<dyn Write + Send>,
    /// Events and log lines, in order.
    pub output: Box<dyn BufRead + Send>,
    pub process: Box<dyn Process>,
}

/// The process behind a worker.
pub trait Process: Send {
    /// Waits for the end, and forces it after `grace`.
    fn end(&mut self, grace: Duration) -> Exit;
}

impl Worker {
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

/// Workers that are processes of a program.
#[derive(Clone, Debug)]
pub struct Program {
    pub path: PathBuf,
    pub args: Vec<OsString>,
    /// Set for the workers in addition to the parent's environment.
    pub env: BTreeMap<String, String>,
}

impl Launch for Program {
    fn launch(&self, slot: &Slot, threads: NonZeroUsize) -> Result<Worker> {
        let failed = |e: std::io::Error| Error::io("start a worker from", &self.path, &e);
        let (output, sink) = std::io::pipe().map_err(failed)?;
        let mut command = Command::new(&self.path);
        command
            .args(&self.args)
            .env("RAYON_NUM_THREADS", threads.to_string())
            .envs(&slot.env)
            .envs(&self.env)
            .stdin(Stdio::piped())
            .stdout(sink.try_clone().map_err(failed)?)
            .stderr(sink);
        let mut child = command.spawn().map_err(failed)?;
        let input = child.stdin.take().ok_or_else(|| {
            Error::unexpected(format!("a worker from {} has no stdin", self.path.display()))
        })?;
        Ok(Worker {
            input: Box::new(input),
            output: Box::new(BufReader::new(output)),
            process: Box::new(child),
        })
    }
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
