//! The fully resolved descriptions of a cell and of one training run, and their ids.

use crate::data::{Modality, draw};
use crate::error::Result;
use crate::hash::{Digest, digest_json};
use crate::protocol::Protocol;
use crate::registry::Part;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
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
    /// As all its runs have it: see [`RunSpec::dataset`].
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
    /// The observers, which see the model after every epoch: see `train::observer`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observe: Vec<Part>,
    /// The kind of device, `cpu`, `tch-cpu` or `cuda`.
    pub backend: String,
    /// The cells whose runs of the same seed must be finished first, since a run of this one begins
    /// from what they left: whole descriptions, so that this one changes where one of them does.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "few_and_flat")]
    pub needs: Vec<CellSpec>,
}

/// The most cells that a cell may need, and the most levels of cells that need others, itself the
/// first: far above what any strategy has, far below what troubles those who walk through them.
const MAX_NEEDS: usize = 64;
const MAX_LEVELS: usize = 4;

/// Descriptions come from files that somebody else may have written.
fn few_and_flat<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<CellSpec>, D::Error> {
    let needs = Vec::<CellSpec>::deserialize(deserializer)?;
    if MAX_NEEDS < needs.len() {
        return Err(D::Error::custom(format!("a cell needs {} others", needs.len())));
    }
    if needs.iter().any(|cell| MAX_LEVELS <= cell.levels()) {
        return Err(D::Error::custom(format!("needed cells nest more than {MAX_LEVELS} deep")));
    }
    match needs.iter().find(|cell| cell.format != CellSpec::FORMAT) {
        Some(other) => {
            Err(D::Error::custom(format!("a needed cell is described in format {}", other.format)))
        }
        None => Ok(needs),
    }
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

    /// The same cell, and those that it needs, on another kind of device.
    pub fn on(&self, backend: &str) -> Self {
        let needs = self.needs.iter().map(|cell| cell.on(backend)).collect();
        Self { backend: backend.into(), needs, ..self.clone() }
    }

    /// The cell in a few words without its data set: `concat / unimodal audio`.
    pub fn in_words(&self) -> String {
        let modalities = self.modalities().join(", ");
        format!("{} / {} {modalities}", self.fusion.name, self.strategy.name)
    }

    /// The levels of cells that need others, this one counted.
    fn levels(&self) -> usize {
        1 + self.needs.iter().map(Self::levels).max().unwrap_or(0)
    }

    /// The run of this cell with a seed.
    pub fn run(&self, seed: u64) -> RunSpec {
        RunSpec { cell: self.clone(), seed }
    }
}

impl RunSpec {
    /// The data set that it is trained on, with a draw that is a number.
    pub fn dataset(&self) -> Part {
        draw::of_seed(&self.cell.dataset, self.seed)
    }

    /// The runs that must be finished first: those of the needed cells with this seed.
    pub fn needs(&self) -> Vec<RunSpec> {
        self.cell.needs.iter().map(|cell| cell.run(self.seed)).collect()
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture::spec;

    fn needing(needs: Vec<CellSpec>) -> CellSpec {
        CellSpec { needs, ..spec("toy", 0).cell }
    }

    fn read(text: &str) -> std::result::Result<CellSpec, String> {
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    #[test]
    fn an_id_holds_what_is_needed_and_nothing_where_nothing_is() {
        let plain = spec("toy", 0).cell;
        let text = serde_json::to_string(&plain).unwrap();
        assert!(!text.contains("needs"), "{text}");
        let one = needing(vec![plain.clone()]);
        let other = needing(vec![CellSpec { outputs: 3, ..plain.clone() }]);
        let ids = [&plain, &one, &other].map(|cell| cell.id().unwrap());
        assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
        let back = read(&serde_json::to_string(&one).unwrap()).unwrap();
        assert_eq!((back.id().unwrap(), &back), (ids[1].clone(), &one));
        assert_eq!(one.run(7).needs(), [plain.run(7)]);
        assert_eq!(one.on("cuda").needs[0].backend, "cuda");
    }

    #[test]
    fn absurd_needs_are_refused_without_a_crash() {
        let nested = |levels: usize| {
            let plain = spec("toy", 0).cell;
            let text = serde_json::to_string(&plain).unwrap();
            let open = text.strip_suffix('}').unwrap();
            let inner = format!("{open},\"needs\":[").repeat(levels - 1);
            format!("{inner}{text}{}", "]}".repeat(levels - 1))
        };
        assert!(read(&nested(MAX_LEVELS)).is_ok());
        for levels in [MAX_LEVELS + 1, 60, 100_000] {
            let error = read(&nested(levels)).unwrap_err();
            assert!(error.contains("nest") || error.contains("recursion limit"), "{error}");
        }
        let many = needing(vec![spec("toy", 0).cell; MAX_NEEDS + 1]);
        let error = read(&serde_json::to_string(&many).unwrap()).unwrap_err();
        assert!(error.contains("needs 65 others"), "{error}");
        let old = needing(vec![CellSpec { format: 1, ..spec("toy", 0).cell }]);
        let error = read(&serde_json::to_string(&old).unwrap()).unwrap_err();
        assert!(error.contains("described in format 1"), "{error}");
    }
}
