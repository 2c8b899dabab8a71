//! The working folders of a run, `.work/<run-id>/<n>`: every attempt writes in one of its own.
//!
//! The lock of a run keeps two processes from it where locks hold. On a cluster that lost contact
//! with a machine they may not, and both would write in one folder. So nobody ever writes in, or
//! takes away, the folder of another: a new attempt copies what the last abandoned one has left.

use crate::atomic;
use crate::error::{Error, Result};
use crate::plain;
use crate::store::{ROOT, record_file, writable};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Locked by the process that works in the folder, also where the lock of the run was lost.
pub(super) const MARK: &str = ".claim";

/// Begins the names of folders that are being made.
const UNFINISHED: &str = ".new-";

/// The folder inside of one that is being made, which would else be readable by its owner alone.
const INNER: &str = "own";

/// The largest number of a working folder, in digits.
const MOST_DIGITS: usize = 9;

/// The working folder of one attempt. It stays when the attempt ends, unless nothing is in it.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The folder of the run's working folders.
    of_run: PathBuf,
    pub(super) path: PathBuf,
    _mark: File,
}

impl Attempt {
    /// Makes a working folder in `of_run`, with what the last abandoned attempt has left there.
    ///
    /// # Errors
    /// When it cannot be written, or something in there is no plain file or folder.
    pub(super) fn begin(of_run: &Path) -> Result<Self> {
        // Who publishes another copy of the run removes the folder when it is empty.
        for _ in 0..10 {
            match make(of_run) {
                Err(error) if of_run.exists() => return Err(error),
                Err(_) => {}
                Ok(made) => return Ok(made),
            }
        }
        make(of_run)
    }

    /// Removes the working folders of all other attempts but those that are still worked in, and
    /// what the killed left unfinished.
    pub(super) fn remove_others(&self) {
        for path in entries(&self.of_run).unwrap_or_default() {
            if path != self.path && !is_lived_in(&path) {
                remove(&path);
            }
        }
    }

    /// Removes this working folder.
    pub(super) fn remove(self) {
        remove(&self.path);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mark = self.path.join(MARK);
        if entries(&self.path).is_ok_and(|left| left == [mark.as_path()]) {
            remove(&self.path);
        }
        // Fails where other attempts have left something.
        let _ = std::fs::remove_dir(&self.of_run);
    }
}

fn make(of_run: &Path) -> Result<Attempt> {
    plain::make_folder(of_run).map_err(writable)?;
    let numbers = numbers(of_run)?;
    let abandoned: Vec<PathBuf> = numbers
        .iter()
        .map(|n| of_run.join(n.to_string()))
        .filter(|path| path.is_dir() && !is_lived_in(path))
        .collect();
    let temporary = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(of_run)
        .map_err(|e| writable(Error::io("create a folder in", of_run, &e)))?;
    let inner = temporary.path().join(INNER);
    plain::make_folder(&inner).map_err(writable)?;
    let path = inner.join(MARK);
    let mark = plain::append(&path).map_err(writable)?;
    // Nobody else knows of it yet.
    mark.try_lock().map_err(|e| match e {
        TryLockError::WouldBlock => Error::unexpected(format!("{} is locked", path.display())),
        TryLockError::Error(e) => Error::io("lock", &path, &e),
    })?;
    if let Some(last) = abandoned.last() {
        copy(last, &inner).map_err(|error| match error.is_full() {
            true => writable(error),
            false => error,
        })?;
    }
    let mut n = numbers.last().map_or(1, |last| last + 1);
    let path = loop {
        let path = of_run.join(n.to_string());
        match std::fs::rename(&inner, &path) {
            Ok(()) => break path,
            // Of another copy of the run, and never empty.
            Err(e)
                if matches!(e.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty) =>
            {
                n += 1;
            }
            Err(e) => return Err(writable(Error::io("create", &path, &e))),
        }
    };
    // The last one stays, should this attempt be killed by what it has taken over.
    abandoned.iter().rev().skip(1).for_each(|path| remove(path));
    Ok(Attempt { of_run: of_run.to_path_buf(), path, _mark: mark })
}

/// The numbers that are taken in the folder of a run, sorted.
fn numbers(of_run: &Path) -> Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for path in entries(of_run)? {
        let io = |e: std::io::Error| Error::io("read", &path, &e);
        match std::fs::symlink_metadata(&path) {
            // Another process was done with it meanwhile.
            Err(e) if e.kind() == ErrorKind::NotFound => continue,
            found => plain::check_kind(&path, found.map_err(io)?.file_type())?,
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let digits = name.len() <= MOST_DIGITS && name.bytes().all(|byte| byte.is_ascii_digit());
        numbers.extend(name.parse::<u32>().ok().filter(|_| digits && !name.starts_with('0')));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |e: std::io::Error| Error::io("list", folder, &e);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        paths.push(entry.map_err(io)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Whether a process works in a folder. Where it cannot be told, one might.
fn is_lived_in(folder: &Path) -> bool {
    let unfinished = folder.join(INNER);
    [folder, &unfinished].iter().any(|folder| {
        let mark = folder.join(MARK);
        let is_plain = std::fs::symlink_metadata(&mark).is_ok_and(|found| found.is_file());
        is_plain && File::options().append(true).open(&mark).is_ok_and(|f| f.try_lock().is_err())
    })
}

/// Copies what an attempt has left, but for what says that it was finished and what a killed
/// process did not come to rename.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for path in entries(from)? {
        let name = path.file_name().unwrap_or_default();
        let left_out = [MARK, ROOT, record_file::NAME].iter().any(|out| name == *out)
            || name.to_string_lossy().starts_with(atomic::TEMPORARY);
        if left_out {
            continue;
        }
        let io = |e: std::io::Error| Error::io("read", &path, &e);
        let found = std::fs::symlink_metadata(&path).map_err(io)?.file_type();
        plain::check_kind(&path, found)?;
        if found.is_dir() {
            plain::make_folder(&to.join(name))?;
            copy(&path, &to.join(name))?;
        } else {
            plain::CHECKPOINT.copy(&path, &to.join(name))?;
        }
    }
    Ok(())
}

/// Removes a file, or a folder with all that is in it. No link is followed. What cannot be removed
/// does no harm but take room, and is tried again by the next attempt.
fn remove(path: &Path) {
    let is_folder = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    let _ = if is_folder { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
}

/// Removes the folders of runs in which no attempt has left anything: who was killed between
/// publishing a run and removing its folder leaves one.
pub(super) fn remove_empty(work: &Path) {
    if matches!(plain::is_folder(work), Ok(true)) {
        for path in entries(work).unwrap_or_default() {
            let _ = std::fs::remove_dir(path);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        entries(folder).unwrap().iter().map(name).collect()
    }

    #[test]
    fn an_attempt_copies_what_the_last_abandoned_one_left() {
        let dir = tempfile::tempdir().unwrap();
        let of_run = dir.path().join("run");
        let first = Attempt::begin(&of_run).unwrap();
        std::fs::write(first.path.join(".resume"), "one").unwrap();
        std::fs::write(first.path.join("record.json"), "{}").unwrap();
        std::fs::write(first.path.join(".tmpx"), "half").unwrap();
        std::fs::create_dir(first.path.join("states")).unwrap();
        std::fs::write(first.path.join("states/1"), "state").unwrap();
        let path = first.path.clone();
        // While it is worked in it is left alone.
        let beside = Attempt::begin(&of_run).unwrap();
        assert_eq!(
            (names(&beside.path), names(&of_run)),
            (vec![MARK.into()], vec!["1".into(), "2".into()])
        );
        drop(beside);
        drop(first);
        assert_eq!(names(&of_run), ["1"], "what holds nothing is removed");

        let second = Attempt::begin(&of_run).unwrap();
        assert_eq!(names(&second.path), [MARK, ".resume", "states"]);
        assert_eq!(std::fs::read(second.path.join("states/1")).unwrap(), b"state");
        std::fs::write(second.path.join(".resume"), "two").unwrap();
        assert_eq!(std::fs::read(path.join(".resume")).unwrap(), b"one");
        drop(second);
        let third = Attempt::begin(&of_run).unwrap();
        assert_eq!(std::fs::read(third.path.join(".resume")).unwrap(), b"two");
        assert_eq!(names(&of_run), ["2", "3"], "abandoned folders do not pile up");
        third.remove_others();
        assert_eq!(names(&of_run), ["3"]);
        third.remove();
        assert!(!of_run.exists());
    }

    #[test]
    fn a_link_or_a_pipe_is_refused_and_nothing_behind_it_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let [of_run, precious] = ["run", "precious"].map(|name| dir.path().join(name));
        std::fs::create_dir(&precious).unwrap();
        std::fs::write(precious.join(".git"), "x").unwrap();
        std::os::unix::fs::symlink(&precious, &of_run).unwrap();
        let refused = |what: &str| {
            let error = Attempt::begin(&of_run).unwrap_err();
            assert_eq!(error.kind, crate::error::Kind::Input);
            assert!(error.message.contains(what), "{error}");
        };
        refused("run is a link, not a folder");
        std::fs::remove_file(&of_run).unwrap();
        std::fs::create_dir_all(of_run.join("1")).unwrap();
        std::os::unix::fs::symlink(&precious, of_run.join("2")).unwrap();
        refused("run/2 is a link, neither a plain file nor a folder");
        std::fs::remove_file(of_run.join("2")).unwrap();
        let pipe = of_run.join("1/.resume");
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
        refused("run/1/.resume is a pipe");
        assert_eq!(names(&of_run), ["1"]);
        assert_eq!(names(&precious), [".git"]);
    }
}
