//! Observers: what a suite has measured after every epoch beside the metrics of the task.
//!
//! An observer moves no weight, buffer or draw of the training: a run with observers has the weights
//! of the run without. What it measures stands in the record by name, under the run's root.

mod gradients;
mod linear_probe;
mod noise;
mod ridge;

use super::evaluate::Evaluation;
use super::measure::Measured;
use crate::data::Split;
use crate::error::Result;
use crate::model::batch::{Batch, Source};
use crate::registry::{Entry, Params, Part, find_part};
use burn::tensor::Tensor;
use std::collections::BTreeMap;

/// What was measured, by name.
pub type Values = BTreeMap<String, f64>;

/// How an observer is made.
pub struct Build {
    /// See [`crate::suite::catalog::ObserverInfo::repeats`].
    pub repeats: bool,
    /// Of its resolved parameters.
    pub make: fn(&Params) -> Box<dyn Observer>,
}

/// Every observer, in the order shown to users.
pub const OBSERVERS: &[Entry<Build>] = &[linear_probe::ENTRY, gradients::ENTRY, noise::ENTRY];

/// Something that is measured of a model after an epoch.
pub trait Observer {
    /// Looks at the model and the training split, before the others: what it gives stands among the
    /// epoch's means of training.
    ///
    /// # Errors
    /// When the split cannot be read, or the score estimator does not work with the fusion.
    fn of_training(&mut self, _: &Observed<'_>) -> Result<Values> {
        Ok(Values::new())
    }

    /// Looks at a split: what it gives stands among the metrics of the split.
    ///
    /// # Errors
    /// As [`Observer::of_training`].
    fn of_split(&mut self, _: &Observed<'_>, _: Seen<'_>) -> Result<Values> {
        Ok(Values::new())
    }
}

/// A split and where its batches come from.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    pub split: &'a Split,
    pub source: &'a Source<'a>,
}

/// A model after an epoch, with what it takes to judge it.
#[derive(Clone, Copy)]
pub struct Observed<'a> {
    pub seed: u64,
    /// Its model is on the autodiff device.
    pub evaluation: &'a Evaluation<'a>,
    /// Its batches are on the autodiff device.
    pub training: Seen<'a>,
}

impl Observed<'_> {
    /// The primary metric of outputs `[example, output]` on a split; 0 where they leave it undefined,
    /// and `NaN` where one is not finite.
    fn primary(&self, split: &Split, outputs: &[f64]) -> f64 {
        let Evaluation { outputs: size, task, .. } = *self.evaluation;
        let measured = Measured::new(&split.targets, size, outputs);
        measured.map_or(f64::NAN, |measured| measured.primary(task.primary))
    }
}

/// The observers of a description.
///
/// # Errors
/// When there is no observer of a name and revision.
pub fn build(parts: &[Part]) -> Result<Vec<Box<dyn Observer>>> {
    let one = |part: &Part| {
        let entry = find_part("observer", OBSERVERS, part)?;
        Ok((entry.build.make)(&entry.checked(part)?))
    };
    parts.iter().map(one).collect()
}

/// The number of examples in a batch.
const CHUNK: usize = 500;

/// The batches of a whole split in order, off the autodiff graph.
fn batches<'a>(part: Seen<'a>) -> impl Iterator<Item = Result<Batch>> + 'a {
    let rows: Vec<usize> = (0..part.split.len()).collect();
    let chunks = rows.chunks(CHUNK).map(<[usize]>::to_vec).collect();
    part.source.batches(chunks, None).map(|batch| batch.map(plain))
}

fn plain(batch: Batch) -> Batch {
    let plain = |x: Tensor<2>| if x.is_autodiff() { x.without_autodiff() } else { x };
    Batch { inputs: batch.inputs.into_iter().map(plain).collect(), targets: plain(batch.targets) }
}

fn to_f64(x: Tensor<2>) -> Vec<f64> {
    x.into_data().iter::<f64>().collect()
}
