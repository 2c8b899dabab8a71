//! The files of suites, by name.

use super::prose::MAX_LABEL;
use crate::error::{Error, Result};
use crate::registry::unknown;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a suite's name is made of, in words; see [`is_name`].
pub const NAME: &str = "1 to 100 lower-case letters, digits and `-`";

/// Whether `text` can be the name of a suite: one that is a file and a folder everywhere, and
/// never a way out of a folder.
pub fn is_name(text: &str) -> bool {
    let valid = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=MAX_LABEL).contains(&text.len()) && text.bytes().all(valid)
}

/// The endings of a suite's file, the usual one first.
const EXTENSIONS: [&str; 2] = ["yaml", "yml"];

fn is_suite(path: &Path) -> bool {
    EXTENSIONS.iter().any(|extension| path.extension().is_some_and(|e| e == *extension))
}

/// The suite files of a folder, sorted by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |e: std::io::Error| {
        let hint = "give the folder of the suites by --suites";
        Error::io("list the suites in", folder, &e).with_hint(hint)
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if is_suite(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The file of the suite called `name` in a folder; `None` where there is none.
///
/// # Errors
/// When two files have the name, and when `name` cannot be that of a suite.
pub fn file(folder: &Path, name: &str) -> Result<Option<PathBuf>> {
    if !is_name(name) {
        let message = format!("`{name}` cannot be the name of a suite, which is made of {NAME}");
        return Err(Error::input(message));
    }
    let path = |extension: &str| folder.join(format!("{name}.{extension}"));
    let [usual, other] = EXTENSIONS.map(path);
    match (usual.is_file(), other.is_file()) {
        (true, true) => {
            let (usual, other) = (usual.display(), other.display());
            Err(Error::input(format!(
                "the suite `{name}` stands in two files, {usual} and {other}"
            ))
            .with_hint("move one of them away, or give the path of the one that is meant"))
        }
        (true, false) => Ok(Some(usual)),
        (false, true) => Ok(Some(other)),
        (false, false) => Ok(None),
    }
}

/// The file of the suite called `name`, or `name` itself where it is a path to a YAML file.
///
/// # Errors
/// When there is none, with the nearest, and when there are two.
pub fn find(folder: &Path, name: &str) -> Result<PathBuf> {
    if is_suite(Path::new(name)) {
        return Ok(name.into());
    }
    if is_name(name)
        && let Some(path) = file(folder, name)?
    {
        return Ok(path);
    }
    let stems: BTreeSet<String> = list(folder)?
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    let message = unknown("suite", name, stems.iter().map(String::as_str));
    Err(Error::input(message)
        .with_hint(format!("suites are the YAML files in {}", folder.display())))
}
