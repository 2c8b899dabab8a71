//! A suite: read, checked, expanded.

use super::catalog::Catalog;
use super::problem;
use super::run::{RunId, RunSpec};
use super::{expand, wire};
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::registry::unknown;
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
        let bytes = std::fs::read(path).map_err(|e| {
            let hint = "`suite --list` lists the suites of a folder";
            Error::io("read the suite", path, &e).with_hint(hint)
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
        if path.extension().is_some_and(|extension| extension == "yaml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The file of the suite called `name`, or `name` itself where it is a path to a YAML file.
///
/// # Errors
/// When there is none, with the nearest.
pub fn find(folder: &Path, name: &str) -> Result<PathBuf> {
    let given = Path::new(name);
    if given.extension().is_some_and(|extension| extension == "yaml") {
        return Ok(given.to_path_buf());
    }
    let path = folder.join(format!("{name}.yaml"));
    if path.is_file() {
        return Ok(path);
    }
    let stems: Vec<String> = list(folder)?
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    let message = unknown("suite", name, stems.iter().map(String::as_str));
    Err(Error::input(message)
        .with_hint(format!("suites are the YAML files in {}", folder.display())))
}
