//! The program that is running, as something to start again.
//!
//! The file that it was started from may be replaced while it runs, by a build or an update. What
//! is started from there is then another program, which would train under this one's name.

use crate::error::{Error, Result};
use crate::exec::launch::{self, Launch, Slot, Worker};
use crate::hash::Digest;
use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The running program's own code.
#[derive(Clone, Debug)]
pub struct Image {
    path: PathBuf,
    /// Of the file, where `path` names a file and not the running code.
    digest: Option<Digest>,
}

impl Image {
    /// The image of this process.
    ///
    /// # Errors
    /// When the system does not tell where it is, or it cannot be read.
    pub fn running() -> Result<Self> {
        if let Some(path) = of_process() {
            return Ok(Self { path, digest: None });
        }
        let path = std::env::current_exe()
            .map_err(|e| Error::unexpected(format!("cannot find this program's own file: {e}")))?;
        Self::of_file(path)
    }

    fn of_file(path: PathBuf) -> Result<Self> {
        let digest = Some(Digest::of_file(&path)?);
        Ok(Self { path, digest })
    }

    /// A path from which this process and its children start the same program.
    ///
    /// # Errors
    /// When the program's file is another by now.
    pub fn path(&self) -> Result<&Path> {
        if let Some(digest) = self.digest
            && Digest::of_file(&self.path)? != digest
        {
            return Err(Error::input(format!(
                "the program {} was replaced while it ran: workers would be another build",
                self.path.display()
            ))
            .with_hint("run the command again, which goes on with the new build"));
        }
        Ok(&self.path)
    }

    /// A command that starts this program again, by the words of `runner` where there are any.
    ///
    /// # Errors
    /// As [`Image::path`].
    pub fn command(&self, runner: &[OsString]) -> Result<Command> {
        let path = self.path()?;
        let Some((first, rest)) = runner.split_first() else {
            return Ok(named_as_this(Command::new(path)));
        };
        let mut command = Command::new(first);
        command.args(rest).arg(path);
        Ok(command)
    }
}

/// The link by which Linux names the code of this process, whatever became of its file, in a form
/// that means the same in a child. `None` where there is none, or where an emulator answers for
/// its guest: a child would then get the emulator.
fn of_process() -> Option<PathBuf> {
    let link = |process: &Path| Path::new("/proc").join(process).join("exe");
    let process = std::fs::read_link("/proc/self").ok()?;
    let path = link(&process);
    let own = identity(&path)?;
    let is_own = |name: &str| identity(&link(Path::new(name))) == Some(own);
    (is_own("self") && is_own("thread-self")).then_some(path)
}

/// What tells a file from every other.
#[cfg(target_os = "linux")]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(target_os = "linux"))]
fn identity(_: &Path) -> Option<(u64, u64)> {
    None
}

/// Lists of processes show the name by which this one was started, not a link.
fn named_as_this(mut command: Command) -> Command {
    #[cfg(unix)]
    if let Some(name) = std::env::args_os().next() {
        std::os::unix::process::CommandExt::arg0(&mut command, name);
    }
    command
}

/// Workers that are this program again.
#[derive(Clone, Debug)]
pub struct Again {
    image: Image,
    /// The words before the program.
    runner: Vec<OsString>,
    /// What follows the program.
    argument: &'static str,
}

impl Again {
    /// This program, told by `argument` to be a worker, and started by the words of `runner` where
    /// there are any.
    ///
    /// # Errors
    /// As [`Image::running`].
    pub fn new(runner: Vec<OsString>, argument: &'static str) -> Result<Self> {
        Ok(Self { image: Image::running()?, runner, argument })
    }
}

impl Launch for Again {
    fn launch(&self, slot: &Slot, threads: NonZeroUsize) -> Result<Worker> {
        let mut command = self.image.command(&self.runner)?;
        command.arg(OsStr::new(self.argument));
        launch::start(command, slot, threads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_names_the_running_code() {
        let image = Image::running().unwrap();
        assert_eq!(image.digest, None);
        let own = identity(&std::env::current_exe().unwrap());
        assert!(own.is_some() && identity(image.path().unwrap()) == own);
    }

    #[test]
    fn a_file_that_was_replaced_is_named_and_not_started() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("program");
        std::fs::write(&path, "one").unwrap();
        let image = Image::of_file(path.clone()).unwrap();
        assert_eq!(image.path().unwrap(), path);
        std::fs::write(&path, "two").unwrap();
        let error = image.command(&[]).unwrap_err();
        assert!(error.message.contains("program was replaced while it ran"), "{error}");
    }
}
