//! The right to work on a run: held by a lock that the kernel releases when the holder dies.

use crate::atomic;
use crate::error::{Error, Kind, Result};
use crate::hash::Digest;
use crate::plain;
use crate::record::RunRecord;
use crate::store::attempt::{Attempt, MARK};
use crate::store::failure::Failure;
use crate::store::{FAILED, LOCKS, ROOT, Store, WORK, record_file, writable};
use crate::suite::run::RunId;
use std::fs::{File, TryLockError};
use std::path::Path;

/// What became of a run that was to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// It is in the store now.
    Here,
    /// Another copy of it, with the same root, was there already.
    Before,
}

/// A run that this process may work on. Dropping the claim gives it up.
#[derive(Debug)]
pub struct Claim {
    store: Store,
    id: RunId,
    attempt: Attempt,
    /// Locked; closing it unlocks. The file itself stays, because removing it would let two
    /// processes hold locks on two files of one name.
    _lock: File,
}

impl Claim {
    pub(super) fn take(store: &Store, id: &RunId) -> Result<Option<Self>> {
        let locks = store.dir.join(LOCKS);
        plain::make_folder(&locks).map_err(writable)?;
        let path = locks.join(&id.0);
        let lock = plain::append(&path).map_err(writable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(e)) => {
                return Err(Error::io("lock", &path, &e)
                    .with_hint("put the run store on a file system that supports locks"));
            }
        }
        let work = store.dir.join(WORK);
        plain::make_folder(&work).map_err(writable)?;
        let attempt = Attempt::begin(&work.join(&id.0))?;
        Ok(Some(Self { store: store.clone(), id: id.clone(), attempt, _lock: lock }))
    }

    /// Where the run's files are written: in a folder of this claim alone, also where two hold one
    /// run because locks were lost. It is kept when an attempt fails or is killed, and the next one
    /// begins with a copy, so that it can go on from a checkpoint. Files whose names begin with a dot
    /// are scratch: they do not survive [`Claim::commit`].
    pub fn workdir(&self) -> &Path {
        &self.attempt.path
    }

    /// Moves the finished run into the store with its record and root, by one rename, and removes
    /// what other attempts have left.
    ///
    /// # Errors
    /// When the record is not of this run, or the store cannot be written; of kind
    /// [`Kind::Mismatch`] when the run is in the store with another root. Both are kept then.
    pub fn commit(self, record: &RunRecord) -> Result<Published> {
        let target = self.store.folder(&self.id);
        record_file::check(record, &self.id)
            .map_err(|why| Error::unexpected(format!("cannot commit run {}: {why}", self.id)))?;
        let root = record.root()?;
        record_file::write(self.workdir(), record).map_err(writable)?;
        atomic::write(&self.workdir().join(ROOT), format!("{root}\n").as_bytes())
            .map_err(writable)?;
        self.settle_files()?;
        if plain::is_folder(&target)? {
            return self.give_way(root);
        }
        // Before the run is finished: a process killed in between leaves a run to take up again,
        // where the other order would leave the note of a failure beside a finished run.
        if plain::is_folder(&self.store.dir.join(FAILED))? {
            remove_file(&self.store.failure_path(&self.id))?;
        }
        self.attempt.remove_others();
        match std::fs::rename(self.workdir(), &target) {
            Ok(()) => {
                // Not before: another copy would have taken the folder for abandoned.
                remove_file(&target.join(MARK))?;
                atomic::sync_folder(&self.store.dir).map(|()| Published::Here)
            }
            // Another copy was faster by a moment.
            Err(_) if plain::is_folder(&target)? => self.give_way(root),
            Err(e) => Err(writable(Error::io("create", &target, &e))),
        }
    }

    /// Leaves the place to the run that is in the store, where it has the root of this one.
    fn give_way(self, root: Digest) -> Result<Published> {
        let there = self.store.root(&self.id)?;
        if there == root {
            self.withdraw();
            return Ok(Published::Before);
        }
        let target = self.store.folder(&self.id);
        let (target, own) = (target.display(), self.workdir().display());
        let message = format!(
            "run {} is in the store with another root: {there} in {target}, {root} in {own}",
            self.id
        );
        Err(Error::new(Kind::Mismatch, message).with_hint(format!(
            "two machines or builds do not agree, and both copies are kept: find out which is \
             right, leave that in {target}, and remove {own}"
        )))
    }

    /// Gives up a run that another process has finished, with all that attempts have left.
    pub fn withdraw(self) {
        self.attempt.remove_others();
        self.attempt.remove();
    }

    /// Notes why the attempt failed.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn fail(self, failure: &Failure) -> Result<()> {
        plain::make_folder(&self.store.dir.join(FAILED)).map_err(writable)?;
        let mut text = crate::hash::canonical_json(failure)?;
        text.push('\n');
        // By way of the working folder, which is tidied up after a process that is killed here.
        let draft = self.workdir().join(format!("{}-failure", atomic::TEMPORARY));
        atomic::write(&draft, text.as_bytes()).map_err(writable)?;
        let path = self.store.failure_path(&self.id);
        std::fs::rename(&draft, &path).map_err(|e| writable(Error::io("write", &path, &e)))?;
        atomic::sync_folder(&self.store.dir.join(FAILED))
    }

    /// Removes scratch files from the working folder and makes the others durable.
    fn settle_files(&self) -> Result<()> {
        let io = |e: std::io::Error| Error::io("list", self.workdir(), &e);
        for entry in std::fs::read_dir(self.workdir()).map_err(io)? {
            let entry = entry.map_err(io)?;
            let path = entry.path();
            if entry.file_name() == MARK {
                continue;
            }
            let is_dir = entry.file_type().map_err(io)?.is_dir();
            if !entry.file_name().to_string_lossy().starts_with('.') {
                if !is_dir {
                    atomic::sync_file(&path)?;
                }
            } else if is_dir {
                std::fs::remove_dir_all(&path).map_err(|e| Error::io("remove", &path, &e))?;
            } else {
                remove_file(&path)?;
            }
        }
        atomic::sync_folder(self.workdir())
    }
}

fn remove_file(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, &e)),
        _ => Ok(()),
    }
}
