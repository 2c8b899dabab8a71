//! The right to work on a run: held by a lock that the kernel releases when the holder dies.

use crate::atomic;
use crate::error::{Error, Result};
use crate::record::RunRecord;
use crate::spec::run::RunId;
use crate::store::failure::Failure;
use crate::store::{self, FAILED, LOCKS, ROOT, Store, WORK, record_file};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// A run that this process may work on. Dropping the claim gives it up.
#[derive(Debug)]
pub struct Claim {
    store: Store,
    id: RunId,
    workdir: PathBuf,
    /// Locked; closing it unlocks. The file itself stays, because removing it would let two
    /// processes hold locks on two files of one name.
    _lock: File,
}

impl Claim {
    pub(super) fn take(store: &Store, id: &RunId) -> Result<Option<Self>> {
        let locks = store.dir.join(LOCKS);
        store::create_dir(&locks)?;
        let path = locks.join(&id.0);
        let lock = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|e| store::writable(Error::io("create", &path, &e)))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(e)) => {
                return Err(Error::io("lock", &path, &e)
                    .with_hint("put the run store on a file system that supports locks"));
            }
        }
        let workdir = store.dir.join(WORK).join(&id.0);
        store::create_dir(&workdir)?;
        Ok(Some(Self { store: store.clone(), id: id.clone(), workdir, _lock: lock }))
    }

    /// Where the run's files are written. It is kept when an attempt fails or is killed, so that
    /// the next can go on from a checkpoint. Files whose names begin with a dot are scratch: they
    /// do not survive [`Claim::commit`].
    pub fn workdir(&self) -> &Path {
        &self.workdir
    }

    /// Moves the finished run into the store with its record and root, by one rename.
    ///
    /// # Errors
    /// When the record is not of this run, the store cannot be written, or the run is in it.
    pub fn commit(self, record: &RunRecord) -> Result<()> {
        let target = self.store.folder(&self.id);
        record_file::check(record, &self.id)
            .map_err(|why| Error::unexpected(format!("cannot commit run {}: {why}", self.id)))?;
        if target.exists() {
            return Err(Error::unexpected(format!("{} exists already", target.display())));
        }
        let root = record.root()?;
        record_file::write(&self.workdir, record).map_err(store::writable)?;
        atomic::write(&self.workdir.join(ROOT), format!("{root}\n").as_bytes())
            .map_err(store::writable)?;
        self.settle_files()?;
        // Before the run is finished: a process killed in between leaves a run to take up again,
        // where the other order would leave the note of a failure beside a finished run.
        remove_file(&self.store.failure_path(&self.id))?;
        std::fs::rename(&self.workdir, &target)
            .map_err(|e| store::writable(Error::io("create", &target, &e)))?;
        atomic::sync_folder(&self.store.dir)
    }

    /// Notes why the attempt failed.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn fail(self, failure: &Failure) -> Result<()> {
        store::create_dir(&self.store.dir.join(FAILED))?;
        let mut text = crate::hash::canonical_json(failure)?;
        text.push('\n');
        atomic::write(&self.store.failure_path(&self.id), text.as_bytes()).map_err(store::writable)
    }

    /// Removes scratch files from the working folder and makes the others durable.
    fn settle_files(&self) -> Result<()> {
        let io = |e: std::io::Error| Error::io("list", &self.workdir, &e);
        for entry in std::fs::read_dir(&self.workdir).map_err(io)? {
            let entry = entry.map_err(io)?;
            let path = entry.path();
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
        atomic::sync_folder(&self.workdir)
    }
}

fn remove_file(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, &e)),
        _ => Ok(()),
    }
}
