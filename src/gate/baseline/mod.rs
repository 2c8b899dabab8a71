//! The accepted numbers of a suite: what `check` compares with, and `accept` writes.
//!
//! A small text file that is committed, `ci/baselines/<suite>.json`: a score and a root per run.

pub mod sound;
mod v1;

use super::lines;
use super::metric;
use crate::atomic;
use crate::error::{Error, Result};
use crate::gate::complete;
use crate::hash::Digest;
use crate::plain;
use crate::results::input::{CellInput, SuiteInput};
use crate::suite::run::RunId;
use crate::task::metric::Metric;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The accepted numbers of a suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The version of the format; see [`Baseline::FORMAT`].
    pub format: u32,
    pub suite: String,
    /// Why these numbers were accepted, in the words of who did.
    pub reason: String,
    /// It also tells whether more is better.
    pub metric: Metric,
    /// The change for the worse that matters, in the metric's unit: 0.01 is a percentage point.
    pub margin: f64,
    /// The determinism class of the runs, by property, and its digest.
    pub class: BTreeMap<String, String>,
    pub class_id: Digest,
    /// In the order of the suite.
    pub cells: Vec<AcceptedCell>,
}

/// The accepted runs of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedCell {
    /// The digest of the cell's description.
    pub id: RunId,
    pub dataset: String,
    pub fusion: String,
    pub strategy: String,
    /// The description without its seed, to say what has changed where the id has. A plain value,
    /// so that one of an older format can be read too.
    pub spec: Value,
    /// In the order of seeds.
    pub runs: Vec<AcceptedRun>,
}

/// An accepted run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedRun {
    pub seed: u64,
    /// In the metric's unit, at the epoch that the protocol selects.
    pub score: f64,
    /// The root of the run: see `RunRecord::root`.
    pub root: Digest,
    /// The digest of the arrays that it was trained on.
    pub data: Digest,
    /// The number of test examples behind the score.
    pub examples: usize,
}

impl AcceptedCell {
    fn of(cell: &CellInput, metric: Metric) -> Result<Self> {
        if cell.records.is_empty() {
            return Err(Error::input(format!("{}: no run", cell.label())));
        }
        let runs = cell.records.iter().map(|record| {
            Ok(AcceptedRun {
                seed: record.spec.seed,
                score: metric::of(metric, record),
                root: record.root()?,
                data: record.data_content,
                examples: metric::examples(record),
            })
        });
        Ok(Self {
            id: cell.id.clone(),
            dataset: cell.dataset.clone(),
            fusion: cell.fusion.clone(),
            strategy: cell.strategy.clone(),
            spec: serde_json::to_value(&cell.spec)
                .map_err(|e| Error::unexpected(format!("cannot encode a description: {e}")))?,
            runs: runs.collect::<Result<_>>()?,
        })
    }

    /// The cell in a line: `mfeat / concat / ogm`.
    pub fn label(&self) -> String {
        format!("{} / {} / {}", self.dataset, self.fusion, self.strategy)
    }

    pub fn scores(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.score).collect()
    }

    /// The fewest test examples behind a score.
    pub fn fewest_examples(&self) -> usize {
        self.runs.iter().map(|run| run.examples).min().unwrap_or(0)
    }
}

impl Baseline {
    /// Version 2: the data and the number of test examples stand with every run, since runs may draw
    /// their own. Version 1 is read by [`v1`].
    pub const FORMAT: u32 = 2;

    /// The numbers of a suite whose runs are all done, as a baseline to accept.
    ///
    /// # Errors
    /// When runs have no usable result, have a planted fault, or are of several determinism
    /// classes, and when the margin is none.
    pub fn of(input: &SuiteInput, metric: Metric, margin: f64, reason: &str) -> Result<Self> {
        complete::complete(input, metric)?;
        let records = || input.cells.iter().flat_map(|cell| &cell.records);
        if let Some(record) = records().find(|record| record.fault.is_some()) {
            let message = format!("run {} was trained with a planted fault", record.id);
            return Err(Error::input(message).with_hint("accept runs without one"));
        }
        let first = records().next().map(|record| &record.environment);
        let first = first.ok_or_else(|| Error::input("a suite without runs has no baseline"))?;
        if let Some(other) = records().find(|record| record.environment.class_id != first.class_id)
        {
            let message =
                format!("run {} is of another determinism class than the first", other.id);
            return Err(Error::input(message).with_hint("train all on one machine by one build"));
        }
        let cells = input.cells.iter().map(|cell| AcceptedCell::of(cell, metric));
        let baseline = Self {
            format: Self::FORMAT,
            suite: input.suite.clone(),
            reason: reason.to_string(),
            metric,
            margin,
            class: first.class.clone(),
            class_id: first.class_id,
            cells: cells.collect::<Result<_>>()?,
        };
        // What could not be read again is not accepted either.
        sound::check(&baseline)?;
        Ok(baseline)
    }

    /// Where the baseline of a suite is in the folder of baselines: each kind of device has one of
    /// its own, since its runs have other ids.
    pub fn path(folder: &Path, suite: &str, backend: &str) -> PathBuf {
        folder.join(match backend {
            "cpu" => format!("{suite}.json"),
            other => format!("{suite}.{other}.json"),
        })
    }

    /// Whether both hold the same numbers, for whatever reason.
    pub fn equals(&self, other: &Self) -> bool {
        *self == Self { reason: self.reason.clone(), ..other.clone() }
    }

    /// Reads a baseline; `None` where there is none.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged or of another format, or is not sound: see
    /// [`sound::check`].
    pub fn load(path: &Path) -> Result<Option<Self>> {
        let Some(bytes) = plain::BASELINE.read_if_there(path)? else { return Ok(None) };
        let wrong =
            |why: String| Error::input(format!("{}: {why}", path.display())).with_hint(sound::HINT);
        let damaged = |e: serde_json::Error| wrong(format!("not a baseline: {e}"));
        // The version first: another one would fail on its fields with a confusing message.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let version: Version = serde_json::from_slice(&bytes).map_err(damaged)?;
        let baseline: Self = match version.format {
            Self::FORMAT => serde_json::from_slice(&bytes).map_err(damaged)?,
            v1::FORMAT => v1::read(&bytes).map_err(damaged)?,
            found => {
                let known = Self::FORMAT;
                return Err(wrong(format!("format {found} is not readable, only up to {known}")));
            }
        };
        sound::check(&baseline).map_err(|error| wrong(error.message))?;
        Ok(Some(baseline))
    }

    /// Writes the baseline as a whole or not at all, and its folder where there is none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        // A line per run and per description.
        let mut text = lines::to_string(self, 2)
            .map_err(|e| Error::unexpected(format!("cannot encode a baseline: {e}")))?;
        text.push('\n');
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| Error::io("create", folder, &e))?;
        }
        atomic::write(path, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixture;
    use crate::task::metric::{ACCURACY, LOSS};

    #[test]
    fn a_baseline_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = Baseline::path(&folder.path().join("baselines"), "tiny", "cpu");
        assert_eq!(Baseline::load(&path).unwrap(), None);
        let baseline = Baseline::of(&fixture::tiny(), ACCURACY, 0.01, "first").unwrap();
        baseline.write(&path).unwrap();
        assert_eq!(Baseline::load(&path).unwrap(), Some(baseline));
    }

    #[test]
    fn a_file_that_is_damaged_or_of_another_format_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tiny.json");
        let mut baseline = Baseline::of(&fixture::tiny(), LOSS, 0.01, "").unwrap();
        let mut refused = |change: &mut dyn FnMut(&mut Baseline), said: &str| {
            change(&mut baseline);
            baseline.write(&path).unwrap();
            let error = Baseline::load(&path).unwrap_err();
            assert!(
                error.message.contains("tiny.json: ") && error.message.contains(said),
                "{error}"
            );
        };
        refused(&mut |baseline| baseline.margin = -1.0, "not a sound baseline\n  a margin of -1");
        refused(&mut |baseline| baseline.format = 3, "format 3 is not readable, only up to 2");
        std::fs::write(&path, "{\"format\": 2}").unwrap();
        assert!(Baseline::load(&path).unwrap_err().message.contains("not a baseline: "));
    }

    #[test]
    fn runs_that_prove_nothing_are_not_accepted() {
        let of = |input: &SuiteInput| Baseline::of(input, ACCURACY, 0.01, "");
        assert!(of(&fixture::small()).unwrap_err().message.contains("diverged in epoch 2"));
        let mut input = fixture::tiny();
        input.cells[1].records[0].environment.class_id = Digest::of(b"other");
        assert!(of(&input).unwrap_err().message.contains("another determinism class"));
        input.cells[0].records[0].fault = Some("reorder@1".parse().unwrap());
        assert!(of(&input).unwrap_err().message.contains("planted fault"));
    }
}
