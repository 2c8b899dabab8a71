//! The fully resolved description of one training run, and its id.

use crate::data::Modality;
use crate::error::{Error, Result};
use crate::hash::{Digest, digest_json};
use crate::protocol::Protocol;
use crate::registry::Params;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// A named part with all its parameters, defaults written out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub name: String,
    pub params: Params,
}

impl Part {
    /// The name, followed by the parameters that differ from `defaults`: `ogm(alpha=0.3)`.
    pub fn label(&self, defaults: &Params) -> String {
        let changed: Vec<String> = self
            .params
            .0
            .iter()
            .filter(|(key, value)| defaults.0.get(*key) != Some(*value))
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        if changed.is_empty() {
            self.name.clone()
        } else {
            format!("{}({})", self.name, changed.join(","))
        }
    }
}

/// A modality that takes part in a run, and the encoder it goes through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    pub modality: Modality,
    pub encoder: Part,
}

/// Everything that can change the weights and nothing that cannot: no paths, no host, no device
/// index, no job count, no time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    /// The version of this description; see [`RunSpec::FORMAT`].
    pub format: u32,
    pub dataset: Part,
    /// The digest of the data set's sources, parameters and conversion: known before it is here.
    pub data_manifest: Digest,
    pub n_classes: usize,
    /// The modalities that take part, in the data set's order; one for a unimodal reference run.
    pub branches: Vec<Branch>,
    pub fusion: Part,
    pub strategy: Part,
    /// The estimator of the unimodal scores: see `model::score`.
    pub scores: String,
    pub protocol: Protocol,
    pub seed: u64,
    /// The kind of device, `cpu`, `tch-cpu` or `cuda`.
    pub backend: String,
}

impl RunSpec {
    /// Version 1: the first.
    pub const FORMAT: u32 = 1;

    /// The run id: the first 16 hex digits of the SHA-256 of the canonical JSON.
    pub fn id(&self) -> Result<RunId> {
        Ok(RunId(digest_json(self)?.short()))
    }

    /// The description of the run's cell: that of the run with its seed left out.
    pub fn cell(&self) -> Result<Value> {
        let mut value = serde_json::to_value(self)
            .map_err(|e| Error::unexpected(format!("cannot encode a run: {e}")))?;
        if let Some(map) = value.as_object_mut() {
            map.remove("seed");
        }
        Ok(value)
    }

    /// The id of the run's cell.
    pub fn cell_id(&self) -> Result<RunId> {
        Ok(RunId(digest_json(&self.cell()?)?.short()))
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
