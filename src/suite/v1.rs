//! Descriptions of format 1, which reports of release 0.1 hold: enough to compute their ids again.

use super::run::{CellSpec, RunId};
use crate::data::Modality;
use crate::error::Result;
use crate::hash::{Digest, digest_json};
use crate::protocol::{Optimizer, Schedule, Selection};
use crate::registry::{self, Params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A run as release 0.1 described it. Fields stand in the order in which it wrote them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub format: u32,
    pub dataset: Part,
    pub data_manifest: Digest,
    pub n_classes: usize,
    pub branches: Vec<Branch>,
    pub fusion: Part,
    pub strategy: Part,
    pub scores: String,
    pub protocol: Protocol,
    pub seed: u64,
    pub backend: String,
}

/// A part without a revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub name: String,
    pub params: Params,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    pub modality: Modality,
    pub encoder: Part,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// The preset it started from.
    pub name: String,
    pub optimizer: Optimizer,
    pub schedule: Schedule,
    pub epochs: usize,
    pub batch_size: usize,
    pub drop_last: bool,
    pub selection: Selection,
    pub trace_every: usize,
}

impl Run {
    pub const FORMAT: u32 = 1;

    /// A cell of today as release 0.1 would have described its run of a seed.
    ///
    /// # Errors
    /// When the optimizer or the schedule is none of that release.
    pub fn of(cell: &CellSpec, preset: &str, trace_every: usize, seed: u64) -> Result<Self> {
        let protocol = &cell.protocol;
        Ok(Self {
            format: Self::FORMAT,
            dataset: Part::of(&cell.dataset),
            data_manifest: cell.data_manifest,
            n_classes: cell.outputs,
            branches: cell
                .branches
                .iter()
                .map(|branch| Branch {
                    modality: branch.modality.clone(),
                    encoder: Part::of(&branch.encoder),
                })
                .collect(),
            fusion: Part::of(&cell.fusion),
            strategy: Part::of(&cell.strategy),
            scores: cell.scores.name.clone(),
            protocol: Protocol {
                name: preset.into(),
                optimizer: Optimizer::of(&protocol.optimizer)?,
                schedule: Schedule::of(&protocol.schedule)?,
                epochs: protocol.epochs,
                batch_size: protocol.batch_size,
                drop_last: protocol.drop_last,
                selection: protocol.selection,
                trace_every,
            },
            seed,
            backend: cell.backend.clone(),
        })
    }

    /// The id of the run with another seed.
    ///
    /// # Errors
    /// When the description cannot be encoded.
    pub fn id(&self, seed: u64) -> Result<RunId> {
        Ok(RunId(digest_json(&Self { seed, ..self.clone() })?.short()))
    }

    /// The id of the run's cell: the digest of the description with its seed taken out.
    ///
    /// # Errors
    /// When the description cannot be encoded.
    pub fn cell_id(&self) -> Result<RunId> {
        let mut value = json!(self);
        if let Value::Object(map) = &mut value {
            map.remove("seed");
        }
        Ok(RunId(digest_json(&value)?.short()))
    }
}

impl Part {
    fn of(part: &registry::Part) -> Self {
        Self { name: part.name.clone(), params: part.params.clone() }
    }
}
