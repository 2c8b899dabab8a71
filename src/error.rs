//! The one error type, and the exit codes it maps to.
//!
//! A message names the file, the place in it and what is wrong; a hint says what would be right.

use std::fmt;
use std::path::Path;

/// Who has to act on a failure. Each kind is an exit code of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something we did not foresee: exit code 1.
    Unexpected,
    /// Bad usage or bad input: exit code 2.
    Input,
    /// Runs failed, diverged, are blocked or missing: exit code 3.
    Runs,
    /// A hash differs from the one recorded, or a text from the one computed: exit code 4.
    Mismatch,
    /// A metric regressed against the accepted baseline: exit code 5.
    Regression,
    /// Stopped on request before the end: exit code 130, as shells say of Ctrl-C.
    Interrupted,
}

impl Kind {
    /// Every kind, in the order of the exit codes.
    pub const ALL: [Kind; 6] = [
        Kind::Unexpected,
        Kind::Input,
        Kind::Runs,
        Kind::Mismatch,
        Kind::Regression,
        Kind::Interrupted,
    ];

    /// What the exit code says, in a few words for help texts and pages.
    pub fn meaning(self) -> &'static str {
        match self {
            Kind::Unexpected => "an unexpected failure",
            Kind::Input => "bad usage or bad input",
            Kind::Runs => "runs failed, diverged, are blocked or missing",
            Kind::Mismatch => "a hash, or a page that is written by the program, differs",
            Kind::Regression => "a metric regressed",
            Kind::Interrupted => "stopped by Ctrl-C or SIGTERM, what is done is kept",
        }
    }

    /// The process exit code of this kind.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Unexpected => 1,
            Kind::Input => 2,
            Kind::Runs => 3,
            Kind::Mismatch => 4,
            Kind::Regression => 5,
            Kind::Interrupted => 130,
        }
    }
}

/// A failure with its kind, a message in lowercase without a final full stop, and optional hint.
#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
    pub hint: Option<String>,
    /// See [`Error::is_full`].
    pub(crate) full: bool,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, full: false }
    }

    /// Bad usage or bad input: the user can mend it.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    /// A failure that is not the user's.
    pub fn unexpected(message: impl Into<String>) -> Self {
        Self::new(Kind::Unexpected, message)
    }

    /// What the user can do about it.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether it is for want of room on a disk: what needs none may go on.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// A failed file operation: what was being done, to which path, and why it failed.
    /// A full disk or a missing permission is the user's to mend, hence exit code 2 and a hint.
    pub fn io(doing: &str, path: &Path, source: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match source.kind() {
            Io::NotFound
            | Io::PermissionDenied
            | Io::StorageFull
            | Io::ReadOnlyFilesystem
            | Io::NotADirectory
            | Io::IsADirectory
            | Io::FileTooLarge
            | Io::QuotaExceeded => Kind::Input,
            _ => Kind::Unexpected,
        };
        let hint = match source.kind() {
            Io::StorageFull | Io::QuotaExceeded => {
                Some("make room there and run the command again; what is finished is kept")
            }
            Io::FileTooLarge => Some("raise the limit on the size of files, see `ulimit -f`"),
            Io::ReadOnlyFilesystem => Some("make the place writable, or give another folder"),
            _ => None,
        };
        let message = format!("cannot {doing} {}: {source}", path.display());
        let full = matches!(source.kind(), Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge);
        Self { kind, message, hint: hint.map(str::to_string), full }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
