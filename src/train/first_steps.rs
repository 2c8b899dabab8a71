//! The first steps of a run, told in full: what another implementation needs to repeat them.

use super::needed::Needed;
use super::trace::Trace;
use super::trainer::{Ended, Trainer};
use crate::checkpoint::NamedTensor;
use crate::data::Dataset;
use crate::device::{Backend, Draws, Habits};
use crate::error::Result;
use crate::suite::run::RunSpec;
use serde::Serialize;
use std::ops::ControlFlow;

/// The first steps of a run.
pub struct FirstSteps {
    /// Weights and buffers before the first step.
    pub initial: Vec<NamedTensor>,
    pub steps: Vec<Taken>,
}

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Taken {
    /// The batch: rows of the training split, in order.
    pub rows: Vec<usize>,
    /// The loss before the step's update; none where the strategy left no example.
    pub loss: Option<f64>,
}

/// Takes up to `n` steps of a run; fewer where the run has fewer or diverges. Draws come from the
/// host, so that they are the streams that [`crate::stream`] defines.
///
/// # Errors
/// As [`super::run`].
pub fn first_steps(
    spec: &RunSpec,
    data: &Dataset,
    backend: &Backend,
    needed: &[Needed],
    n: usize,
) -> Result<FirstSteps> {
    let mut trainer = Trainer::new(spec, data, backend, None, needed)?;
    trainer.habits = Habits { read_every: 1, draws: Draws::Host, ..trainer.habits };
    trainer.trace = Trace::new(1);
    let initial = trainer.weights();
    let mut batches = Vec::new();
    for epoch in 0..spec.cell.protocol.epochs {
        if trainer.step == n {
            break;
        }
        let passes = trainer.strategy.plan(epoch).len();
        batches.extend((0..passes).flat_map(|pass| trainer.batches(epoch, pass)));
        let ended = trainer.train_epoch(epoch, 0, &mut |trainer| {
            Ok(if trainer.step < n { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        if let Ended::Diverged(_) = ended {
            break;
        }
    }
    let losses = trainer.trace.values("loss");
    let taken = batches.into_iter().take(trainer.step).enumerate();
    let steps = taken.map(|(i, rows)| Taken { rows, loss: losses.get(&i).copied() }).collect();
    Ok(FirstSteps { initial, steps })
}
