//! Metrics of predicted classes.

use super::{argmax, average_precision, f1, mean};

/// Class probabilities of a split: `n * n_classes` finite values, row by row, and the true classes.
#[derive(Clone)]
pub struct Predictions<'a> {
    probabilities: &'a [f64],
    labels: &'a [u32],
    n_classes: usize,
    /// The most probable class of each example.
    predicted: Vec<usize>,
}

impl<'a> Predictions<'a> {
    /// `None` where a value is not finite, so that no metric makes a number of it, or the sizes do
    /// not fit.
    pub fn new(probabilities: &'a [f64], labels: &'a [u32], n_classes: usize) -> Option<Self> {
        let fits = !labels.is_empty() && probabilities.len() == labels.len() * n_classes;
        if !fits || labels.iter().any(|label| n_classes <= *label as usize) {
            return None;
        }
        let predicted = probabilities.chunks_exact(n_classes).map(argmax).collect::<Option<_>>()?;
        Some(Self { probabilities, labels, n_classes, predicted })
    }

    fn rows(&self) -> impl Iterator<Item = (&[f64], usize)> {
        self.probabilities
            .chunks_exact(self.n_classes)
            .zip(self.labels.iter().map(|label| *label as usize))
    }

    /// Counts by true class (rows) and predicted class (columns).
    pub fn confusion(&self) -> Vec<Vec<u64>> {
        let mut counts = vec![vec![0; self.n_classes]; self.n_classes];
        for (predicted, label) in self.predicted.iter().zip(self.labels) {
            counts[*label as usize][*predicted] += 1;
        }
        counts
    }

    /// The share of examples whose most probable class is the true one.
    pub fn accuracy(&self) -> f64 {
        let pairs = self.predicted.iter().zip(self.labels);
        let right = pairs.filter(|(predicted, label)| **predicted == **label as usize).count();
        right as f64 / self.labels.len() as f64
    }

    /// The mean over all classes of F1 from the confusion matrix; 0/0 counts as 0 and stays in
    /// the mean (BalanceBenchmark `evaluation/precisions.py`).
    pub fn macro_f1(&self) -> f64 {
        let counts = self.confusion();
        let of_class = |class: usize| {
            let predicted = counts.iter().map(|row| row[class]).sum();
            f1(counts[class][class], predicted, counts[class].iter().sum())
        };
        mean((0..self.n_classes).map(of_class))
    }

    /// Average precision of every class: the sum of precision times the rise in recall over the
    /// distinct thresholds, tied scores together (`sklearn.metrics.average_precision_score`).
    /// A class without examples has 0.
    pub fn average_precision(&self) -> Vec<f64> {
        (0..self.n_classes).map(|class| self.average_precision_of(class)).collect()
    }

    fn average_precision_of(&self, class: usize) -> f64 {
        average_precision(self.rows().map(|(row, label)| (row[class], label == class)).collect())
    }

    /// The mean of [`Predictions::average_precision`] over the classes that have examples.
    pub fn mean_average_precision(&self) -> f64 {
        let present = |class: &usize| self.labels.contains(&(*class as u32));
        mean((0..self.n_classes).filter(present).map(|class| self.average_precision_of(class)))
    }

    /// The mean cross-entropy. A probability that underflows to 0 costs 708.4, that of the smallest
    /// normal number.
    pub fn cross_entropy(&self) -> f64 {
        mean(self.rows().map(|(row, label)| -libm::log(row[label].max(f64::MIN_POSITIVE))))
    }

    /// The share of clips, of so many examples each, of which every example's most probable class is
    /// the true one.
    pub fn clip_accuracy(&self, segments: usize) -> f64 {
        let right = |(predicted, labels): (&[usize], &[u32])| {
            predicted.iter().zip(labels).all(|(predicted, label)| *predicted == *label as usize)
        };
        let clips = self.predicted.chunks_exact(segments).zip(self.labels.chunks_exact(segments));
        mean(clips.map(|clip| f64::from(u8::from(right(clip)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_clip_is_right_where_all_its_segments_are() {
        let raw = [0.9, 0.1, 0.2, 0.8, 0.3, 0.7, 0.6, 0.4];
        let p = Predictions::new(&raw, &[0, 1, 1, 1], 2).unwrap();
        assert_eq!((p.accuracy(), p.clip_accuracy(2), p.clip_accuracy(4)), (0.75, 0.5, 0.0));
    }

    proptest! {
        #[test]
        fn no_metric_makes_a_number_of_what_is_none(
            at in 0usize..6,
            bad in prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
        ) {
            let mut raw = [0.2, 0.3, 0.5, 0.1, 0.1, 0.8];
            prop_assert!(Predictions::new(&raw, &[0, 2], 3).is_some());
            raw[at] = bad;
            prop_assert!(Predictions::new(&raw, &[0, 2], 3).is_none());
        }

        #[test]
        fn metrics_stay_in_their_range(
            raw in prop::collection::vec(0.0f64..1.0, 4 * 12),
            labels in prop::collection::vec(0u32..4, 12),
        ) {
            let p = Predictions::new(&raw, &labels, 4).unwrap();
            let unit = 0.0..=1.0 + 1e-12;
            prop_assert!(unit.contains(&p.accuracy()));
            prop_assert!(unit.contains(&p.macro_f1()));
            prop_assert!(unit.contains(&p.mean_average_precision()));
            prop_assert!(p.clip_accuracy(3) <= p.accuracy() + 1e-12);
            prop_assert_eq!(p.confusion().iter().flatten().sum::<u64>(), 12);
        }
    }
}
