//! `manifest.json`: what a report rests on, its root, and the digest of each of its files.

use crate::error::{Error, Result};
use crate::hash::{Digest, merkle_root};
use crate::plain;
use crate::record::{NeededRun, RunRecord};
use crate::results::analysis::Analysis;
use crate::results::cell::strategy_label;
use crate::results::input::SuiteInput;
use crate::suite::described::Described;
use crate::suite::folder::{NAME, is_name};
use crate::suite::run::RunId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The name of the manifest in a report's folder.
pub const FILE: &str = "manifest.json";

/// The manifest of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the format; see [`Manifest::FORMAT`].
    pub format: u32,
    /// See [`root`].
    pub root: Digest,
    pub suite: String,
    /// The SHA-256 of the suite file.
    pub suite_text: Digest,
    /// Planned cells, in the order of the suite.
    pub cells: Vec<CellEntry>,
    /// Runs with a record, in the order of their ids.
    pub runs: Vec<RunEntry>,
    /// Planned runs without a usable result, in the order of the suite.
    pub failures: Vec<FailureEntry>,
    /// The properties of every determinism class, by its id.
    pub classes: BTreeMap<String, BTreeMap<String, String>>,
    /// The SHA-256 of every other file of the report, by its path.
    pub files: BTreeMap<String, Digest>,
}

/// A planned cell and its resolved description.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellEntry {
    pub id: RunId,
    pub dataset: String,
    pub fusion: String,
    pub strategy: String,
    /// The preset that its protocol starts from; in format 1 the description has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    pub seeds: Vec<u64>,
    pub spec: Described,
}

impl CellEntry {
    /// The name of the preset that the cell's protocol starts from.
    pub fn preset(&self) -> &str {
        let own = || self.spec.preset().unwrap_or_default();
        self.preset.as_deref().unwrap_or_else(own)
    }

    /// How the report calls the strategy.
    pub fn strategy_label(&self) -> String {
        strategy_label(self.spec.strategy(), &self.spec.modalities(), &self.strategy)
    }
}

/// A run and the digests that identify what it computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    pub id: RunId,
    pub cell: RunId,
    pub dataset: String,
    pub fusion: String,
    pub strategy: String,
    pub seed: u64,
    /// The root of the whole record; see `RunRecord::root`.
    pub root: Digest,
    pub initial_root: Digest,
    pub selected_root: Digest,
    pub final_root: Digest,
    pub data_content: Digest,
    pub data_manifest: Digest,
    /// The id of the determinism class it ran in.
    pub class: Digest,
    /// The program that trained it; absent in format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The digest of what it cost, which no root covers; absent in format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Digest>,
    /// The runs that it began from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<NeededRun>,
}

/// A planned run without a usable result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureEntry {
    pub cell: RunId,
    pub seed: u64,
    pub reason: String,
}

/// The root of a report: the Merkle root over the digest of the suite text and, in the order of
/// run ids, the roots of all runs. Neither cost nor host can move it.
///
/// # Errors
/// When a record cannot be encoded.
pub fn root(input: &SuiteInput) -> Result<Digest> {
    let mut records: Vec<&RunRecord> = input.cells.iter().flat_map(|cell| &cell.records).collect();
    records.sort_by(|a, b| a.id.cmp(&b.id));
    // Cells may share a run.
    records.dedup_by(|a, b| a.id == b.id);
    let mut leaves = vec![Digest::of(input.source_text.as_bytes())];
    for record in records {
        leaves.push(record.root()?);
    }
    Ok(merkle_root(leaves))
}

impl Manifest {
    /// Version 3: runs have records of format 3. Version 2, of records of format 2, has steps and
    /// parameters in the digest of the cost; version 1, of release 0.1, describes cells in format 1,
    /// without their preset, and runs without program and cost. Both are read.
    pub const FORMAT: u32 = 3;

    /// Describes a report and its other files.
    ///
    /// # Errors
    /// When a record cannot be encoded.
    pub fn new(analysis: &Analysis<'_>, files: &BTreeMap<String, Vec<u8>>) -> Result<Self> {
        let input = analysis.input;
        let mut runs = Vec::new();
        let mut cells = Vec::new();
        let mut failures = Vec::new();
        for (cell, analysed) in input.cells.iter().zip(&analysis.cells) {
            cells.push(CellEntry {
                id: cell.id.clone(),
                dataset: cell.dataset.clone(),
                fusion: cell.fusion.clone(),
                strategy: cell.strategy.clone(),
                preset: Some(cell.preset.clone()),
                seeds: cell.seeds.clone(),
                spec: Described::Current(Box::new(cell.spec.clone())),
            });
            failures.extend(analysed.failures.iter().map(|(seed, reason)| FailureEntry {
                cell: cell.id.clone(),
                seed: *seed,
                reason: reason.clone(),
            }));
            for record in &cell.records {
                runs.push(RunEntry {
                    id: record.id.clone(),
                    cell: cell.id.clone(),
                    dataset: cell.dataset.clone(),
                    fusion: cell.fusion.clone(),
                    strategy: cell.strategy.clone(),
                    seed: record.spec.seed,
                    root: record.root()?,
                    initial_root: record.initial_root,
                    selected_root: record.selected_root,
                    final_root: record.final_root,
                    data_content: record.data_content,
                    data_manifest: record.spec.cell.data_manifest,
                    class: record.environment.class_id,
                    program: Some(record.environment.program.clone()),
                    cost: Some(record.cost.digest()?),
                    needs: record.needs.clone(),
                });
            }
        }
        runs.sort_by(|a, b| a.id.cmp(&b.id));
        let classes = analysis.records().map(|record| {
            (record.environment.class_id.to_string(), record.environment.class.clone())
        });
        Ok(Self {
            format: Self::FORMAT,
            root: root(input)?,
            suite: input.suite.clone(),
            suite_text: Digest::of(input.source_text.as_bytes()),
            cells,
            runs,
            failures,
            classes: classes.collect(),
            files: files.iter().map(|(path, bytes)| (path.clone(), Digest::of(bytes))).collect(),
        })
    }

    /// What does not belong into the manifest's format.
    fn unfit(&self) -> Option<String> {
        let first = self.format == 1;
        let cell = self.cells.iter().position(|cell| {
            cell.preset.is_some() == first || matches!(cell.spec, Described::First(_)) != first
        });
        let run = self
            .runs
            .iter()
            .position(|run| run.program.is_some() == first || run.cost.is_some() == first);
        let place = cell.map(|at| format!("cells[{at}]"));
        let place = place.or_else(|| run.map(|at| format!("runs[{at}]")))?;
        Some(format!("{place} is not of format {}", self.format))
    }

    /// The manifest as it is written: indented JSON.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|e| Error::unexpected(format!("cannot encode a manifest: {e}")))?;
        text.push('\n');
        Ok(text.into_bytes())
    }

    /// Reads the manifest of the report in `folder`.
    ///
    /// # Errors
    /// When there is none, or it is not a manifest of this format.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        Self::parse(&plain::REPORT.read(&path)?, &path)
    }

    /// Reads the bytes of a manifest; `path` is for messages.
    ///
    /// # Errors
    /// When they are not a manifest of this format.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self> {
        let hint = "restore the folder from version control, or move it away";
        let broken = |why: String| {
            Error::input(format!("{}: not a manifest: {why}", path.display())).with_hint(hint)
        };
        // The version first: another one would fail on its fields with a confusing message.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let version: Version = serde_json::from_slice(bytes).map_err(|e| broken(e.to_string()))?;
        if !(1..=Self::FORMAT).contains(&version.format) {
            return Err(Error::input(format!(
                "{}: format {} is not readable, only up to {}",
                path.display(),
                version.format,
                Self::FORMAT
            ))
            .with_hint("use the release that wrote the report"));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| broken(e.to_string()))?;
        // It becomes part of paths.
        if !is_name(&manifest.suite) {
            return Err(broken(format!("its suite's name is not {NAME}: `{}`", manifest.suite)));
        }
        match manifest.unfit() {
            None => Ok(manifest),
            Some(why) => Err(broken(why)),
        }
    }
}
