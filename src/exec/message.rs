//! What the parent and its workers say to each other.
//!
//! The parent writes one [`Job`] a line to the worker's stdin. The worker's stdout and stderr are
//! one stream: every [`Event`] in it is a record of a JSON text sequence (RFC 7464), a record
//! separator, JSON and a line feed; all else is the log of the run in progress. One stream keeps
//! events and log lines in order, and a library that prints to stdout does no harm.

use crate::error::{Error, Result};
use crate::record::probe::Probe;
use crate::store::failure::FailureKind;
use crate::suite::run::{RunId, RunSpec};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Begins an event (RFC 7464, section 2.2).
pub(crate) const RECORD_SEPARATOR: u8 = 0x1e;

/// The longest message of a failure, in bytes. It keeps an event below the size up to which a
/// write to a pipe is never torn by another (`PIPE_BUF`, 4096 bytes on Linux). Records are larger
/// and therefore go by way of a file.
const MAX_MESSAGE: usize = 2000;

/// One run for a worker, with all that is not part of its description.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    pub id: RunId,
    pub spec: RunSpec,
    /// Where the run writes its files: see [`crate::store::claim::Claim::workdir`].
    pub workdir: PathBuf,
    /// The folders of the finished runs that it needs, in the order of its description.
    pub needs: Vec<PathBuf>,
    /// Where prepared data sets are.
    pub data_dir: PathBuf,
    /// The device's name, such as `cpu` or `cuda:0`.
    pub device: String,
    /// The number of threads that the run may use; no result depends on it.
    pub threads: usize,
    pub probe: Probe,
}

/// What a worker tells about the run in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// The worker has taken the job.
    Started,
    /// `epoch` epochs out of `epochs` are finished. `validation` is the primary metric there.
    Epoch { epoch: usize, epochs: usize, validation: f64 },
    /// The record is in the working folder.
    Finished,
    /// There is no record; the worker takes no further job.
    Failed { kind: FailureKind, message: String },
}

/// An event as it goes over the pipe.
///
/// # Errors
/// When the event has no JSON.
pub(crate) fn encode(event: Event) -> Result<Vec<u8>> {
    let event = match event {
        Event::Failed { kind, mut message } => {
            message.truncate(message.floor_char_boundary(MAX_MESSAGE));
            Event::Failed { kind, message }
        }
        event => event,
    };
    let mut bytes = vec![RECORD_SEPARATOR];
    serde_json::to_writer(&mut bytes, &event)
        .map_err(|e| Error::unexpected(format!("cannot encode an event: {e}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A line from a worker: what belongs to the log, and the event that ends it, or what is wrong
/// with that event.
pub(crate) fn decode(line: &[u8]) -> (&[u8], Option<std::result::Result<Event, String>>) {
    let Some(at) = line.iter().position(|byte| *byte == RECORD_SEPARATOR) else {
        return (line, None);
    };
    let text = &line[at + 1..];
    let event = serde_json::from_slice(text).map_err(|e| {
        let text = String::from_utf8_lossy(text);
        let shown: String = text.trim_end().chars().take(80).collect();
        format!("the worker sent `{shown}`, which is not an event: {e}")
    });
    (&line[..at], Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_before_an_event_is_log() {
        let mut line = b"no line feed".to_vec();
        line.extend(encode(Event::Started).unwrap());
        assert_eq!(decode(&line), (b"no line feed".as_slice(), Some(Ok(Event::Started))));
        assert_eq!(
            decode(b"{\"event\":\"started\"}\n"),
            (b"{\"event\":\"started\"}\n".as_slice(), None)
        );
    }

    #[test]
    fn a_malformed_event_is_shown() {
        let (_, event) = decode(b"\x1e{\"event\":\"strated\"}\n");
        let message = event.unwrap().unwrap_err();
        assert!(message.contains("`{\"event\":\"strated\"}`, which is not an event"), "{message}");
    }

    proptest! {
        #[test]
        fn events_survive_the_pipe_on_one_short_line(text in "[a-zåß✓\n\u{1e}\"]{0,1500}", accuracy in 0.0..=1.0f64) {
            let event = Event::Failed { kind: FailureKind::Failed, message: text.clone() };
            let line = encode(event).unwrap();
            prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            let (log, event) = decode(&line);
            prop_assert!(log.is_empty());
            let Some(Ok(Event::Failed { message, .. })) = event else { panic!("not a failure") };
            prop_assert!(text.starts_with(&message) && message.len() <= MAX_MESSAGE);
            let epoch = Event::Epoch { epoch: 1, epochs: 2, validation: accuracy };
            prop_assert_eq!(decode(&encode(epoch.clone()).unwrap()).1, Some(Ok(epoch)));
        }

        #[test]
        fn no_line_is_a_panic(line in prop::collection::vec(any::<u8>(), 0..64)) {
            decode(&line);
        }
    }
}
