//! What a run had to compute: counts, which are equal on every machine and under the run's root.

use serde::{Deserialize, Serialize};

/// The work of a run itself; that of the runs that it began from stands in their records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Steps of training.
    pub steps: u64,
    /// Examples that went forward through the model in training, once for each loss of a strategy.
    pub forward: u64,
    /// Examples whose loss went backward.
    pub backward: u64,
    /// Multiply-adds of linear layers and convolutions in training. Those of a backward pass count
    /// for two of the forward pass: the gradients by weights and by inputs.
    pub multiply_adds: u64,
    /// Multiply-adds of the trained model for one example.
    pub inference: u64,
    /// Values that were trained.
    pub parameters: u64,
}
