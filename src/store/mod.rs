//! The run store: one folder per finished run, and nothing else to keep in step with it.
//!
//! ```text
//! runs/
//!   store.json          the version of this layout
//!   <run-id>/           a finished run; it appears by one rename, complete
//!     record.json  root  steps.csv  final.safetensors  selected.safetensors
//!     logits.safetensors  log.txt
//!   .failed/<run-id>.json   why the last attempt failed; a later success removes it
//!   .work/<run-id>/<n>/     an attempt in progress, or what a killed one left behind
//!   .locks/<run-id>         locked by the process that works on the run
//! ```
//!
//! The state of a run is read from these files alone, so any number of processes may share a
//! store and any of them may be killed at any moment. Nothing in a store is a link, or anything else
//! than a plain file or folder: what is, somebody else has put there, and it is refused.

mod attempt;
pub mod claim;
pub mod failure;
#[cfg(test)]
pub(crate) mod fixture;
mod needed;
pub(crate) mod record_file;

use crate::atomic;
use crate::error::{Error, Kind, Result};
use crate::hash::Digest;
use crate::plain;
use crate::record::RunRecord;
use crate::store::claim::Claim;
use crate::store::failure::Failure;
use crate::suite::run::RunId;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const HEADER: &str = "store.json";
const ROOT: &str = "root";
const FAILED: &str = ".failed";
const WORK: &str = ".work";
const LOCKS: &str = ".locks";

/// The log of a run in its folder: what its worker wrote to stdout and stderr.
pub const LOG: &str = "log.txt";

/// The digits of a run id.
const ID_LENGTH: usize = 16;

/// A folder of runs.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

/// What the files say about a run.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Its record is in the store. The record may be of a divergence: see `RunRecord::outcome`.
    Done,
    /// The last attempt left no record; the run is tried again when it is next asked for.
    Failed(Failure),
    /// Never attempted to the end.
    Pending,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
}

impl Store {
    /// The version of the layout. Version 1: the first.
    pub const FORMAT: u32 = 1;

    /// Opens the store in `dir`, and creates it where there is none. A store that is complete can
    /// be opened and read on a read-only medium.
    ///
    /// # Errors
    /// When the folder cannot be read or created, holds something else, or was written by a newer
    /// version.
    pub fn open(dir: &Path) -> Result<Self> {
        let header = dir.join(HEADER);
        match plain::RECORD.read_if_there(&header)? {
            Some(bytes) => check_header(&header, &bytes)?,
            None => create(dir, &header)?,
        }
        Ok(Self { dir: dir.to_path_buf() })
    }

    /// As [`Store::open`], but never creates a store.
    ///
    /// # Errors
    /// As [`Store::open`], and when there is no store.
    pub fn open_existing(dir: &Path) -> Result<Self> {
        if std::fs::symlink_metadata(dir.join(HEADER)).is_ok() {
            return Self::open(dir);
        }
        Err(Error::input(format!("{} is not a run store: it holds no {HEADER}", dir.display()))
            .with_hint("give the folder of the run store by --store"))
    }

    /// The folder of a finished run.
    pub fn folder(&self, id: &RunId) -> PathBuf {
        self.dir.join(&id.0)
    }

    /// What the files say about a run.
    ///
    /// # Errors
    /// When the note of a failure cannot be read, or something that is no folder is in the place
    /// of one.
    pub fn state(&self, id: &RunId) -> Result<State> {
        if plain::is_folder(&self.folder(id))? {
            return Ok(State::Done);
        }
        if !plain::is_folder(&self.dir.join(FAILED))? {
            return Ok(State::Pending);
        }
        let path = self.failure_path(id);
        let Some(bytes) = plain::RECORD.read_if_there(&path)? else { return Ok(State::Pending) };
        serde_json::from_slice(&bytes).map(State::Failed).map_err(|e| {
            Error::input(format!("{} is not the note of a failed run: {e}", path.display()))
                .with_hint("delete the file; the run is then tried again")
        })
    }

    /// The record of a finished run.
    ///
    /// # Errors
    /// When the run is not finished, or its record is damaged, of another run or of another
    /// format; of kind [`Kind::Mismatch`] when it was changed.
    pub fn record(&self, id: &RunId) -> Result<RunRecord> {
        Ok(self.read(id)?.0)
    }

    /// The root of a finished run's record.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub fn root(&self, id: &RunId) -> Result<Digest> {
        Ok(self.read(id)?.1)
    }

    /// The record of a finished run and its root, which must be the one in the file beside it.
    fn read(&self, id: &RunId) -> Result<(RunRecord, Digest)> {
        finished(&self.folder(id), id)
    }

    /// The ids of all finished runs, sorted.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn ids(&self) -> Result<Vec<RunId>> {
        let io = |e: std::io::Error| Error::io("list", &self.dir, &e);
        let mut ids = Vec::new();
        for entry in std::fs::read_dir(&self.dir).map_err(io)? {
            let entry = entry.map_err(io)?;
            if let Some(name) = entry.file_name().to_str()
                && is_id(name)
                && entry.file_type().map_err(io)?.is_dir()
            {
                ids.push(RunId(name.to_string()));
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// The finished run whose id begins with `prefix`.
    ///
    /// # Errors
    /// When no run or more than one begins so.
    pub fn resolve(&self, prefix: &str) -> Result<RunId> {
        if prefix.is_empty() || ID_LENGTH < prefix.len() || !prefix.bytes().all(is_id_digit) {
            return Err(Error::input(format!("`{prefix}` is not the beginning of a run id"))
                .with_hint(format!("a run id has {ID_LENGTH} hexadecimal digits in lower case")));
        }
        let mut matching = self.ids()?;
        matching.retain(|id| id.0.starts_with(prefix));
        match matching.as_slice() {
            [id] => Ok(id.clone()),
            [] => Err(Error::input(format!(
                "no finished run in {} begins with `{prefix}`",
                self.dir.display()
            ))),
            [first, second, ..] => Err(Error::input(format!(
                "`{prefix}` begins the ids of {} runs, such as {first} and {second}",
                matching.len()
            ))
            .with_hint("give more digits")),
        }
    }

    /// Claims a run for this process until the claim is dropped, or the process dies. `None` when
    /// another process, or another claim of this one, holds it.
    ///
    /// # Errors
    /// When the store cannot be written, or its file system has no locks.
    pub fn claim(&self, id: &RunId) -> Result<Option<Claim>> {
        Claim::take(self, id)
    }

    /// Removes what is empty of the folders for attempts.
    pub fn tidy(&self) {
        attempt::remove_empty(&self.dir.join(WORK));
    }

    fn failure_path(&self, id: &RunId) -> PathBuf {
        self.dir.join(FAILED).join(format!("{id}.json"))
    }
}

/// The record of the finished run `id` in its folder, and its root, which must be the one in the
/// file beside it.
///
/// # Errors
/// As [`Store::record`].
pub fn finished(folder: &Path, id: &RunId) -> Result<(RunRecord, Digest)> {
    let read = || {
        plain::is_folder(folder)?;
        let record = record_file::read(folder, id)?;
        let path = folder.join(ROOT);
        let stated = plain::RECORD.read(&path)?;
        let root = record.root()?;
        if stated.trim_ascii_end() == root.to_string().as_bytes() {
            return Ok((record, root));
        }
        let message = format!("{} is not the root of the record beside it, {root}", path.display());
        Err(Error::new(Kind::Mismatch, message))
    };
    read().map_err(|error| explain(error, folder, id))
}

/// Adds to an error about a run's folder what can be done about it.
fn explain(error: Error, folder: &Path, id: &RunId) -> Error {
    if folder.is_dir() {
        let newer = error.hint.as_ref().map_or(String::new(), |hint| format!("{hint}, or "));
        let folder = folder.display();
        return error.with_hint(format!("{newer}delete {folder}; the run is then trained again"));
    }
    let store = folder.parent().unwrap_or(folder);
    Error::input(format!("run {id} is not finished in {}", store.display()))
}

fn check_header(path: &Path, bytes: &[u8]) -> Result<()> {
    let header: Header = serde_json::from_slice(bytes).map_err(|e| {
        Error::input(format!("{} is not the header of a run store: {e}", path.display()))
            .with_hint("give the folder of a run store, or one that does not exist yet")
    })?;
    if header.format == Store::FORMAT {
        return Ok(());
    }
    Err(Error::input(format!(
        "{}: the run store has format {}, this program reads format {}",
        path.display(),
        header.format,
        Store::FORMAT
    ))
    .with_hint("use the version that wrote it, or another folder for the runs"))
}

/// Creates an empty store. Two processes may do so at once: both write the same header.
fn create(dir: &Path, header: &Path) -> Result<()> {
    std::fs::create_dir_all(dir).map_err(|e| writable(Error::io("create", dir, &e)))?;
    let entries = std::fs::read_dir(dir).map_err(|e| Error::io("list", dir, &e))?;
    // Names with a dot may be of another process that creates the store just now.
    let foreign = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && name != HEADER)
        .min();
    if let Some(name) = foreign {
        return Err(Error::input(format!(
            "{} is not a run store: it holds `{name}` but no {HEADER}",
            dir.display()
        ))
        .with_hint("give the folder of a run store, or one that is empty or does not exist yet"));
    }
    let text = format!("{{\"format\":{}}}\n", Store::FORMAT);
    atomic::write(header, text.as_bytes()).map_err(writable)
}

/// Adds to a failed write what a store needs.
fn writable(error: Error) -> Error {
    if error.hint.as_deref() == Some(plain::HINT) {
        return error;
    }
    error.with_hint("training needs a run store on a disk that can be written and has room")
}

fn is_id(name: &str) -> bool {
    name.len() == ID_LENGTH && name.bytes().all(is_id_digit)
}

fn is_id_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests;
