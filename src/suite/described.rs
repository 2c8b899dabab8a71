//! The description of a cell as whichever release wrote it.

use super::run::{CellSpec, RunId};
use super::v1;
use crate::error::Result;
use crate::hash::Digest;
use crate::protocol::Selection;
use crate::task::{CLASSIFICATION, Task};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

/// A cell's description in a format that this program reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Described {
    Current(Box<CellSpec>),
    /// Of release 0.1, with the first planned seed in place of all.
    First(Box<v1::Run>),
}

// By hand, so that a field that is wrong is named and not only that no format fits.
impl<'de> Deserialize<'de> for Described {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let format = value.get("format").and_then(Value::as_u64);
        let read = match format.and_then(|format| u32::try_from(format).ok()) {
            Some(CellSpec::FORMAT) => serde_json::from_value(value).map(Self::Current),
            Some(v1::Run::FORMAT) => serde_json::from_value(value).map(Self::First),
            _ => return Err(D::Error::custom("a description of an unknown format")),
        };
        read.map_err(D::Error::custom)
    }
}

impl Described {
    /// # Errors
    /// When the description cannot be encoded.
    pub fn cell_id(&self) -> Result<RunId> {
        match self {
            Self::Current(cell) => cell.id(),
            Self::First(run) => run.cell_id(),
        }
    }

    /// The id of the cell's run of a seed.
    ///
    /// # Errors
    /// When the description cannot be encoded.
    pub fn run_id(&self, seed: u64) -> Result<RunId> {
        match self {
            Self::Current(cell) => cell.run(seed).id(),
            Self::First(run) => run.id(seed),
        }
    }

    /// The description that this program can train.
    pub fn current(&self) -> Option<&CellSpec> {
        match self {
            Self::Current(cell) => Some(cell),
            Self::First(_) => None,
        }
    }

    /// The seed that stands in a description of format 1.
    pub fn seed(&self) -> Option<u64> {
        match self {
            Self::Current(_) => None,
            Self::First(run) => Some(run.seed),
        }
    }

    /// The preset's name, which stands in a description of format 1.
    pub fn preset(&self) -> Option<&str> {
        match self {
            Self::Current(_) => None,
            Self::First(run) => Some(&run.protocol.name),
        }
    }

    pub fn data_manifest(&self) -> Digest {
        match self {
            Self::Current(cell) => cell.data_manifest,
            Self::First(run) => run.data_manifest,
        }
    }

    pub fn backend(&self) -> &str {
        match self {
            Self::Current(cell) => &cell.backend,
            Self::First(run) => &run.backend,
        }
    }

    pub fn selection(&self) -> Selection {
        match self {
            Self::Current(cell) => cell.protocol.selection,
            Self::First(run) => run.protocol.selection,
        }
    }

    pub fn epochs(&self) -> usize {
        match self {
            Self::Current(cell) => cell.protocol.epochs,
            Self::First(run) => run.protocol.epochs,
        }
    }

    /// # Errors
    /// When it is a task that this program does not know.
    pub fn task(&self) -> Result<Task> {
        match self {
            Self::Current(cell) => Task::of(&cell.task),
            // The only one that release 0.1 knew.
            Self::First(_) => Ok(CLASSIFICATION.build),
        }
    }

    pub fn strategy(&self) -> &str {
        match self {
            Self::Current(cell) => &cell.strategy.name,
            Self::First(run) => &run.strategy.name,
        }
    }

    /// The names of the modalities that take part.
    pub fn modalities(&self) -> Vec<&str> {
        match self {
            Self::Current(cell) => cell.modalities(),
            Self::First(run) => run.branches.iter().map(|b| &*b.modality.name).collect(),
        }
    }
}
