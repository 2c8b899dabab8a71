//! The files that tell the verdict of a check.

use super::json;
use crate::atomic;
use crate::error::{Error, Result};
use crate::gate::failure::Failure;
use crate::gate::outcome::Statement;
use crate::gate::{Check, junit, markdown};
use crate::plain;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A file to write, and how.
#[derive(Clone, Debug)]
pub(super) struct Target {
    path: PathBuf,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Json,
    Junit,
    Markdown,
}

impl Target {
    pub(super) fn parse(text: &str) -> std::result::Result<Self, String> {
        let path = PathBuf::from(text);
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        let form = match extension.as_deref() {
            Some("json") => Form::Json,
            Some("xml") => Form::Junit,
            Some("md") => Form::Markdown,
            _ => return Err("the name must end in .json, .xml or .md".into()),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(format!("there is no folder {}", folder.display()));
        }
        if is_baseline(&path) {
            return Err("a baseline stands there, which the verdict would replace".into());
        }
        Ok(Self { path, form })
    }

    pub(super) fn write(&self, check: &Check) -> Result<()> {
        let text = match self.form {
            Form::Json => json(&Statement::of(check))? + "\n",
            Form::Junit => junit::render(check),
            Form::Markdown => markdown::render(check),
        };
        atomic::write(&self.path, text.as_bytes())
    }

    fn write_failure(&self, failure: &Failure) -> Result<()> {
        let text = match self.form {
            Form::Json => json(failure)? + "\n",
            Form::Junit => failure.junit(),
            Form::Markdown => failure.markdown(),
        };
        atomic::write(&self.path, text.as_bytes())
    }
}

/// Whether the file at `path` is, or once was, what `accept` wrote: no verdict has a class.
fn is_baseline(path: &Path) -> bool {
    let text = plain::BASELINE.read(path).unwrap_or_default();
    String::from_utf8_lossy(&text).contains("\"class_id\"")
}

/// Makes every file say that there is no verdict; one that cannot be written does not keep the
/// others from it.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn fail(targets: &[Target], failure: &Failure) -> Result<()> {
    targets.iter().map(|target| target.write_failure(failure)).fold(Ok(()), Result::and)
}

/// As [`fail`], of this program's command line where it was refused before its command began:
/// whatever it asks for as a file of `check` is taken for one, as far as it can be.
pub(super) fn fail_refused(error: &Error) {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    if words.iter().find(|word| !word.starts_with('-')) != Some(&"check") {
        return;
    }
    let next = words.windows(2).filter(|pair| pair[0] == "--output").map(|pair| pair[1]);
    let joined = words.iter().filter_map(|word| word.strip_prefix("--output="));
    let targets: Vec<Target> = next.chain(joined).flat_map(Target::parse).collect();
    // The command line is the error that is told.
    let _ = fail(&targets, &Failure::of(None, error));
}
