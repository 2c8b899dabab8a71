//! What a worker writes, in lines, read ahead so that nobody who waits for it waits for nothing else.

use crate::error::{Error, Result};
use crate::exec::message::RECORD_SEPARATOR;
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// The longest line, in bytes. A longer one comes in pieces: what writes no line feed must not
/// fill the memory. An event is much shorter.
const LONGEST: usize = 64 * 1024;

/// How many lines are read ahead.
const AHEAD: usize = 16;

/// The lines of a stream. Dropping it makes the stream unread: it is closed by the next line.
pub(crate) struct Lines(Receiver<Vec<u8>>);

/// What has come of waiting for a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A line with its line feed, or a piece of one.
    Line(Vec<u8>),
    /// There was none for the time given.
    Quiet,
    End,
}

impl Lines {
    /// Reads a stream on a thread of its own.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn read(stream: impl Read + Send + 'static) -> Result<Self> {
        let (sender, receiver) = sync_channel(AHEAD);
        std::thread::Builder::new()
            .name("lines".into())
            .spawn(move || pass_on(BufReader::new(stream), &sender))
            .map_err(|e| Error::unexpected(format!("cannot start a thread: {e}")))?;
        Ok(Self(receiver))
    }

    /// Waits for the next line, at most for `patience`.
    pub(crate) fn next(&self, patience: Duration) -> Next {
        match self.0.recv_timeout(patience) {
            Ok(line) => Next::Line(line),
            Err(RecvTimeoutError::Timeout) => Next::Quiet,
            Err(RecvTimeoutError::Disconnected) => Next::End,
        }
    }
}

/// Sends the lines of a stream until it ends or nobody takes them any more. A stream that cannot
/// be read is one that has ended.
fn pass_on(mut stream: impl BufRead, sender: &SyncSender<Vec<u8>>) {
    let mut line = Vec::new();
    loop {
        let room = (LONGEST - line.len()) as u64;
        let read = (&mut stream).take(room).read_until(b'\n', &mut line);
        let is_end = !matches!(read, Ok(n) if 0 < n);
        if line.is_empty() {
            return;
        }
        let mut rest = Vec::new();
        if !is_end && !line.ends_with(b"\n") {
            if line.len() < LONGEST {
                continue;
            }
            // An event goes whole: text without a line feed may stand before it.
            let at = line.iter().rposition(|byte| *byte == RECORD_SEPARATOR);
            rest = line.split_off(at.filter(|at| 0 < *at).unwrap_or(line.len()));
        }
        if sender.send(std::mem::replace(&mut line, rest)).is_err() || is_end {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn lines_of(text: &[u8]) -> Vec<Vec<u8>> {
        let lines = Lines::read(std::io::Cursor::new(text.to_vec())).unwrap();
        let mut found = Vec::new();
        while let Next::Line(line) = lines.next(PATIENCE) {
            found.push(line);
        }
        assert_eq!(lines.next(PATIENCE), Next::End);
        found
    }

    #[test]
    fn lines_come_with_their_line_feeds_and_the_last_may_have_none() {
        assert_eq!(lines_of(b"a\n\nb"), [b"a\n".to_vec(), b"\n".to_vec(), b"b".to_vec()]);
        assert!(lines_of(b"").is_empty());
    }

    #[test]
    fn a_long_line_comes_in_pieces_and_an_event_after_it_whole() {
        for before in [LONGEST - 3, LONGEST, LONGEST + 3] {
            let text = [vec![b'x'; before], b"\x1e{\"event\":\"started\"}\n".to_vec()].concat();
            let lines = lines_of(&text);
            assert_eq!(lines.concat(), text);
            assert!(lines.iter().all(|line| line.len() <= LONGEST));
            assert!(lines.last().unwrap().ends_with(b"\x1e{\"event\":\"started\"}\n"));
        }
    }

    #[test]
    fn a_stream_without_line_feeds_takes_no_more_memory_than_what_is_read_ahead() {
        let lines = Lines::read(std::io::repeat(b'x')).unwrap();
        for _ in 0..1000 {
            assert_eq!(lines.next(PATIENCE), Next::Line(vec![b'x'; LONGEST]));
        }
    }

    #[test]
    fn a_stream_that_says_nothing_is_quiet_and_what_was_written_comes_at_once() {
        let (stream, mut writer) = std::io::pipe().unwrap();
        let lines = Lines::read(stream).unwrap();
        assert_eq!(lines.next(Duration::from_millis(1)), Next::Quiet);
        writer.write_all(b"a\n").unwrap();
        assert_eq!(lines.next(PATIENCE), Next::Line(b"a\n".to_vec()));
        drop(writer);
        assert_eq!(lines.next(PATIENCE), Next::End);
    }
}
