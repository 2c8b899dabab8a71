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

/// How much of an attempt's log is kept, in bytes: of its beginning, and of its end where it goes on
/// after that. What is between is left out, so that no worker fills the disk.
const BEGINNING: usize = 1024 * 1024;
const END: usize = 64 * 1024;

/// How long the log of earlier attempts may be, for a further one to be appended.
const EARLIER: u64 = 4 * 1024 * 1024;

/// The log of one attempt, appended to that of earlier ones.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    tail: VecDeque<String>,
    /// How much more belongs to the beginning.
    room: usize,
    /// What came after the beginning: its last bytes, and how many there were before those.
    end: VecDeque<u8>,
    left_out: u64,
}

impl Log {
    /// Opens the log in a working folder.
    pub(crate) fn open(workdir: &Path) -> Result<Self> {
        let path = workdir.join(LOG);
        let io = |e: std::io::Error| Error::io("write", &path, &e);
        let mut file = File::options().create(true).append(true).open(&path).map_err(io)?;
        let earlier = file.metadata().map_err(io)?.len();
        if EARLIER < earlier {
            file.set_len(0).map_err(io)?;
            file.write_all(b"--- the long log of earlier attempts is left out\n").map_err(io)?;
        }
        if 0 < earlier {
            file.write_all(b"--- next attempt\n").map_err(io)?;
        }
        let (tail, end) = (VecDeque::new(), VecDeque::new());
        Ok(Self { path, file, tail, room: BEGINNING, end, left_out: 0 })
    }

    /// Appends a line, or part of one.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let (beginning, rest) = bytes.split_at(bytes.len().min(self.room));
        self.write(beginning)?;
        self.room -= beginning.len();
        self.end.extend(rest);
        let beyond = self.end.len().saturating_sub(END);
        self.end.drain(..beyond);
        self.left_out += beyond as u64;
        if self.tail.len() == TAIL_LINES {
            self.tail.pop_front();
        }
        let line = String::from_utf8_lossy(bytes);
        self.tail.push_back(line.trim_end().chars().take(TAIL_CHARS).collect());
        Ok(())
    }

    /// Writes what is not in the file yet. Gives the last lines of this attempt.
    pub(crate) fn close(mut self) -> Result<Vec<String>> {
        if 0 < self.left_out {
            self.write(format!("\n--- {} bytes are left out here\n", self.left_out).as_bytes())?;
        }
        let end: Vec<u8> = std::mem::take(&mut self.end).into();
        self.write(&end)?;
        Ok(self.tail.into())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|e| Error::io("write", &self.path, &e))
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
        let tail = log.close().unwrap();
        assert_eq!(tail.len(), TAIL_LINES);
        assert!(tail[0].starts_with("line 10 ") && tail[0].chars().count() == TAIL_CHARS);
    }

    #[test]
    fn of_a_long_log_the_beginning_and_the_end_are_kept_and_what_is_missing_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(LOG);
        let length = || std::fs::metadata(&path).unwrap().len();
        let mut log = Log::open(dir.path()).unwrap();
        log.append(b"first\n").unwrap();
        for _ in 0..3 * BEGINNING / 1000 {
            log.append(&[b'x'; 1000]).unwrap();
        }
        log.append(b"\nlast\n").unwrap();
        assert_eq!(length(), BEGINNING as u64);
        log.close().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let left_out = 6 + 3 * BEGINNING / 1000 * 1000 + 6 - BEGINNING - END;
        assert!(text.starts_with("first\nxx") && text.ends_with("xx\nlast\n"));
        assert!(text.contains(&format!("xx\n--- {left_out} bytes are left out here\nxx")));

        for _ in 0..20 {
            let mut log = Log::open(dir.path()).unwrap();
            log.append(&vec![b'x'; 2 * BEGINNING]).unwrap();
            log.close().unwrap();
            assert!(length() < EARLIER + 2 * (BEGINNING + END) as u64);
        }
    }
}
