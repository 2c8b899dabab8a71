//! A suite: read, checked, expanded.

use super::catalog::Catalog;
use super::problem;
use super::prose::MAX_LABEL;
use super::run::{RunId, RunSpec};
use super::{expand, wire};
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::plain;
use crate::registry::unknown;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// A suite with every cell resolved.
#[derive(Clone, Debug)]
pub struct Suite {
    pub name: String,
    pub title: String,
    /// Prose that the report prints.
    pub analysis: String,
    /// The text as it was read.
    pub text: String,
    /// The digest of the text.
    pub digest: Digest,
    /// In the order of the suite.
    pub cells: Vec<Cell>,
}

/// A point of the suite's product, without the seed.
#[derive(Clone, Debug)]
pub struct Cell {
    pub id: RunId,
    /// Labels; no two cells of a suite share all three.
    pub dataset: String,
    pub fusion: String,
    pub strategy: String,
    /// The preset that its protocol starts from.
    pub preset: String,
    /// A row of the step trace every so many steps.
    pub trace_every: NonZeroUsize,
    /// One run per seed, in the order of the suite's seeds.
    pub runs: Vec<RunSpec>,
}

impl Cell {
    /// The cell in a line: `mfeat / concat / ogm`.
    pub fn label(&self) -> String {
        format!("{} / {} / {}", self.dataset, self.fusion, self.strategy)
    }

    /// Adds runs of `n` further seeds: those after the largest.
    pub fn add_seeds(&mut self, n: u64) {
        let Some(last) = self.runs.iter().max_by_key(|run| run.seed).cloned() else { return };
        let further = (1..=n).filter_map(|i| last.seed.checked_add(i));
        self.runs.extend(further.map(|seed| RunSpec { seed, ..last.clone() }));
    }
}

impl Suite {
    /// Reads and checks a suite file. `backend` is the kind of the device it will run on.
    ///
    /// # Errors
    /// When the file cannot be read, and every problem in it with its place.
    pub fn load(path: &Path, catalog: &Catalog, backend: &str) -> Result<Self> {
        let bytes = plain::SUITE.read(path).map_err(|error| match error.hint {
            Some(_) => error,
            None => error.with_hint("`suite --list` lists the suites of a folder"),
        })?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let before = &e.as_bytes()[..e.utf8_error().valid_up_to()];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let column = 1 + String::from_utf8_lossy(&before[start..]).chars().count();
            Error::input(format!("{}:{line}:{column}: not UTF-8 text", path.display()))
                .with_hint("save the suite in the encoding UTF-8")
        })?;
        Self::parse(&text, path, catalog, backend)
    }

    /// Checks the text of a suite; `path` is for messages and gives the name.
    ///
    /// # Errors
    /// Every problem with its place.
    pub fn parse(text: &str, path: &Path, catalog: &Catalog, backend: &str) -> Result<Self> {
        let mut problems = Vec::new();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let suite = match wire::parse(text) {
            Ok(node) => expand::suite(&node, &stem, catalog, backend, &mut problems),
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        let Some(mut suite) = suite.filter(|_| problems.is_empty()) else {
            return Err(problem::error(path, text, problems));
        };
        suite.text = text.to_string();
        suite.digest = Digest::of(text.as_bytes());
        Ok(suite)
    }

    /// The number of runs.
    pub fn len(&self) -> usize {
        self.cells.iter().map(|cell| cell.runs.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

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
