//! The log of a run: what its worker wrote, in a file, and the last lines at hand.

use crate::error::{Error, Result};
use crate::store::LOG;
use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How much of a log a failure quotes: lines, and characters of each.
const TAIL_LINES: usize = 40;
const TAIL_CHARS: usize = 300;

/// The log of one attempt, appended to that of earlier ones.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    tail: VecDeque<String>,
}

impl Log {
    /// Opens the log in a working folder.
    pub(crate) fn open(workdir: &Path) -> Result<Self> {
        let path = workdir.join(LOG);
        let io = |e: std::io::Error| Error::io("write", &path, &e);
        let mut file = File::options().create(true).append(true).open(&path).map_err(io)?;
        if 0 < file.metadata().map_err(io)?.len() {
            file.write_all(b"--- next attempt\n").map_err(io)?;
        }
        Ok(Self { path, file, tail: VecDeque::new() })
    }

    /// Appends a line, or part of one.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.file.write_all(bytes).map_err(|e| Error::io("write", &self.path, &e))?;
        if self.tail.len() == TAIL_LINES {
            self.tail.pop_front();
        }
        let line = String::from_utf8_lossy(bytes);
        self.tail.push_back(line.trim_end().chars().take(TAIL_CHARS).collect());
        Ok(())
    }

    /// The last lines of this attempt.
    pub(crate) fn into_tail(self) -> Vec<String> {
        self.tail.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_all_attempts_and_the_tail_the_end_of_this_one() {
        let dir = tempfile::tempdir().unwrap();
        Log::open(dir.path()).unwrap().append(b"first\n").unwrap();
        let mut log = Log::open(dir.path()).unwrap();
        for i in 0..50 {
            log.append(format!("line {i} …{}\n", "x".repeat(400)).as_bytes()).unwrap();
        }
        let text = std::fs::read(dir.path().join(LOG)).unwrap();
        assert!(text.starts_with(b"first\n--- next attempt\nline 0"));
        let tail = log.into_tail();
        assert_eq!(tail.len(), TAIL_LINES);
        assert!(tail[0].starts_with("line 10 ") && tail[0].chars().count() == TAIL_CHARS);
    }
}
