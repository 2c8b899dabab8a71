//! What a finished run leaves: the only thing that reports and gates read.

pub mod metrics;
pub mod probe;
mod values;
mod work;

use crate::hash::{Digest, digest_json};
use crate::protocol::Selection;
use crate::record::metrics::{Metrics, Primary};
use crate::record::probe::{Fault, Link};
use crate::suite::run::{RunId, RunSpec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

pub use work::Work;

/// The record of a run, `record.json` in its folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// The version of the format; see [`RunRecord::FORMAT`].
    pub format: u32,
    pub id: RunId,
    pub spec: RunSpec,
    pub outcome: Outcome,
    /// The digest of the data that were read: of the loaded arrays, not of the files.
    pub data_content: Digest,
    /// The root of the initial weights.
    pub initial_root: Digest,
    /// The metric by which the run's task is judged.
    pub primary: Primary,
    /// One entry per finished epoch, in order.
    pub epochs: Vec<EpochRecord>,
    /// The root of the last checkpoint: weights, buffers, optimizer state, strategy state, position.
    pub final_root: Digest,
    /// The root of the weights and buffers of the epoch that the protocol selects.
    pub selected_root: Digest,
    /// The epoch that the protocol selects, from 0.
    pub selected_epoch: usize,
    /// The root of the selected epoch's logits and labels on every split but the training one,
    /// `logits.safetensors` in the run's folder; none where no epoch was finished.
    pub logits_root: Option<Digest>,
    /// The fault that was planted in the run, which is then no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// The runs that it began from, in the order of its description.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<NeededRun>,
    /// Roots of the whole state after every so many steps, where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    pub work: Work,
    pub environment: Environment,
    pub cost: Cost,
    /// The digest of the cost, which no root covers.
    pub cost_digest: Digest,
}

/// A finished run that another began from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeededRun {
    pub run: RunId,
    /// Its root: see [`RunRecord::root`].
    pub root: Digest,
}

impl fmt::Display for NeededRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} with the root {}", self.run, self.root)
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    Finished,
    /// Something that would be recorded stopped being a finite number.
    Diverged {
        epoch: usize,
        /// The step, from 0, that showed it; the last step before, where it showed after an epoch.
        step: usize,
        /// What was seen not to be finite: a scalar of the step, a tensor, or the logits of a split.
        what: String,
    },
}

impl Outcome {
    /// Why the run has no usable result, if it has none. Epochs are counted from 1, for people.
    pub fn failure(&self) -> Option<String> {
        match self {
            Outcome::Finished => None,
            Outcome::Diverged { epoch, step, what } => {
                let epoch = epoch.saturating_add(1);
                Some(format!("diverged in epoch {epoch}, step {step}: {what} is not finite"))
            }
        }
    }
}

/// One epoch: what was trained, what was measured, what the weights hash to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRecord {
    /// The learning rate in force.
    pub lr: f64,
    /// Means over the epoch's steps, by name: `loss`, and per modality `score.<m>`, `rho.<m>`,
    /// `k.<m>`, `q.<m>`, `grad-norm.<m>`; a strategy may add its own.
    pub train: BTreeMap<String, f64>,
    pub validation: Metrics,
    pub test: Metrics,
    /// Metrics on the data set's further test splits, by name.
    pub further: BTreeMap<String, Metrics>,
    /// The root of weights and buffers after the epoch.
    pub root: Digest,
}

/// Everything that bits may depend on, beside the spec: runs of one class must agree to the bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The determinism class, by property: backend, target, ISA level, libm, numeric crates.
    pub class: BTreeMap<String, String>,
    /// The digest of the class.
    pub class_id: Digest,
    /// The program that trained the run: version and commit.
    pub program: String,
    /// Facts that bits do not depend on: processor name, threads, build profile.
    pub host: BTreeMap<String, String>,
}

/// What the run cost on its machine. Not part of any root.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    pub wall_seconds: f64,
    /// The peak resident memory of the worker in bytes, where the platform tells.
    pub peak_memory: Option<u64>,
}

impl Cost {
    /// The digest of its canonical JSON.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn digest(&self) -> crate::error::Result<Digest> {
        digest_json(self)
    }
}

impl RunRecord {
    /// Version 3: the work under the root. Version 2 had steps and parameters in the cost; version 1
    /// was of release 0.1.
    pub const FORMAT: u32 = 3;

    /// The epoch that `selection` picks: the best value of the primary metric, of equals the lowest
    /// loss, of those the earliest.
    pub fn select(
        epochs: &[EpochRecord],
        primary: &Primary,
        selection: Selection,
    ) -> Option<usize> {
        let best = |metrics: fn(&EpochRecord) -> &Metrics| {
            let rank = |i: usize| primary.rank(metrics(&epochs[i]));
            (0..epochs.len()).reduce(|best, i| if rank(best) < rank(i) { i } else { best })
        };
        match selection {
            Selection::Last => epochs.len().checked_sub(1),
            Selection::BestVal => best(|epoch| &epoch.validation),
            Selection::BestTest => best(|epoch| &epoch.test),
        }
    }

    /// The record of the selected epoch; none where no epoch was finished.
    pub fn selected(&self) -> Option<&EpochRecord> {
        self.epochs.get(self.selected_epoch)
    }

    /// The primary metric on the test split at the selected epoch.
    pub fn value(&self) -> Option<f64> {
        self.primary.of(&self.selected()?.test)
    }

    /// Whether the runs that it began from are those of its description.
    ///
    /// # Errors
    /// What differs.
    pub fn check_needs(&self) -> std::result::Result<(), String> {
        let described = self.spec.needs();
        if described.len() != self.needs.len() {
            let (n, found) = (described.len(), self.needs.len());
            return Err(format!("it names {found} of the {n} runs that it needs"));
        }
        for (spec, named) in described.iter().zip(&self.needs) {
            let id = spec.id().map_err(|error| error.message)?;
            if id != named.run {
                return Err(format!("it began from run {}, and needs {id}", named.run));
            }
        }
        Ok(())
    }

    /// Why no other run may begin from this one: it diverged, or has a fault, which leaves it to
    /// runs with a planted fault of their own.
    pub fn unusable(&self, planted: bool) -> Option<String> {
        let fault = self.fault.as_ref().filter(|_| !planted);
        let fault = fault.map(|fault| format!("was trained with a planted fault: {fault}"));
        self.outcome.failure().or(fault)
    }

    /// The root of the run: of everything in the record but links, environment and cost.
    ///
    /// # Errors
    /// When the record cannot be encoded.
    pub fn root(&self) -> crate::error::Result<Digest> {
        let mut value = serde_json::to_value(self)
            .map_err(|e| crate::error::Error::unexpected(format!("cannot encode a record: {e}")))?;
        if let Some(map) = value.as_object_mut() {
            map.remove("links");
            map.remove("environment");
            map.remove("cost");
            map.remove("cost_digest");
        }
        digest_json(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture;
    use crate::suite::run::CellSpec;

    #[test]
    fn needs_are_those_described_and_move_the_root_only_where_there_are_some() {
        let plain = fixture::record(&fixture::spec("toy", 0));
        assert!(!serde_json::to_string(&plain).unwrap().contains("needs"));
        let mut spec = plain.spec.clone();
        spec.cell.needs =
            [2, 3].map(|outputs| CellSpec { outputs, ..plain.spec.cell.clone() }).into();
        let mut record = fixture::record(&spec);
        let missing = record.check_needs().unwrap_err();
        assert_eq!(missing, "it names 0 of the 2 runs that it needs");
        let root = record.final_root;
        let ids = spec.needs().iter().map(|need| need.id().unwrap()).collect::<Vec<_>>();
        record.needs = ids.iter().map(|run| NeededRun { run: run.clone(), root }).collect();
        assert_eq!(record.check_needs(), Ok(()));
        let before = record.root().unwrap();
        record.needs[1].root = Digest::of(b"other");
        assert_ne!(record.root().unwrap(), before);
        record.needs.reverse();
        let swapped = record.check_needs().unwrap_err();
        assert_eq!(swapped, format!("it began from run {}, and needs {}", ids[1], ids[0]));
    }

    #[test]
    fn a_run_with_a_fault_is_of_use_to_those_with_one_alone() {
        let mut record = fixture::record(&fixture::spec("toy", 0));
        assert_eq!(record.unusable(false), None);
        record.fault = Some("reorder@1".parse().unwrap());
        assert_eq!(record.unusable(true), None);
        let why = record.unusable(false).unwrap();
        assert_eq!(why, "was trained with a planted fault: reorder@1");
        record.outcome = Outcome::Diverged { epoch: 0, step: 1, what: "loss".into() };
        assert!(record.unusable(true).unwrap().starts_with("diverged in epoch 1"));
    }
}
