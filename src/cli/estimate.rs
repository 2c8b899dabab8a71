//! How long runs take, for plans and progress; to a factor of two, on one core.

use crate::data::DATASETS;
use crate::model::encoder::ENCODERS;
use crate::registry::find;
use crate::suite::run::RunSpec;
use std::time::Duration;

/// The time of a training step beyond its arithmetic (`cargo bench`).
const STEP: f64 = 6e-4;

/// The share of a training example's cost that evaluating one has.
const EVALUATION: f64 = 0.4;

/// The seconds that a run takes on one core.
pub(super) fn seconds(spec: &RunSpec) -> f64 {
    let examples = find("data set", DATASETS, &spec.cell.dataset.name)
        .map_or((0, 0), |entry| (entry.build.examples)(&spec.cell.dataset.params));
    let per_example: f64 = spec
        .cell
        .branches
        .iter()
        .filter_map(|branch| {
            let entry = find("encoder", ENCODERS, &branch.encoder.name).ok()?;
            Some((entry.build.seconds)(&branch.encoder.params, branch.modality.shape))
        })
        .sum();
    let (train, evaluated) = (examples.0 as f64, examples.1 as f64);
    let steps = train / spec.cell.protocol.batch_size as f64;
    let epoch = steps * STEP + (train + EVALUATION * evaluated) * per_example;
    epoch * spec.cell.protocol.epochs as f64
}

/// The time of all runs on `jobs` cores.
pub(super) fn total<'a>(runs: impl Iterator<Item = &'a RunSpec>, jobs: usize) -> Duration {
    Duration::from_secs_f64(runs.map(seconds).sum::<f64>() / jobs.max(1) as f64)
}
