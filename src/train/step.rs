//! One training step: forward, loss, backward, modulation, update.

use super::batch::Batch;
use super::optimizer::Optimizer;
use crate::error::Result;
use crate::model::Model;
use crate::model::parameters::{Gradient, Group, take_gradients, update};
use crate::model::score::{Estimator, score_sums};
use crate::modulation::coefficient::ratios;
use crate::modulation::opm::select_rows;
use crate::modulation::{Outputs, StepContext, Strategy, Updates};
use burn::module::Module;
use burn::tensor::Tensor;
use std::collections::BTreeMap;

/// Where in the run a step stands, and what it needs beside the model.
pub struct Position<'a> {
    pub seed: u64,
    pub epoch: usize,
    pub step: usize,
    pub pass: usize,
    pub turn: usize,
    pub lr: f64,
    pub names: &'a [String],
    pub estimator: Estimator,
}

/// The model after the step, and the step's scalars; none where no example was left.
pub struct Stepped {
    pub model: Model,
    pub scalars: Option<BTreeMap<String, f64>>,
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
    let mut scores = Vec::new();
    let mut loss_sum = 0.0;
    for index in 0..strategy.losses() {
        let inputs = strategy.inputs(&context(&model, batch, &scores, at), batch.inputs.clone());
        let features = model.features(inputs);
        if index == 0 {
            scores = scores_of(&model, &features, batch, at.estimator)?;
        }
        let context = context(&model, batch, &scores, at);
        let features = strategy.features(&context, features);
        let one_hot = match &features.rows {
            None => batch.one_hot.clone(),
            Some(rows) if rows.is_empty() => return Ok(Stepped { model, scalars: None }),
            Some(rows) => select_rows(batch.one_hot.clone(), rows),
        };
        let logits = model.fusion.forward(&features.values);
        let outputs = Outputs { features: &features.values, logits, one_hot: &one_hot };
        let loss = strategy.loss(&context, index, &outputs);
        loss_sum += scalar(loss.clone());
        per_loss.push(take_gradients(&model, at.names, loss.backward()));
    }
    let norms = encoder_norms(&per_loss[0], at.names.len());
    let gradients = strategy.gradients(&context(&model, batch, &scores, at), per_loss);

    let mut scalars = BTreeMap::from([("loss".to_string(), loss_sum)]);
    let rho = ratios(&scores);
    let size = batch.one_hot.dims()[0] as f64;
    for (m, name) in at.names.iter().enumerate() {
        scalars.insert(format!("score.{name}"), scores[m] / size);
        scalars.insert(format!("rho.{name}"), rho[m]);
        scalars.insert(format!("grad-norm.{name}"), norms[m]);
    }
    scalars.extend(strategy.trace(at.names));

    let mut by_path: BTreeMap<String, Tensor<1>> = gradients
        .into_iter()
        .filter(|gradient| updates.covers(gradient.site.group))
        .map(|gradient| (gradient.site.path, gradient.value))
        .collect();
    let model = update(model, at.names, |site, value| {
        by_path.remove(&site.path).map(|gradient| optimizer.step(at.lr, site, value, gradient))
    });
    Ok(Stepped { model, scalars: Some(scalars) })
}

fn context<'a>(
    model: &'a Model,
    batch: &'a Batch,
    scores: &'a [f64],
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
    }
}

/// The score sums, off the autodiff graph.
fn scores_of(
    model: &Model,
    features: &[Tensor<2>],
    batch: &Batch,
    estimator: Estimator,
) -> Result<Vec<f64>> {
    let features: Vec<Tensor<2>> = features.iter().map(|x| x.clone().without_autodiff()).collect();
    let one_hot = batch.one_hot.clone().without_autodiff();
    let sums = score_sums(&model.fusion.valid(), estimator, &features, &one_hot)?;
    Ok(sums.into_data().iter::<f64>().collect())
}

/// The Euclidean norm of each encoder's gradient, before modulation.
fn encoder_norms(gradients: &[Gradient], modalities: usize) -> Vec<f64> {
    let mut squares = vec![0.0; modalities];
    for gradient in gradients {
        if let Group::Encoder(m) = gradient.site.group {
            squares[m] += scalar((gradient.value.clone() * gradient.value.clone()).sum());
        }
    }
    squares.into_iter().map(libm::sqrt).collect()
}

fn scalar(tensor: Tensor<1>) -> f64 {
    tensor.into_data().iter::<f64>().next().unwrap_or(f64::NAN)
}
