//! Evaluation of a model on a split: every example, in order, none left out.

use super::metrics::{Predictions, shapley};
use crate::data::Split;
use crate::data::targets::Targets;
use crate::error::{Error, Result};
use crate::model::batch::Source;
use crate::model::mask::Mask;
use crate::model::score::{Estimator, Phase};
use crate::model::{Look, Model};
use crate::record::metrics::{self, Metrics};
use crate::strategy::{Strategy, unimodal_logits};
use burn::module::Module;
use burn::tensor::{Tensor, activation::softmax};
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
    pub n_classes: usize,
}

/// What a model shows on a split.
pub struct Evaluated {
    pub metrics: Metrics,
    /// The fused logits `[n, n_classes]`, row by row, in the order of the split.
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
        let mut probabilities = Vec::new();
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
                outputs.push(logits);
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
                    probabilities.push(softmax(logits.clone(), 1));
                    fused.push(logits.clone());
                }
                outputs.push(logits);
            }
        }
        let Targets::Classes(labels) = &split.targets else {
            return Err(Error::input("only classification can be evaluated"));
        };
        let accuracy = |outputs: Vec<Tensor<2>>| {
            let values = to_f64(outputs);
            Some(Predictions::new(&values, labels, self.n_classes)?.accuracy())
        };
        let accuracies = |outputs: Vec<Vec<Tensor<2>>>| {
            outputs.into_iter().map(accuracy).collect::<Option<Vec<f64>>>()
        };
        let (Some(alone), Some(coalitions)) = (accuracies(alone), accuracies(coalitions)) else {
            return Ok(None);
        };
        let logits = to_f64(fused);
        let probabilities = to_f64(probabilities);
        let predictions = Predictions::new(&probabilities, labels, self.n_classes);
        let Some(predictions) = predictions.filter(|_| logits.iter().all(|x| x.is_finite())) else {
            return Ok(None);
        };
        let n = split.len() as f64;
        let contribution = shapley(modalities, &coalitions);
        let most = contribution.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = contribution.iter().copied().fold(f64::INFINITY, f64::min);
        // A probability that underflows to 0 costs 708.4, that of the smallest normal number.
        let loss: f64 = probabilities
            .chunks_exact(self.n_classes)
            .zip(labels)
            .map(|(row, label)| -libm::log(row[*label as usize].max(f64::MIN_POSITIVE)))
            .sum();
        let mut values = BTreeMap::from([
            (metrics::LOSS.to_string(), loss / n),
            (metrics::ACCURACY.to_string(), predictions.accuracy()),
            (metrics::MACRO_F1.to_string(), predictions.macro_f1()),
            (metrics::MEAN_AVERAGE_PRECISION.to_string(), predictions.mean_average_precision()),
            (metrics::IMBALANCE.to_string(), most - least),
        ]);
        for (m, name) in self.modalities.iter().enumerate() {
            values.insert(metrics::modality_accuracy(name), alone[m]);
            values.insert(metrics::contribution(name), contribution[m]);
        }
        let metrics = Metrics::new(split.len(), values).map_err(Error::unexpected)?;
        Ok(Some(Evaluated { metrics, logits: logits.iter().map(|x| *x as f32).collect() }))
    }
}

fn to_f64(outputs: Vec<Tensor<2>>) -> Vec<f64> {
    Tensor::cat(outputs, 0).into_data().iter::<f64>().collect()
}
