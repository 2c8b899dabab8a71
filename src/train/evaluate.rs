//! Evaluation of a model on a split: every example, in order, none left out.

use super::measure::Measured;
use super::metrics::shapley;
use crate::data::Split;
use crate::error::{Error, Result};
use crate::model::batch::Source;
use crate::model::mask::Mask;
use crate::model::objective::Objective;
use crate::model::score::{Estimator, Phase};
use crate::model::{Look, Model};
use crate::record::metrics::{IMBALANCE, Metrics, contribution, modality, without};
use crate::strategy::{Strategy, unimodal_logits};
use crate::task::Task;
use crate::task::metric::ACCURACY;
use burn::module::Module;
use burn::tensor::Tensor;
use std::collections::BTreeMap;

/// Examples per evaluation step. Part of the definition: another number would group sums of
/// another shape in the kernels.
const CHUNK: usize = 500;

/// How predictions are made and read.
pub struct Evaluation<'a> {
    pub model: &'a Model,
    pub strategy: &'a dyn Strategy,
    pub estimator: Estimator,
    /// The names of the modalities, in the order of the model.
    pub modalities: &'a [String],
    /// The length of the model's output.
    pub outputs: usize,
    pub objective: Objective,
    pub task: Task,
}

/// What a model shows on a split.
pub struct Evaluated {
    pub metrics: Metrics,
    /// The fused logits `[n, output]`, row by row, in the order of the split.
    pub logits: Vec<f32>,
}

impl Evaluation<'_> {
    /// Logits and all metrics of the model in evaluation mode on one split, whose batches `source`
    /// gives. `None` where a logit is not finite: of the model, of a modality alone, or of a coalition.
    ///
    /// # Errors
    /// When the score estimator does not work with the fusion, or the split cannot be read.
    pub fn of(&self, split: &Split, source: &Source<'_>) -> Result<Option<Evaluated>> {
        let model = self.model.valid();
        let modalities = self.modalities.len();
        // Outputs stay on the device until all chunks are through.
        let mut fused = Vec::new();
        let mut predictions = Vec::new();
        let mut alone = vec![Vec::new(); modalities];
        let mut coalitions = vec![Vec::new(); 1 << modalities];
        let rows: Vec<usize> = (0..split.len()).collect();
        let chunks = rows.chunks(CHUNK).map(<[usize]>::to_vec).collect();
        for batch in source.batches(chunks, None) {
            let batch = batch?;
            let all = Look::all(modalities);
            let features = model.encode(batch.inputs.clone(), all).features;
            let (strategy, phase) = (self.strategy, Phase::Evaluation);
            let unimodal = unimodal_logits(strategy, self.estimator, &model, &features, phase)?;
            for (outputs, logits) in alone.iter_mut().zip(unimodal) {
                outputs.push(self.judged(logits));
            }
            for (mask, outputs) in Mask::coalitions(modalities).zip(&mut coalitions) {
                let seen = match (mask.is_all(), model.fusion.reach()) {
                    (true, _) => features.clone(),
                    (false, 0) => mask.zero_out(&features),
                    // What a modality has told the others must go with it.
                    (false, _) => model.encode(batch.inputs.clone(), Look { mask, ..all }).features,
                };
                let logits = strategy.evaluate(&model, &seen, mask);
                if mask.is_all() {
                    predictions.push(self.objective.predictions(logits.clone()));
                    fused.push(logits.clone());
                }
                outputs.push(self.judged(logits));
            }
        }
        let Task { primary, metrics, .. } = self.task;
        let of = |outputs: Vec<Tensor<2>>| {
            let values = to_f64(outputs);
            Some(Measured::new(&split.targets, self.outputs, &values)?.primary(primary))
        };
        let of_each = |outputs: Vec<Vec<Tensor<2>>>| {
            outputs.into_iter().map(of).collect::<Option<Vec<f64>>>()
        };
        let (Some(alone), Some(coalitions)) = (of_each(alone), of_each(coalitions)) else {
            return Ok(None);
        };
        let logits = to_f64(fused);
        let predictions = to_f64(predictions);
        let measured = Measured::new(&split.targets, self.outputs, &predictions);
        let Some(measured) = measured.filter(|_| logits.iter().all(|x| x.is_finite())) else {
            return Ok(None);
        };
        let sign = primary.better.sign();
        let goodness: Vec<f64> = coalitions.iter().map(|value| sign * value).collect();
        let shares = shapley(modalities, &goodness);
        let most = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
        let defined = metrics.iter().filter_map(|of| Some((of.name.into(), measured.value(*of)?)));
        let mut values: BTreeMap<String, f64> = defined.collect();
        values.insert(primary.name.into(), measured.primary(primary));
        values.insert(IMBALANCE.into(), most - least);
        for (m, name) in self.modalities.iter().enumerate() {
            values.insert(modality(primary, name), alone[m]);
            values.insert(contribution(name), shares[m]);
            if 1 < modalities {
                values.insert(
                    without(primary, name),
                    coalitions[Mask::all_but(m, modalities).place()],
                );
            }
        }
        let metrics = Metrics::new(split.len(), values).map_err(Error::unexpected)?;
        Ok(Some(Evaluated { metrics, logits: logits.iter().map(|x| *x as f32).collect() }))
    }

    /// What the primary metric is measured of. The most probable class is that of the largest logit,
    /// which a softmax may round to a tie.
    fn judged(&self, logits: Tensor<2>) -> Tensor<2> {
        if self.task.primary == ACCURACY { logits } else { self.objective.predictions(logits) }
    }
}

fn to_f64(outputs: Vec<Tensor<2>>) -> Vec<f64> {
    Tensor::cat(outputs, 0).into_data().iter::<f64>().collect()
}
