//! The logits of a run's selected epoch, from which analyses by class and example, of pairs of runs
//! and of calibration are computed later without the model.

use crate::checkpoint::NamedTensor;
use crate::data::Split;

/// Where they are in a run's folder.
pub(super) const FILE: &str = "logits.safetensors";

/// What the tensors of a further test split are called after.
pub(super) fn further(split: &str) -> String {
    format!("further.{split}")
}

/// The fused logits `[n, n_classes]` on a split, and its labels, under its name.
pub(super) fn tensors(
    name: &str,
    split: &Split,
    n_classes: usize,
    logits: &[f32],
) -> [NamedTensor; 2] {
    let labels: Vec<i64> = split.labels.iter().map(|label| i64::from(*label)).collect();
    [
        NamedTensor::f32(format!("{name}.logits"), vec![split.len(), n_classes], logits),
        NamedTensor::i64(format!("{name}.labels"), vec![split.len()], &labels),
    ]
}
