//! One run on two devices, step by step: how far the trajectories are apart.
//!
//! Kernels of two libraries group sums differently, so that the weights differ in the last bits
//! after one step, and training amplifies that. A wrong kernel or setting shows as a difference
//! that is too large from the start, which a comparison of final accuracies would hide.

use super::needed::Needed;
use super::reading::Readings;
use super::trainer::Trainer;
use crate::checkpoint::{self, NamedTensor};
use crate::data::Dataset;
use crate::device::Draws;
use crate::device::{Backend, Habits};
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::suite::run::RunSpec;
use serde::Serialize;
use std::rc::Rc;

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

/// Trains up to `steps` steps of a run on two devices, in lockstep; fewer where the run has fewer
/// or diverges, of which the last step tells by a difference that is not finite. Draws come from the host on both, so that noise is the same; both begin from
/// the same needed runs.
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
    let [a, b] = backends.map(|backend| {
        let mut trainer = Trainer::new(spec, data, backend, None, needed)?;
        // Nothing is read but here.
        let own = trainer.habits;
        trainer.habits = Habits { read_every: usize::MAX, draws: Draws::Host, ..own };
        Ok::<_, Error>(trainer)
    });
    let mut trainers = [a?, b?];
    let initial_roots = trainers.each_ref().map(|trainer| checkpoint::root(&trainer.weights()));
    let mut parity = Parity { initial_roots, steps: Vec::new() };
    for epoch in 0..spec.cell.protocol.epochs {
        let plans = trainers.each_mut().map(|trainer| trainer.begin_epoch(epoch));
        for (pass, turns) in plans[0].iter().enumerate() {
            let sources = trainers.each_ref().map(|trainer| Rc::clone(&trainer.sources));
            let rows = trainers.each_mut().map(|trainer| trainer.batches(epoch, pass));
            let [rows_a, rows_b] = rows;
            let batches = sources[0].train.batches(rows_a).zip(sources[1].train.batches(rows_b));
            for (batch_a, batch_b) in batches {
                if parity.steps.len() == steps {
                    return Ok(parity);
                }
                for (trainer, batch) in trainers.iter_mut().zip([batch_a, batch_b]) {
                    trainer.train_batch(&batch, (epoch, pass), turns)?;
                }
                let [loss_a, loss_b] = trainers.each_mut().map(|trainer| {
                    let read = Readings::read(std::mem::take(&mut trainer.unread));
                    // Neither has a loss where the strategy has left no example.
                    read.last().map(|(_, _, scalars)| scalars["loss"])
                });
                let loss = match (loss_a, loss_b) {
                    (None, None) => 0.0,
                    (Some(a), Some(b)) => relative((a - b).abs(), a.abs()),
                    _ => f64::NAN,
                };
                let weights = apart(&trainers[0].weights(), &trainers[1].weights())?;
                parity.steps.push(Apart { step: parity.steps.len() + 1, loss, weights });
                if !loss.is_finite() || !weights.is_finite() {
                    return Ok(parity);
                }
            }
        }
    }
    Ok(parity)
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
