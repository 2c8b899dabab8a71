//! Protocols: everything about a training that is not the compared axis.

pub mod parts;
pub mod presets;

use crate::registry::Part;
use serde::{Deserialize, Serialize};

/// A resolved protocol. Units: epochs, examples, or none. The name of a preset is no part of it,
/// since it moves no weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// See [`parts::OPTIMIZERS`].
    pub optimizer: Part,
    /// See [`parts::SCHEDULES`].
    pub schedule: Part,
    pub epochs: usize,
    /// Examples per step.
    pub batch_size: usize,
    /// Leave out the last, smaller batch of a training epoch; never applies to evaluation.
    pub drop_last: bool,
    pub selection: Selection,
}

/// The optimizer and its constants, as PyTorch defines them (`torch.optim`, 2.9).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Optimizer {
    Sgd {
        lr: f64,
        momentum: f64,
        weight_decay: f64,
    },
    /// Weight decay is added to the gradient (L2).
    Adam {
        lr: f64,
        beta1: f64,
        beta2: f64,
        eps: f64,
        weight_decay: f64,
    },
    /// Weight decay is decoupled from the gradient.
    AdamW {
        lr: f64,
        beta1: f64,
        beta2: f64,
        eps: f64,
        weight_decay: f64,
    },
}

/// The learning rate is multiplied by `gamma` after every `every` epochs (`StepLR`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    pub every: usize,
    pub gamma: f64,
}

/// Which epoch's weights a run is judged by. Accuracy decides, then the loss, then which is
/// earlier: on a split that is soon classified without error, accuracy alone would pick weights
/// that have hardly been trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// The last epoch.
    Last,
    /// The epoch of the best validation accuracy.
    BestVal,
    /// The epoch of the best test accuracy: biased upwards, for comparison with old papers only.
    BestTest,
}

impl Selection {
    /// As a suite writes it.
    pub fn name(self) -> &'static str {
        match self {
            Selection::Last => "last",
            Selection::BestVal => "best-val",
            Selection::BestTest => "best-test",
        }
    }
}
