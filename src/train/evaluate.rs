//! Evaluation of a model on a split: every example, in order, none left out.

use super::batch::Source;
use super::metrics::{Predictions, shapley};
use crate::data::Split;
use crate::error::Result;
use crate::model::Model;
use crate::model::score::{Estimator, Phase, zero_out};
use crate::modulation::Strategy;
use crate::record::Metrics;
use burn::module::Module;
use burn::tensor::{Tensor, activation::softmax};

/// Examples per evaluation step. Part of the definition: another number would group sums of
/// another shape in the kernels.
const CHUNK: usize = 500;

/// How predictions are made and read.
pub struct Evaluation<'a> {
    pub model: &'a Model,
    pub strategy: &'a dyn Strategy,
    pub estimator: Estimator,
    pub modalities: usize,
    pub n_classes: usize,
}

impl Evaluation<'_> {
    /// All metrics of the model in evaluation mode on one split, whose batches `source` gives.
    /// `None` where a logit is not finite: of the model, of a modality alone, or of a coalition.
    ///
    /// # Errors
    /// When the score estimator does not work with the fusion.
    pub fn metrics(&self, split: &Split, source: &Source<'_>) -> Result<Option<Metrics>> {
        let model = self.model.valid();
        let modalities = self.modalities;
        // Outputs stay on the device until all chunks are through.
        let mut fused = Vec::new();
        let mut probabilities = Vec::new();
        let mut alone = vec![Vec::new(); modalities];
        let mut coalitions = vec![Vec::new(); 1 << modalities];
        let rows: Vec<usize> = (0..split.len()).collect();
        for batch in source.batches(rows.chunks(CHUNK).map(<[usize]>::to_vec).collect()) {
            let features = model.features(batch.inputs);
            let unimodal = self.estimator.logits(&model.fusion, &features, Phase::Evaluation)?;
            let logits = self.strategy.evaluate(model.fusion.forward(&features), &unimodal);
            for (outputs, logits) in alone.iter_mut().zip(unimodal) {
                outputs.push(logits);
            }
            for (coalition, outputs) in coalitions.iter_mut().enumerate() {
                let kept = zero_out(&features, |m| coalition & (1 << m) != 0);
                outputs.push(model.fusion.forward(&kept));
            }
            probabilities.push(softmax(logits.clone(), 1));
            fused.push(logits);
        }
        let accuracy = |outputs: Vec<Tensor<2>>| {
            let values = to_f64(outputs);
            Some(Predictions::new(&values, &split.labels, self.n_classes)?.accuracy())
        };
        let accuracies = |outputs: Vec<Vec<Tensor<2>>>| {
            outputs.into_iter().map(accuracy).collect::<Option<Vec<f64>>>()
        };
        let (Some(alone), Some(coalitions)) = (accuracies(alone), accuracies(coalitions)) else {
            return Ok(None);
        };
        let logits = to_f64(fused);
        let probabilities = to_f64(probabilities);
        let predictions = Predictions::new(&probabilities, &split.labels, self.n_classes);
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
            .zip(&split.labels)
            .map(|(row, label)| -libm::log(row[*label as usize].max(f64::MIN_POSITIVE)))
            .sum();
        Ok(Some(Metrics {
            n: split.len(),
            loss: loss / n,
            accuracy: predictions.accuracy(),
            macro_f1: predictions.macro_f1(),
            mean_average_precision: predictions.mean_average_precision(),
            modality_accuracy: alone,
            imbalance: most - least,
            contribution,
        }))
    }
}

fn to_f64(outputs: Vec<Tensor<2>>) -> Vec<f64> {
    Tensor::cat(outputs, 0).into_data().iter::<f64>().collect()
}
