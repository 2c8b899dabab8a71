//! Losses, scores and predictions by task.
//!
//! All but the squared error are one cross-entropy over rows of classes: an example is a row, a
//! label is a row of the two classes yes and no with the logits `x` and 0, and a segment is a row.
//! So all are stable, exact also where a logit is 0, and deterministic on every device.

use crate::device::sum;
use crate::error::Result;
use crate::registry::Part;
use crate::task::Kind;
use burn::tensor::Tensor;
use burn::tensor::activation::{log_softmax, softmax};

/// What a model is trained for. Logits and targets are `[batch, output]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective(Kind);

impl Objective {
    /// The objective of a description's task.
    ///
    /// # Errors
    /// As [`Kind::of`].
    pub fn of(task: &Part) -> Result<Self> {
        Ok(Self(Kind::of(task)?))
    }

    /// The loss, a mean over the batch: of cross-entropy, of the mean binary cross-entropy over
    /// labels, of the squared error, or of the mean cross-entropy over segments.
    pub fn loss(self, logits: Tensor<2>, targets: &Tensor<2>) -> Tensor<1> {
        if let Kind::Regression { .. } = self.0 {
            return (logits - targets.clone()).square().mean();
        }
        cross_entropy(self.choices(logits), &self.chosen(targets.clone()))
    }

    /// The sum over the batch of every example's score in (0, 1], larger for a better prediction:
    /// the probability of the true class (Eq. 8 of the conference paper), the mean over labels of
    /// the probability of the right decision, `scale / (scale + |error|)`, or the mean over segments
    /// of the probability of the true class. Those but the first are ours: the papers have no other
    /// task.
    pub fn score_sum(self, logits: Tensor<2>, targets: &Tensor<2>) -> Tensor<1> {
        if let Kind::Regression { scale } = self.0 {
            let error = (logits - targets.clone()).abs().mul_scalar(1.0 / scale);
            return sum(error.add_scalar(1.0).recip());
        }
        let [batch, _] = logits.dims();
        let (choices, chosen) = (self.choices(logits), self.chosen(targets.clone()));
        let [rows, _] = choices.dims();
        let score = sum(softmax(choices, 1) * chosen);
        if rows == batch { score } else { score.mul_scalar(batch as f64 / rows as f64) }
    }

    /// [`Objective::score_sum`] of the logits of each modality alone: `[modality]`.
    pub fn score_sums(self, unimodal: Vec<Tensor<2>>, targets: &Tensor<2>) -> Tensor<1> {
        let score = |logits| self.score_sum(logits, targets);
        Tensor::cat(unimodal.into_iter().map(score).collect(), 0)
    }

    /// What the logits say: probabilities of the classes, also for each segment by itself, or the
    /// value. Of a label that is its logit, since the probability of an unlikely one rounds to 0.
    pub fn predictions(self, logits: Tensor<2>) -> Tensor<2> {
        match self.0 {
            Kind::Classification => softmax(logits, 1),
            Kind::MultiLabel | Kind::Regression { .. } => logits,
            Kind::Segments { .. } => {
                let shape = logits.dims();
                softmax(self.choices(logits), 1).reshape(shape)
            }
        }
    }

    /// The logits of the mean prediction of several models: of the mean probability in every choice,
    /// or the mean value. `None` of no model.
    pub fn mean_prediction(self, logits: Vec<Tensor<2>>) -> Option<Tensor<2>> {
        let n = logits.len() as f64;
        let shape = logits.first()?.dims();
        let mean = |each: Vec<Tensor<2>>| {
            let sum = each.into_iter().reduce(|sum, x| sum + x);
            sum.map(|sum| sum.mul_scalar(1.0 / n))
        };
        if let Kind::Regression { .. } = self.0 {
            return mean(logits);
        }
        let probabilities = logits.into_iter().map(|logits| softmax(self.choices(logits), 1));
        // Above 0 also where every probability underflows.
        let log = mean(probabilities.collect())?.clamp_min(f32::MIN_POSITIVE).log();
        Some(match self.0 {
            Kind::MultiLabel => {
                let [rows, _] = log.dims();
                let (holds, fails) =
                    (log.clone().slice([0..rows, 0..1]), log.slice([0..rows, 1..2]));
                (holds - fails).reshape(shape)
            }
            _ => log.reshape(shape),
        })
    }

    /// The logits of every choice between classes, a row for each.
    fn choices(self, logits: Tensor<2>) -> Tensor<2> {
        match self.0 {
            Kind::Classification | Kind::Regression { .. } => logits,
            Kind::MultiLabel => {
                let logits = column(logits);
                let zeros = logits.zeros_like();
                Tensor::cat(vec![logits, zeros], 1)
            }
            Kind::Segments { segments } => by_segment(logits, segments),
        }
    }

    /// The class of every choice, one-hot.
    fn chosen(self, targets: Tensor<2>) -> Tensor<2> {
        match self.0 {
            Kind::Classification | Kind::Regression { .. } => targets,
            Kind::MultiLabel => {
                let holds = column(targets);
                let fails = holds.ones_like() - holds.clone();
                Tensor::cat(vec![holds, fails], 1)
            }
            Kind::Segments { segments } => by_segment(targets, segments),
        }
    }
}

fn column(x: Tensor<2>) -> Tensor<2> {
    let [batch, outputs] = x.dims();
    x.reshape([batch * outputs, 1])
}

/// `[batch, segments * class]` as `[batch * segments, class]`.
fn by_segment(x: Tensor<2>, segments: usize) -> Tensor<2> {
    let [batch, outputs] = x.dims();
    x.reshape([batch * segments, outputs / segments])
}

/// The mean over the rows of the cross-entropy of `logits` with one-hot targets. A product, since
/// the backward pass of a gather is a scatter, which is not deterministic on every device.
pub fn cross_entropy(logits: Tensor<2>, one_hot: &Tensor<2>) -> Tensor<1> {
    let [rows, _] = logits.dims();
    sum(log_softmax(logits, 1) * one_hot.clone()).mul_scalar(-1.0 / rows as f64)
}
