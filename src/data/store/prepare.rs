//! From nothing to a cache: obtain the files, verify them, convert.
//!
//! `DIR/raw/<package>-<version>/` keeps the verified members of a package, so data sets that share it
//! fetch it once. Files of a folder stay where they are. Every folder of ours is worked on under a
//! lock, so processes may prepare side by side.

use super::cache::{self, State};
use super::source::{RawFiles, Source};
use super::{archive, fetch, from_folder};
use crate::atomic;
use crate::data::{DatasetParts, Origin};
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::plain;
use crate::registry::Entry;
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Makes `entry` ready in `dir`; does nothing when it is.
///
/// Archives come from `from`, a file or a folder of files, where it is given, and from the package
/// clients otherwise; the files of a data set that the user must have from `from` alone. Of such a
/// data set every shard is verified. `progress` is told what is being done.
pub(in crate::data) fn prepare(
    entry: &Entry<DatasetParts>,
    dir: &Path,
    from: Option<&Path>,
    progress: &mut dyn FnMut(&str),
) -> Result<()> {
    let is_whole = || {
        let is_ready = cache::state(entry, dir) == State::Ready;
        is_ready && cache::damaged_columns(entry, dir).is_ok_and(|names| names.is_empty())
    };
    // Looked at before the lock is taken too, so that a read-only cache can be used.
    if matches!(entry.build.origin, Origin::Made { .. }) || is_whole() {
        return Ok(());
    }
    let _lock = lock(&cache::folder(dir, entry), progress)?;
    if is_whole() {
        return Ok(());
    }
    match &entry.build.origin {
        Origin::Made { .. } => Ok(()),
        Origin::Packages { sources, convert, .. } => {
            let raw = members(entry.name, sources, dir, from, progress)?;
            progress(&format!("converting {}", entry.name));
            cache::write(entry, dir, &convert(&raw)?, BTreeMap::new())
        }
        Origin::Folder(parts) => from_folder::make(entry, parts, dir, from, progress),
    }
}

/// The verified members of all `sources` of data set `dataset`.
fn members(
    dataset: &str,
    sources: &[Source],
    dir: &Path,
    from: Option<&Path>,
    progress: &mut dyn FnMut(&str),
) -> Result<RawFiles> {
    let mut raw = RawFiles::default();
    let mut absent = Ok(());
    for source in sources {
        match obtain(source, dataset, dir, from, progress) {
            Ok(members) => {
                for (member, content) in source.members.iter().zip(members) {
                    raw.insert(&source.name_of(member), content);
                }
            }
            // The other sources may still be in `from`: what is there is kept for the next time.
            Err(e) if from.is_some() => absent = absent.and(Err(e)),
            Err(e) => return Err(e),
        }
    }
    absent.map(|()| raw)
}

/// The verified members of `source`, from the raw cache or put there now.
fn obtain(
    source: &Source,
    dataset: &str,
    dir: &Path,
    from: Option<&Path>,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Vec<u8>>> {
    let folder = dir.join("raw").join(source.folder());
    let _lock = lock(&folder, progress)?;
    if let Some(members) = read_members(source, &folder) {
        return Ok(members);
    }
    let members = match from {
        Some(from) => import(source, from, progress),
        None => download(source, &folder, progress),
    };
    let members = members.map_err(|e| e.with_hint(source.import_hint(dataset)))?;
    for (member, content) in source.members.iter().zip(&members) {
        let place = source.place(&folder, member);
        if let Some(parent) = place.parent() {
            std::fs::create_dir_all(parent).map_err(|e| Error::io("create", parent, &e))?;
        }
        atomic::write(&place, content)?;
    }
    Ok(members)
}

/// The members in the raw cache, if all are there and as they should be.
fn read_members(source: &Source, folder: &Path) -> Option<Vec<Vec<u8>>> {
    let read = |member: &super::source::Member| {
        let content = plain::CACHE.read(&source.place(folder, member)).ok()?;
        archive::check(member, &content).ok()?;
        Some(content)
    };
    source.members.iter().map(read).collect()
}

/// Takes the members out of the archive that `from` is or holds.
fn import(source: &Source, from: &Path, progress: &mut dyn FnMut(&str)) -> Result<Vec<Vec<u8>>> {
    let path = locate(source, from)?;
    progress(&format!("importing {}", path.display()));
    unpack(source, &path)
}

/// Downloads into a folder of a fixed name, which the lock makes ours, so that what a killed
/// process leaves behind is removed by the next one.
fn download(
    source: &Source,
    folder: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Vec<u8>>> {
    let (client, package) = (source.client.name(), source.package);
    progress(&format!("fetching {client} package {package} {}", source.version));
    let temporary = folder.join("download");
    let io = |e: std::io::Error| Error::io("create", &temporary, &e);
    if temporary.exists() {
        std::fs::remove_dir_all(&temporary).map_err(io)?;
    }
    std::fs::create_dir(&temporary).map_err(io)?;
    let members = fetch::fetch(source, &temporary)
        .and_then(|()| unpack(source, &temporary.join(source.archive)));
    // The members are what counts: an archive that cannot be removed now is removed next time.
    let _ = std::fs::remove_dir_all(&temporary);
    members
}

/// The archive of `source` that `from` is, or that lies in the folder `from`.
fn locate(source: &Source, from: &Path) -> Result<PathBuf> {
    if from.is_dir() {
        let path = from.join(source.archive);
        if path.is_file() {
            return Ok(path);
        }
        let (from, archive) = (from.display(), source.archive);
        return Err(Error::input(format!("the folder {from} has no file {archive}")));
    }
    let found = Digest::of_file(from)?.to_string();
    if found == source.sha256 {
        return Ok(from.to_path_buf());
    }
    Err(Error::input(format!(
        "{} has the SHA-256 {found} and so is not {}, which has {}",
        from.display(),
        source.archive,
        source.sha256
    )))
}

fn unpack(source: &Source, path: &Path) -> Result<Vec<Vec<u8>>> {
    archive::verify(source, path)?;
    archive::extract(source, path)
}

/// Creates `folder` and takes its lock, which is held until the file is dropped.
pub(in crate::data) fn lock(folder: &Path, progress: &mut dyn FnMut(&str)) -> Result<File> {
    std::fs::create_dir_all(folder).map_err(|e| Error::io("create", folder, &e))?;
    let path = folder.join(".lock");
    let io = |e: std::io::Error| Error::io("lock", &path, &e);
    let file = plain::append(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress(&format!("waiting for another process that prepares {}", folder.display()));
            file.lock().map_err(io)?;
        }
        Err(TryLockError::Error(e)) => return Err(io(e)),
    }
    Ok(file)
}

#[cfg(test)]
mod tests;
