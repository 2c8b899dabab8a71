//! Metrics of labels that each hold or not.

use super::{average_precision, f1, mean};

/// The logits of labels on a split, `n * labels` finite values, row by row, and whether each holds.
/// A label is predicted where its logit is above 0: where its probability is above one half.
#[derive(Clone, Copy)]
pub struct Decisions<'a> {
    logits: &'a [f64],
    holds: &'a [bool],
    labels: usize,
}

impl<'a> Decisions<'a> {
    /// `None` where a value is not finite, so that no metric makes a number of it, or the sizes do
    /// not fit.
    pub fn new(logits: &'a [f64], holds: &'a [bool], labels: usize) -> Option<Self> {
        let fits = !holds.is_empty()
            && logits.len() == holds.len()
            && 0 < labels
            && holds.len().is_multiple_of(labels);
        (fits && logits.iter().all(|x| x.is_finite())).then_some(Self { logits, holds, labels })
    }

    /// The logit of a label and whether it holds, example by example.
    fn of_label(&self, label: usize) -> impl Iterator<Item = (f64, bool)> {
        let all = self.logits.iter().copied().zip(self.holds.iter().copied());
        all.skip(label).step_by(self.labels)
    }

    /// Hits, predicted ones and true ones of a label.
    fn counts(&self, label: usize) -> [u64; 3] {
        self.of_label(label).fold([0; 3], |[hits, predicted, holding], (logit, holds)| {
            let is_predicted = 0.0 < logit;
            [
                hits + u64::from(is_predicted && holds),
                predicted + u64::from(is_predicted),
                holding + u64::from(holds),
            ]
        })
    }

    /// The mean over the labels of which an example has any of the average precision of ranking the
    /// examples by the label's logit. Unlike the probability, the logit tells very unlikely labels
    /// apart.
    pub fn mean_average_precision(&self) -> f64 {
        let has_examples = |label: &usize| self.of_label(*label).any(|(_, holds)| holds);
        let of = |label| average_precision(self.of_label(label).collect());
        mean((0..self.labels).filter(has_examples).map(of))
    }

    /// The mean over all labels of F1; 0/0 counts as 0.
    pub fn macro_f1(&self) -> f64 {
        mean((0..self.labels).map(|label| {
            let [hits, predicted, holding] = self.counts(label);
            f1(hits, predicted, holding)
        }))
    }

    /// F1 of all decisions together.
    pub fn micro_f1(&self) -> f64 {
        let all = (0..self.labels).map(|label| self.counts(label));
        let [hits, predicted, holding] =
            all.fold([0; 3], |sum, of| [0, 1, 2].map(|at| sum[at] + of[at]));
        f1(hits, predicted, holding)
    }

    /// The share of examples of which every label is decided rightly.
    pub fn subset_accuracy(&self) -> f64 {
        let rows = self.logits.chunks_exact(self.labels).zip(self.holds.chunks_exact(self.labels));
        mean(rows.map(|(logits, holds)| {
            let right = logits.iter().zip(holds).all(|(logit, holds)| (0.0 < *logit) == *holds);
            f64::from(u8::from(right))
        }))
    }

    /// The mean binary cross-entropy over examples and labels.
    pub fn cross_entropy(&self) -> f64 {
        mean(self.logits.iter().zip(self.holds).map(|(logit, holds)| {
            let against = if *holds { -logit } else { *logit };
            against.max(0.0) + libm::log1p(libm::exp(-against.abs()))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_examples_of_two_labels_by_hand() {
        let logits = [2.0, -1.0, -0.5, 1.0, 1.0, -3.0];
        let holds = [true, false, true, true, false, false];
        let d = Decisions::new(&logits, &holds, 2).unwrap();
        // Label 0: hits 1, predicted 2, true 2; label 1: hits 1, predicted 1, true 1.
        assert_eq!(d.macro_f1(), 0.75);
        assert!((d.micro_f1() - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(d.subset_accuracy(), 1.0 / 3.0);
        // Label 0 is ranked right, wrong, right: (1 + 2/3) / 2.
        assert!((d.mean_average_precision() - (5.0 / 6.0 + 1.0) / 2.0).abs() < 1e-12);
        let softplus = |x: f64| libm::log(1.0 + libm::exp(x));
        let sum: f64 = [-2.0, -1.0, 0.5, -1.0, 1.0, -3.0].map(softplus).iter().sum();
        assert!((d.cross_entropy() - sum / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_label_that_no_example_has_is_left_out_of_average_precision_alone() {
        let d = Decisions::new(&[1.0, -1.0, -1.0, -2.0], &[true, false, false, false], 2).unwrap();
        assert_eq!((d.mean_average_precision(), d.macro_f1()), (1.0, 0.5));
    }

    #[test]
    fn extreme_logits_have_a_finite_loss_and_what_is_no_number_has_none() {
        let d = Decisions::new(&[1e30, -1e30], &[true, true], 1).unwrap();
        assert_eq!(d.cross_entropy(), 5e29);
        for bad in [f64::NAN, f64::INFINITY] {
            assert!(Decisions::new(&[0.0, bad], &[true, true], 1).is_none());
        }
        assert!(Decisions::new(&[0.0], &[true, false], 1).is_none());
        assert!(Decisions::new(&[], &[], 1).is_none());
    }
}
