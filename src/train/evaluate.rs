//! Evaluation of a model on a split: every example, in order, none left out.

use super::batch::gather;
use super::metrics::{Predictions, argmax, shapley};
use crate::data::Split;
use crate::error::Result;
use crate::model::Model;
use crate::model::layers::Place;
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
    /// The indices of the data set's modalities that take part.
    pub columns: &'a [usize],
    pub n_classes: usize,
    pub place: &'a Place,
}

impl Evaluation<'_> {
    /// All metrics of the model in evaluation mode on one split.
    ///
    /// # Errors
    /// When the score estimator does not work with the fusion.
    pub fn metrics(&self, split: &Split) -> Result<Metrics> {
        let model = self.model.valid();
        let modalities = self.columns.len();
        let mut fused = Vec::new();
        let mut alone = vec![0usize; modalities];
        let mut coalitions = vec![0usize; 1 << modalities];
        let rows: Vec<usize> = (0..split.len()).collect();
        for rows in rows.chunks(CHUNK) {
            let batch = gather(split, self.columns, rows, self.n_classes, self.place);
            let labels: Vec<usize> = rows.iter().map(|row| split.labels[*row] as usize).collect();
            let right = |logits: Tensor<2>| {
                let values = to_f64(logits);
                let predicted = values.chunks_exact(self.n_classes).map(argmax);
                predicted.zip(&labels).filter(|(class, label)| class == *label).count()
            };
            let features = model.features(batch.inputs);
            let unimodal = self.estimator.logits(&model.fusion, &features, Phase::Evaluation)?;
            let logits = self.strategy.evaluate(model.fusion.forward(&features), &unimodal);
            for (count, logits) in alone.iter_mut().zip(unimodal) {
                *count += right(logits);
            }
            for (coalition, count) in coalitions.iter_mut().enumerate() {
                let kept = zero_out(&features, |m| coalition & (1 << m) != 0);
                *count += right(model.fusion.forward(&kept));
            }
            fused.extend(to_f64(softmax(logits, 1)));
        }
        let n = split.len() as f64;
        let share = |counts: &[usize]| counts.iter().map(|c| *c as f64 / n).collect::<Vec<f64>>();
        let predictions =
            Predictions { probabilities: &fused, labels: &split.labels, n_classes: self.n_classes };
        let contribution = shapley(modalities, &share(&coalitions));
        let most = contribution.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = contribution.iter().copied().fold(f64::INFINITY, f64::min);
        let loss: f64 = fused
            .chunks_exact(self.n_classes)
            .zip(&split.labels)
            .map(|(row, label)| -libm::log(row[*label as usize].max(f64::MIN_POSITIVE)))
            .sum();
        Ok(Metrics {
            n: split.len(),
            loss: loss / n,
            accuracy: predictions.accuracy(),
            macro_f1: predictions.macro_f1(),
            mean_average_precision: predictions.mean_average_precision(),
            modality_accuracy: share(&alone),
            imbalance: most - least,
            contribution,
        })
    }
}

fn to_f64(tensor: Tensor<2>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}
