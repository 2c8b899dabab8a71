//! One training step: forward, loss, backward, modulation, update.

use super::optimizer::Optimizer;
use super::reading::{Raw, Readings};
use crate::device::Draws;
use crate::device::lists::List;
use crate::error::Result;
use crate::model::batch::Batch;
use crate::model::objective::Objective;
use crate::model::parameters::{Gradient, Group, take_gradients, update};
use crate::model::score::{Estimator, Phase};
use crate::model::{Look, Model};
use crate::strategy::opm::select_rows;
use crate::strategy::{Outputs, Scores, StepContext, Strategy, Updates, unimodal_logits};
use burn::module::Module;
use burn::tensor::Tensor;

/// Where in the run a step stands, and what it needs beside the model.
pub struct Position<'a> {
    pub seed: u64,
    pub epoch: usize,
    pub step: usize,
    pub pass: usize,
    pub turn: usize,
    pub lr: f64,
    pub names: &'a [String],
    pub objective: Objective,
    pub estimator: Estimator,
    pub draws: Draws,
}

/// The model after the step, and the step's scalars; none where no example was left.
pub struct Stepped {
    pub model: Model,
    pub readings: Option<Readings>,
    /// Examples that went forward through the model, and those whose loss went backward.
    pub forward: u64,
    pub backward: u64,
}

/// Takes one step on a batch that is on the autodiff device.
///
/// # Errors
/// When the score estimator does not work with the fusion.
pub fn step(
    model: Model,
    strategy: &mut dyn Strategy,
    optimizer: &mut Optimizer,
    batch: &Batch,
    updates: &Updates,
    at: &Position<'_>,
) -> Result<Stepped> {
    let mut per_loss = Vec::new();
    let mut scores = Scores::default();
    let mut losses = Vec::new();
    let frozen: Vec<bool> = (0..at.names.len()).map(|m| strategy.freezes(m)).collect();
    let look = Look { frozen: &frozen, ..Look::all(at.names.len()) };
    let [examples, _] = batch.targets.dims();
    let (mut forward, mut backward) = (0, 0);
    for index in 0..strategy.losses() {
        // A backward pass consumes the graph. A copy has the same weights and running statistics of
        // its own, so that those of the model are updated once.
        let copy = (0 < index).then(|| model.valid().train());
        let model = copy.as_ref().unwrap_or(&model);
        let inputs = strategy.inputs(&context(model, batch, &scores, at), batch.inputs.clone());
        let features = model.encode(inputs, look).features;
        forward += examples as u64;
        if index == 0 {
            scores = scores_of(model, strategy, &features, batch, at)?;
        }
        let context = context(model, batch, &scores, at);
        let features = strategy.features(&context, features);
        let targets = match &features.rows {
            None => batch.targets.clone(),
            Some(rows) if rows.is_empty() => {
                let model = model.clone();
                return Ok(Stepped { model, readings: None, forward, backward });
            }
            Some(rows) => select_rows(batch.targets.clone(), rows),
        };
        let logits = model.fusion.forward(&features.values);
        let outputs = Outputs {
            model,
            features: &features.values,
            logits,
            targets: &targets,
            objective: at.objective,
        };
        let loss = strategy.loss(&context, index, &outputs);
        losses.push(loss.clone().without_autodiff());
        backward += targets.dims()[0] as u64;
        per_loss.push(take_gradients(model, at.names, loss.backward()));
    }
    let squares = encoder_squares(&per_loss[0]);
    let gradients = strategy.gradients(&context(&model, batch, &scores, at), per_loss);
    let raw = Raw {
        modalities: at.names,
        examples,
        losses,
        scores: scores.tensor(),
        squares,
        traced: strategy.trace(),
    };
    let readings = Readings::new(at.epoch, at.step, raw);

    let updated = |gradient: &Gradient| updates.covers(gradient.site.group);
    let gradients = gradients.into_iter().filter(updated).collect();
    let mut values = optimizer.step(at.lr, gradients);
    let model = update(model, at.names, |site, _| values.remove(&site.path));
    Ok(Stepped { model, readings: Some(readings), forward, backward })
}

fn context<'a>(
    model: &'a Model,
    batch: &'a Batch,
    scores: &'a Scores,
    at: &Position<'a>,
) -> StepContext<'a> {
    StepContext {
        seed: at.seed,
        epoch: at.epoch,
        step: at.step,
        pass: at.pass,
        turn: at.turn,
        modalities: at.names,
        model,
        estimator: at.estimator,
        inputs: &batch.inputs,
        scores,
        draws: at.draws,
    }
}

/// The score sums, off the autodiff graph.
fn scores_of(
    model: &Model,
    strategy: &dyn Strategy,
    features: &[Tensor<2>],
    batch: &Batch,
    at: &Position<'_>,
) -> Result<Scores> {
    let features: Vec<Tensor<2>> = features.iter().map(|x| x.clone().without_autodiff()).collect();
    let targets = batch.targets.clone().without_autodiff();
    let model = model.heads_valid();
    let unimodal = unimodal_logits(strategy, at.estimator, &model, &features, Phase::Training)?;
    Ok(Scores::new(at.objective.score_sums(unimodal, &targets)))
}

/// The encoder's index of each gradient of an encoder, and the sums of squares of these gradients.
fn encoder_squares(gradients: &[Gradient]) -> (Vec<usize>, Option<Tensor<1>>) {
    let (owners, values) = gradients
        .iter()
        .filter_map(|gradient| match gradient.site.group {
            Group::Encoder(m) => Some((m, gradient.value.clone())),
            _ => None,
        })
        .unzip();
    (owners, List(values).squares())
}
