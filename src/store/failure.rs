//! Why a run has no record.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The kinds of failure, by who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The run could not begin: its data, device or prerequisites are missing.
    Blocked,
    /// The loss stopped being a finite number.
    Diverged,
    /// The training reported an error or panicked.
    Failed,
    /// The device or the machine had too little memory left.
    OutOfMemory,
    /// Another copy of the run is in the store, and has another root.
    Conflict,
    /// The worker process ended, or stopped speaking the protocol, in the middle of the run.
    Crashed,
}

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    pub kind: FailureKind,
    /// In lowercase, without a final full stop; a hint may follow on a line of its own.
    pub message: String,
    /// The exit status of a worker that ended by itself.
    pub status: Option<i32>,
    /// The signal that ended the worker, on Unix.
    pub signal: Option<i32>,
    /// The last lines that the attempt wrote to its log.
    pub log: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            FailureKind::Blocked => "blocked",
            FailureKind::Diverged => "diverged",
            FailureKind::Failed => "failed",
            FailureKind::OutOfMemory => "out of memory",
            FailureKind::Conflict => "conflict",
            FailureKind::Crashed => "crashed",
        };
        write!(f, "{kind}: {}", self.message)
    }
}
