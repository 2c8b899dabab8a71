//! The suite language: YAML in, a checked and fully resolved list of runs out.
//!
//! ```text
//! text -> yaml (nodes with their places) -> resolve (parts, protocols) -> expand -> Suite
//! ```
//!
//! Every problem is reported with file, line and column, and nothing starts while there is one.

pub mod catalog;
pub mod cell;
pub mod change;
pub mod dataset;
pub mod described;
mod expand;
pub mod filter;
pub mod folder;
mod maker;
pub mod needed;
pub mod part;
pub mod problem;
mod prose;
pub mod protocol;
pub mod run;
pub mod schema;
pub mod v1;
pub mod yaml;

use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::plain;
use catalog::Catalog;
use run::{RunId, RunSpec};
use std::num::NonZeroUsize;
use std::path::Path;

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
    /// The difference of a fraction, such as an accuracy, that matters: a smaller one is as good as none.
    pub margin: f64,
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
        let suite = match yaml::parse(text) {
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

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
