//! The logits of a run's selected epoch, from which analyses by class and example, of pairs of runs
//! and of calibration are computed later without the model.

use crate::checkpoint::NamedTensor;
use crate::data::Split;
use crate::data::targets::Targets;

/// Where they are in a run's folder.
pub(super) const FILE: &str = "logits.safetensors";

/// What the tensors of a further test split are called after.
pub(super) fn further(split: &str) -> String {
    format!("further.{split}")
}

/// The fused logits `[n, outputs]` on a split, and its targets, under its name.
pub(super) fn tensors(
    name: &str,
    split: &Split,
    outputs: usize,
    logits: &[f32],
) -> [NamedTensor; 2] {
    [
        NamedTensor::f32(format!("{name}.logits"), vec![split.len(), outputs], logits),
        targets(name, split),
    ]
}

/// What the examples of a split are to be predicted as: classes `[n]`, whether labels hold
/// `[n, label]` or classes of segments `[n, segment]` as `<name>.labels`, numbers `[n]` as
/// `<name>.values`.
pub fn targets(name: &str, split: &Split) -> NamedTensor {
    let labels = |shape: Vec<usize>, labels: Vec<i64>| {
        NamedTensor::i64(format!("{name}.labels"), shape, &labels)
    };
    let whole = |classes: &[u32]| classes.iter().map(|class| i64::from(*class)).collect();
    match &split.targets {
        Targets::Classes(classes) => labels(vec![split.len()], whole(classes)),
        Targets::Labels { n, values } => {
            labels(vec![split.len(), *n], values.iter().map(|holds| i64::from(*holds)).collect())
        }
        Targets::Segments { segments, classes } => {
            labels(vec![split.len(), *segments], whole(classes))
        }
        Targets::Values(values) => {
            NamedTensor::f32(format!("{name}.values"), vec![split.len()], values)
        }
    }
}
