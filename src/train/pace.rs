//! How fast a run takes its steps.

use super::needed::Needed;
use super::trainer::{Divergence, Ended, Trainer};
use crate::data::Dataset;
use crate::device::Backend;
use crate::error::{Error, Result};
use crate::suite::run::RunSpec;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// What training steps take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub time: Duration,
    /// The kernels that were launched, where the backend tells.
    pub kernels: Option<u64>,
}

/// What `steps` training steps of a run take, after as many as `warmup` that are not counted. The
/// device has finished its work when the time is taken. Epochs begin anew where the run has
/// too few; nothing is evaluated.
///
/// # Errors
/// As [`super::run`], and when a scalar of a step or a tensor of the last state is not finite.
pub fn pace(
    spec: &RunSpec,
    data: &Dataset,
    backend: &Backend,
    needed: &[Needed],
    warmup: usize,
    steps: usize,
) -> Result<Pace> {
    let mut trainer = Trainer::new(spec, data, backend, None, needed)?;
    let wait = || {
        backend
            .device
            .sync()
            .map_err(|e| Error::unexpected(format!("cannot wait for the device: {e:?}")))
    };
    let launches = backend.count_launches();
    let launched = || launches.as_ref().map(|count| count());
    wait()?;
    let mut started = Instant::now();
    let mut before = launched();
    let last = warmup + steps;
    for epoch in (0..spec.cell.protocol.epochs).cycle() {
        if trainer.step == last {
            break;
        }
        let ended = trainer.train_epoch(epoch, 0, &mut |trainer| {
            if trainer.step == warmup {
                wait()?;
                started = Instant::now();
                before = launched();
            }
            Ok(if trainer.step < last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        if let Ended::Diverged(divergence) = ended {
            return Err(diverged(&divergence));
        }
    }
    wait()?;
    let time = started.elapsed();
    let kernels = launched().zip(before).map(|(after, before)| after - before);
    // What is not finite may be computed in another time.
    match trainer.divergence_in(&trainer.checkpoint())? {
        Some(divergence) => Err(diverged(&divergence)),
        None => Ok(Pace { time, kernels }),
    }
}

fn diverged(Divergence { step, what }: &Divergence) -> Error {
    Error::input(format!("the run diverges in step {step}: {what} is not finite"))
        .with_hint("take fewer steps, or a lower learning rate")
}
