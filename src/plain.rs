//! Reading what others may have made: plain files alone, and of each no more than a limit.
//!
//! A pipe would be waited for without an end, a device or a sparse file fill the memory, and a link
//! lead out of the folder that it lies in. A path that a person gave may be a link to a plain file;
//! what lies inside of a run store or a report may not.

use crate::error::{Error, Result};
use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The files of one kind: how much of one is read, and whether it may be a link.
#[derive(Clone, Copy, Debug)]
pub struct Sort {
    /// With its article, for messages.
    name: &'static str,
    /// In bytes.
    limit: u64,
    links: bool,
}

pub const SUITE: Sort = Sort { name: "a suite", limit: 16 << 20, links: true };
pub const BASELINE: Sort = Sort { name: "a baseline", limit: 256 << 20, links: true };
pub const ARCHIVE: Sort = Sort { name: "an archive", limit: 4 << 30, links: true };
/// A file of the cache of a data set.
pub const CACHE: Sort = Sort { name: "a data set", limit: 4 << 30, links: true };
/// A file of a folder from which a data set is made.
pub const SOURCE: Sort = Sort { name: "a source", limit: 4 << 30, links: false };
/// Any text in a run store: headers, notes, records.
pub const RECORD: Sort = Sort { name: "a record", limit: 256 << 20, links: false };
/// Tensors in a run store.
pub const CHECKPOINT: Sort = Sort { name: "a checkpoint", limit: 4 << 30, links: false };
/// A page of the documentation, or a source that it shows.
pub const PAGE: Sort = Sort { name: "a page", limit: 16 << 20, links: false };
/// Any file of a report.
pub const REPORT: Sort = Sort { name: "a file of a report", limit: 256 << 20, links: false };

/// What to do about something in a store or a report that is no plain file or folder.
pub const HINT: &str = "only plain files and folders are used here, no links: move it away if you do \
                    not know where it comes from";

/// `O_NONBLOCK`, to which the standard library gives no name: without it, opening a pipe waits for
/// somebody to write. Zero, where its value is not known, leaves the look before the opening.
#[cfg(unix)]
const NO_WAITING: i32 = if cfg!(all(
    any(target_os = "linux", target_os = "android"),
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
)) {
    0o4000
} else if cfg!(any(target_vendor = "apple", target_os = "freebsd")) {
    4
} else {
    0
};

impl Sort {
    /// The content of a file.
    ///
    /// # Errors
    /// When it is not there, cannot be read, is no plain file or longer than the limit.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let content = self.read_if_there(path)?;
        content.ok_or_else(|| Error::io("read", path, &ErrorKind::NotFound.into()))
    }

    /// As [`Sort::read`], but `None` where there is nothing.
    ///
    /// # Errors
    /// As [`Sort::read`].
    pub fn read_if_there(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.open_if_there(path)? else { return Ok(None) };
        let io = |e: std::io::Error| Error::io("read", path, &e);
        let length = file.metadata().map_err(io)?.len().min(self.limit);
        let mut content = Vec::new();
        let room = usize::try_from(length).is_ok_and(|n| content.try_reserve_exact(n).is_ok());
        if !room {
            let message = format!("{} has {length} bytes, too many for memory", path.display());
            return Err(Error::input(message));
        }
        // One more than allowed tells a file that grew since it was opened.
        file.take(self.limit.saturating_add(1)).read_to_end(&mut content).map_err(io)?;
        self.check_length(path, content.len() as u64)?;
        Ok(Some(content))
    }

    /// Opens a file to read it.
    ///
    /// # Errors
    /// As [`Sort::read`].
    pub fn open(&self, path: &Path) -> Result<File> {
        let file = self.open_if_there(path)?;
        file.ok_or_else(|| Error::io("read", path, &ErrorKind::NotFound.into()))
    }

    fn open_if_there(&self, path: &Path) -> Result<Option<File>> {
        let io = |e: std::io::Error| Error::io("read", path, &e);
        let look = if self.links { std::fs::metadata } else { std::fs::symlink_metadata };
        let seen = match look(path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            seen => seen.map_err(io)?,
        };
        self.check(path, &seen)?;
        let file = without_waiting(File::options().read(true)).open(path).map_err(io)?;
        let opened = file.metadata().map_err(io)?;
        self.check(path, &opened)?;
        if !self.links && !is_same(&seen, &opened) {
            return Err(replaced(path));
        }
        self.check_length(path, opened.len())?;
        Ok(Some(file))
    }

    fn check(&self, path: &Path, found: &Metadata) -> Result<()> {
        if found.is_file() {
            return Ok(());
        }
        let kind = kind(found.file_type());
        let error = Error::input(format!("{} is {kind}, not a plain file", path.display()));
        Err(if self.links { error } else { error.with_hint(HINT) })
    }

    /// Refuses a file of `length` bytes that is longer than the limit.
    ///
    /// # Errors
    /// Names the limit.
    pub fn check_length(&self, path: &Path, length: u64) -> Result<()> {
        if length <= self.limit {
            return Ok(());
        }
        let (path, limit, name) = (path.display(), self.limit >> 20, self.name);
        Err(Error::input(format!("{path} has more than the {limit} MiB that are read of {name}"))
            .with_hint("is it the right file?"))
    }

    /// Copies a file to where there is none.
    ///
    /// # Errors
    /// As [`Sort::read`], and when the copy cannot be written.
    pub fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        let io = |e: std::io::Error| Error::io("write", to, &e);
        let mut file = self.open(from)?.take(self.limit);
        let mut copy = File::options().create_new(true).write(true).open(to).map_err(io)?;
        std::io::copy(&mut file, &mut copy).map_err(io)?;
        Ok(())
    }
}

/// Whether a folder is there.
///
/// # Errors
/// When something else is: a link too.
pub fn is_folder(path: &Path) -> Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(found) => Err(not_a_folder(path, found.file_type())),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(Error::io("find", path, &e)),
    }
}

/// Makes a folder where there is none. The one that it is to lie in must be there.
///
/// # Errors
/// When it cannot be made, or something else is in its place: a link too.
pub fn make_folder(path: &Path) -> Result<()> {
    match std::fs::create_dir(path) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(Error::io("create", path, &e)),
        // What was there may be gone again.
        _ => is_folder(path).map(|_| ()),
    }
}

/// Opens a file inside of a store to append to it, and makes it where there is none.
///
/// # Errors
/// When it cannot be opened, or is no plain file.
pub fn append(path: &Path) -> Result<File> {
    let io = |e: std::io::Error| Error::io("create", path, &e);
    match std::fs::symlink_metadata(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        seen => RECORD.check(path, &seen.map_err(io)?)?,
    }
    let mut options = File::options();
    let file = without_waiting(options.create(true).append(true)).open(path).map_err(io)?;
    let opened = file.metadata().map_err(io)?;
    RECORD.check(path, &opened)?;
    match std::fs::symlink_metadata(path) {
        Ok(seen) if is_same(&seen, &opened) => Ok(file),
        Ok(_) => Err(replaced(path)),
        Err(e) => Err(io(e)),
    }
}

/// Refuses what is neither a plain file nor a folder.
///
/// # Errors
/// Names the path.
pub fn check_kind(path: &Path, found: FileType) -> Result<()> {
    if found.is_file() || found.is_dir() {
        return Ok(());
    }
    let (path, kind) = (path.display(), kind(found));
    Err(Error::input(format!("{path} is {kind}, neither a plain file nor a folder"))
        .with_hint(HINT))
}

fn not_a_folder(path: &Path, found: FileType) -> Error {
    Error::input(format!("{} is {}, not a folder", path.display(), kind(found))).with_hint(HINT)
}

fn replaced(path: &Path) -> Error {
    Error::input(format!("{} was replaced while it was opened", path.display())).with_hint(HINT)
}

/// What a file is, with its article.
fn kind(found: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if found.is_fifo() {
            return "a pipe";
        }
        if found.is_socket() {
            return "a socket";
        }
        if found.is_block_device() || found.is_char_device() {
            return "a device";
        }
    }
    match (found.is_symlink(), found.is_dir(), found.is_file()) {
        (true, ..) => "a link",
        (_, true, _) => "a folder",
        (_, _, true) => "a plain file",
        _ => "something else",
    }
}

fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, NO_WAITING);
    options
}

/// Whether both tell of one file, where the system gives files numbers.
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (a.dev(), a.ino()) == (b.dev(), b.ino())
    }
    #[cfg(not(unix))]
    {
        a.is_file() == b.is_file()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    const SHORT: Sort = Sort { name: "a test", limit: 2 << 20, links: false };

    fn pipe(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_plain_file_is_read_up_to_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        assert_eq!(SHORT.read_if_there(&path).unwrap(), None);
        assert!(SHORT.read(&path).unwrap_err().message.starts_with("cannot read "));
        std::fs::write(&path, vec![1; 2 << 20]).unwrap();
        assert_eq!(SHORT.read(&path).unwrap().len(), 2 << 20);
        File::options().write(true).open(&path).unwrap().set_len(20 << 30).unwrap();
        let error = SHORT.read(&path).unwrap_err();
        assert!(error.message.ends_with("x has more than the 2 MiB that are read of a test"));
        assert_eq!(error.kind, crate::error::Kind::Input);
    }

    #[test]
    fn a_file_without_an_end_is_read_up_to_its_limit_only() {
        // Plain by its kind, and without a length.
        let endless = Sort { limit: 10, links: true, ..SHORT };
        assert!(endless.read(Path::new("/proc/self/maps")).unwrap_err().message.contains("MiB"));
    }

    #[test]
    fn what_is_no_plain_file_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("plain"), "x").unwrap();
        symlink(at("plain"), at("link")).unwrap();
        symlink("/dev/zero", at("zero")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        pipe(&at("pipe"));
        let given = Sort { links: true, ..SHORT };
        for (name, inside, outside) in [
            ("link", "a link", ""),
            ("zero", "a link", "a device"),
            ("folder", "a folder", "a folder"),
            ("pipe", "a pipe", "a pipe"),
        ] {
            let error = SHORT.read(&at(name)).unwrap_err();
            assert!(error.message.ends_with(&format!("is {inside}, not a plain file")), "{error}");
            match given.read(&at(name)) {
                Ok(content) => assert_eq!((content.as_slice(), outside), (&b"x"[..], "")),
                Err(error) => assert!(error.message.contains(outside), "{error}"),
            }
            assert!(append(&at(name)).is_err(), "{name}");
        }
        assert!(append(&at("dangling")).is_err() && !at("nowhere").exists());
        assert!(append(&at("plain")).is_ok() && append(&at("new")).is_ok());
    }

    #[test]
    fn a_folder_is_no_link_to_one() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        assert!(!is_folder(&at("folder")).unwrap());
        make_folder(&at("folder")).unwrap();
        make_folder(&at("folder")).unwrap();
        assert!(is_folder(&at("folder")).unwrap());
        symlink(at("folder"), at("link")).unwrap();
        let error = is_folder(&at("link")).unwrap_err();
        assert!(error.message.ends_with("link is a link, not a folder"), "{error}");
        assert!(make_folder(&at("link")).is_err());
    }
}
