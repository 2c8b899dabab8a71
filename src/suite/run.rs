//! The fully resolved descriptions of a cell and of one training run, and their ids.

use crate::data::Modality;
use crate::error::Result;
use crate::hash::{Digest, digest_json};
use crate::protocol::Protocol;
use crate::registry::Part;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A modality that takes part in a run, and the encoder it goes through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    pub modality: Modality,
    pub encoder: Part,
}

/// Everything but the seed that can change the weights or what is measured of them, and nothing
/// that cannot: no preset's name, no density of the trace, no paths, no host, no device index, no
/// job count, no time. Every part stands with its revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellSpec {
    /// The version of this description; see [`CellSpec::FORMAT`].
    pub format: u32,
    pub task: Part,
    pub dataset: Part,
    /// The digest of the data set's sources, parameters and revision: known before it is here.
    pub data_manifest: Digest,
    /// The length of the model's output: the number of classes, of labels, of classes of all
    /// segments together, or 1.
    pub outputs: usize,
    /// The modalities that take part, in the data set's order; one for a unimodal reference run.
    pub branches: Vec<Branch>,
    pub fusion: Part,
    pub strategy: Part,
    /// The estimator of the unimodal scores: see `model::score`.
    pub scores: Part,
    pub protocol: Protocol,
    /// The revision of what all runs share: initial weights, batches, the loop, evaluation.
    pub training: u32,
    /// The kind of device, `cpu`, `tch-cpu` or `cuda`.
    pub backend: String,
}

/// A cell with a seed: the description of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    pub cell: CellSpec,
    pub seed: u64,
}

impl CellSpec {
    /// Version 2: revisions, a task, optimizer and schedule as parts; without the preset's name and
    /// the density of the trace. Version 1 is read by [`super::v1`].
    pub const FORMAT: u32 = 2;

    /// The id: the first 16 hex digits of the SHA-256 of the canonical JSON.
    ///
    /// # Errors
    /// When the description cannot be encoded.
    pub fn id(&self) -> Result<RunId> {
        Ok(RunId(digest_json(self)?.short()))
    }

    /// The names of the modalities that take part.
    pub fn modalities(&self) -> Vec<&str> {
        self.branches.iter().map(|branch| branch.modality.name.as_str()).collect()
    }

    /// The run of this cell with a seed.
    pub fn run(&self, seed: u64) -> RunSpec {
        RunSpec { cell: self.clone(), seed }
    }
}

impl RunSpec {
    /// The run id: the first 16 hex digits of the SHA-256 of the canonical JSON.
    ///
    /// # Errors
    /// When the description cannot be encoded.
    pub fn id(&self) -> Result<RunId> {
        Ok(RunId(digest_json(self)?.short()))
    }
}

/// The id of a run or a cell: 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
