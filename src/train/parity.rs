//! One run on two devices, step by step: how far the trajectories are apart.
//!
//! Kernels of two libraries group sums differently, so that the weights differ in the last bits
//! after one step, and training amplifies that. A wrong kernel or setting shows as a difference
//! that is too large from the start, which a comparison of final accuracies would hide.

use super::needed::Needed;
use super::trace::Trace;
use super::trainer::{Ended, Trainer};
use crate::checkpoint::{self, NamedTensor};
use crate::data::Dataset;
use crate::device::{Backend, Draws, Habits};
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::suite::run::RunSpec;
use serde::Serialize;
use std::ops::ControlFlow;
use std::sync::mpsc;

/// The trajectories of one run on two devices.
#[derive(Clone, Debug, Serialize)]
pub struct Parity {
    /// Of the initial weights, which are drawn alike on every device.
    pub initial_roots: [Digest; 2],
    pub steps: Vec<Apart>,
}

/// Relative differences in a step.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Apart {
    /// From 1.
    pub step: usize,
    /// |a - b| / |a| of the loss, before the step's update.
    pub loss: f64,
    /// |a - b| / |a| of all weights and buffers as one vector, after the step's update.
    pub weights: f64,
}

/// The largest differences that are taken for rounding.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Envelope {
    /// In the first step.
    pub first: f64,
    /// The steps in which rounding may grow tenfold.
    pub decade: f64,
}

impl Envelope {
    /// f32 has a relative precision of 6e-8; sums of some thousand terms lose two digits of it,
    /// and every step amplifies.
    pub const STATED: Self = Self { first: 1e-5, decade: 25.0 };

    /// The bound in a step, from 1.
    pub fn at(&self, step: usize) -> f64 {
        self.first * libm::pow(10.0, step.saturating_sub(1) as f64 / self.decade)
    }
}

impl Apart {
    /// Whether both differences are numbers and small enough.
    pub fn is_within(&self, envelope: &Envelope) -> bool {
        let bound = envelope.at(self.step);
        self.loss <= bound && self.weights <= bound
    }
}

/// A trajectory after a step.
struct After {
    /// None where the strategy has left no example.
    loss: Option<f64>,
    weights: Vec<NamedTensor>,
}

/// Trains up to `steps` steps of a run on two devices, in lockstep; fewer where the run has fewer
/// or diverges, of which the last step tells by a difference that is not finite. Draws come from
/// the host on both, so that noise is the same, and both begin from the same needed runs.
///
/// # Errors
/// As [`super::run`].
pub fn compare(
    spec: &RunSpec,
    data: &Dataset,
    backends: [&Backend; 2],
    needed: &[Needed],
    steps: usize,
) -> Result<Parity> {
    let [a, b] = backends;
    std::thread::scope(|scope| {
        // A step of the first waits for one of the second to be compared with.
        let (to_second, from_first) = mpsc::sync_channel(0);
        let first = scope.spawn(move || {
            trajectory(spec, data, (a, needed), steps, &mut |after| {
                Ok(to_second.send(after).is_ok())
            })
        });
        let mut compared = Vec::new();
        let second = trajectory(spec, data, (b, needed), steps, &mut |after| {
            // The first has ended where it had fewer steps, or by an error that is told below.
            let Ok(other) = from_first.recv() else { return Ok(false) };
            let loss = match (other.loss, after.loss) {
                (None, None) => 0.0,
                (Some(a), Some(b)) => relative((a - b).abs(), a.abs()),
                _ => f64::NAN,
            };
            let weights = apart(&other.weights, &after.weights)?;
            compared.push(Apart { step: compared.len() + 1, loss, weights });
            Ok(loss.is_finite() && weights.is_finite())
        });
        drop(from_first);
        let first = first.join().map_err(|_| Error::unexpected("a trajectory panicked"))?;
        Ok(Parity { initial_roots: [first?, second?], steps: compared })
    })
}

/// Trains up to `steps` steps and tells each, until `tell` wants no more. Gives the initial root.
fn trajectory(
    spec: &RunSpec,
    data: &Dataset,
    (backend, needed): (&Backend, &[Needed]),
    steps: usize,
    tell: &mut dyn FnMut(After) -> Result<bool>,
) -> Result<Digest> {
    let mut trainer = Trainer::new(spec, data, backend, None, needed)?;
    trainer.habits = Habits { read_every: 1, draws: Draws::Host, ..trainer.habits };
    trainer.trace = Trace::new(1);
    let initial_root = checkpoint::root(&trainer.weights());
    let mut goes_on = 0 < steps;
    for epoch in 0..spec.cell.protocol.epochs {
        if !goes_on {
            break;
        }
        let ended = trainer.train_epoch(epoch, 0, &mut |trainer| {
            let loss = trainer.trace.values("loss").get(&(trainer.step - 1)).copied();
            let wanted = tell(After { loss, weights: trainer.weights() })?;
            goes_on = wanted && trainer.step < steps;
            Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        if let Ended::Diverged(_) = ended {
            tell(After { loss: Some(f64::NAN), weights: trainer.weights() })?;
            break;
        }
    }
    Ok(initial_root)
}

/// The Euclidean norm of the difference of all tensors over that of the first ones.
fn apart(a: &[NamedTensor], b: &[NamedTensor]) -> Result<f64> {
    let (mut difference, mut norm) = (0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        for (x, y) in a.to_f64()?.into_iter().zip(b.to_f64()?) {
            difference += (x - y) * (x - y);
            norm += x * x;
        }
    }
    Ok(relative(libm::sqrt(difference), libm::sqrt(norm)))
}

/// A difference of nothing is none, also of a value of 0.
fn relative(difference: f64, of: f64) -> f64 {
    if difference == 0.0 { 0.0 } else { difference / of }
}
