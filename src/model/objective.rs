//! Losses and scores by task.
//!
//! All but the squared error are one cross-entropy over rows of classes: an example is a row, a
//! label is a row of the two classes yes and no with the logits `x` and 0, and a segment is a row.
//! So all are stable, exact also where a logit is 0, and deterministic on every device.

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
        let (logits, targets) = self.rows(logits, targets.clone());
        cross_entropy(logits, &targets)
    }

    /// The sum over the batch of every example's score in (0, 1], larger for a better prediction:
    /// the probability of the true class (Eq. 8 of the conference paper), the mean over labels of
    /// the probability of the right decision, `scale / (scale + |error|)`, or the mean over segments
    /// of the probability of the true class. Those but the first are ours: the papers have no other
    /// task.
    pub fn score_sum(self, logits: Tensor<2>, targets: &Tensor<2>) -> Tensor<1> {
        if let Kind::Regression { scale } = self.0 {
            let error = (logits - targets.clone()).abs().mul_scalar(1.0 / scale);
            return error.add_scalar(1.0).recip().sum();
        }
        let [batch, _] = logits.dims();
        let (logits, targets) = self.rows(logits, targets.clone());
        let [rows, _] = logits.dims();
        let sum = (softmax(logits, 1) * targets).sum();
        if rows == batch { sum } else { sum.mul_scalar(batch as f64 / rows as f64) }
    }

    /// What the logits say: probabilities of the classes, also for each segment by itself, or the
    /// value. Of a label that is its logit, since the probability of an unlikely one rounds to 0.
    pub fn predictions(self, logits: Tensor<2>) -> Tensor<2> {
        match self.0 {
            Kind::Classification => softmax(logits, 1),
            Kind::MultiLabel | Kind::Regression { .. } => logits,
            Kind::Segments { segments } => {
                let [batch, outputs] = logits.dims();
                softmax(by_segment(logits, segments), 1).reshape([batch, outputs])
            }
        }
    }

    /// Logits and one-hot targets, a row for every choice between classes.
    fn rows(self, logits: Tensor<2>, targets: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        match self.0 {
            Kind::Classification | Kind::Regression { .. } => (logits, targets),
            Kind::MultiLabel => {
                let [batch, labels] = logits.dims();
                let column = |x: Tensor<2>| x.reshape([batch * labels, 1]);
                let (logits, holds) = (column(logits), column(targets));
                let fails = holds.ones_like() - holds.clone();
                let zeros = holds.zeros_like();
                (Tensor::cat(vec![logits, zeros], 1), Tensor::cat(vec![holds, fails], 1))
            }
            Kind::Segments { segments } => {
                (by_segment(logits, segments), by_segment(targets, segments))
            }
        }
    }
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
    (log_softmax(logits, 1) * one_hot.clone()).sum().mul_scalar(-1.0 / rows as f64)
}
