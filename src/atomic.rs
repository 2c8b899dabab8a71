//! Files and folders that are either there in full or not at all, also after a loss of power.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Begins the names of files that are not written whole yet.
pub(crate) const TEMPORARY: &str = ".tmp";

/// Writes a file under a temporary name in the same folder, syncs it and renames it into place.
///
/// # Errors
/// When the file cannot be written; what was there before is then still there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, true)?;
    sync_folder(path.parent().unwrap_or(Path::new("")))
}

/// As [`write()`], without waiting for the disk: after a loss of power the file may be damaged,
/// after the end of the process it is whole.
///
/// # Errors
/// As [`write()`].
pub fn write_unsynced(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, false)
}

/// Makes a folder out of the files that `fill` writes, by one rename. What `fill` leaves unsynced
/// may be damaged after a loss of power.
///
/// # Errors
/// As `fill`, and when the folder cannot be made or exists with something in it; nothing is left
/// behind then.
pub fn folder(path: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let parent = or_here(path.parent().unwrap_or(Path::new("")));
    std::fs::create_dir_all(parent).map_err(|e| Error::io("create", parent, &e))?;
    let temporary = tempfile::Builder::new()
        .prefix(".unfinished-")
        .tempdir_in(parent)
        .map_err(|e| Error::io("create a folder in", parent, &e))?;
    // A folder inside, because the temporary one is readable by its owner alone.
    let whole = temporary.path().join("whole");
    std::fs::create_dir(&whole).map_err(|e| Error::io("create", &whole, &e))?;
    fill(&whole)?;
    std::fs::rename(&whole, path).map_err(|e| {
        Error::io("make", path, &e).with_hint("was it made by another process? run again")
    })?;
    sync_folder(parent)
}

fn replace(path: &Path, bytes: &[u8], synced: bool) -> Result<()> {
    let io = |e: std::io::Error| Error::io("write", path, &e);
    let folder = or_here(path.parent().unwrap_or(Path::new("")));
    let mut builder = tempfile::Builder::new();
    // Temporary files are private by default; what is kept follows the user's umask.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(TEMPORARY).tempfile_in(folder).map_err(io)?;
    // Not through the temporary file, whose errors add a name that is gone by then.
    file.as_file_mut().write_all(bytes).map_err(io)?;
    if synced {
        file.as_file().sync_all().map_err(io)?;
    }
    file.persist(path).map_err(|e| io(e.error))?;
    Ok(())
}

/// Makes the names in a folder durable. Only Unix has a way to ask for it.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        sync_file(or_here(folder))?;
    }
    Ok(())
}

/// The folder that an empty path means.
fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Makes the content of a file durable.
pub(crate) fn sync_file(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|e| Error::io("sync", path, &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("inner"), b"").unwrap();
        let error = write(&path, b"text").unwrap_err();
        assert!(error.message.starts_with("cannot write "), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_appears_whole_or_not_at_all_and_takes_the_place_of_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/folder");
        let fill = |into: &Path| write_unsynced(&into.join("x"), b"one");
        folder(&path, |_| Err(Error::input("no"))).unwrap_err();
        assert!(!path.exists());
        folder(&path, fill).unwrap();
        let error = folder(&path, |_| Ok(())).unwrap_err();
        assert!(error.message.starts_with("cannot make "), "{error}");
        assert_eq!(std::fs::read(path.join("x")).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(dir.path().join("deep")).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_readable_by_others_as_the_umask_allows() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (atomic, plain) = (dir.path().join("atomic"), dir.path().join("plain"));
        write(&atomic, b"").unwrap();
        std::fs::write(&plain, b"").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&atomic), mode(&plain));
    }
}
