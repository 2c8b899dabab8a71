//! Metrics of predicted probabilities: pure functions on f64.

use crate::error::Result;
use crate::record::metrics::Primary;
use crate::registry::{Part, find_part};
use crate::task::TASKS;

/// The metric by which a task is judged.
///
/// # Errors
/// When there is no such task.
pub fn primary(task: &Part) -> Result<Primary> {
    let metric = find_part("task", TASKS, task)?.build.primary;
    Ok(Primary { metric: metric.name.into(), better: metric.better })
}

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
        let ratio = |a: u64, b: u64| if b == 0 { 0.0 } else { a as f64 / b as f64 };
        let sum: f64 = (0..self.n_classes)
            .map(|class| {
                let hits = counts[class][class];
                let recall = ratio(hits, counts[class].iter().sum());
                let precision = ratio(hits, counts.iter().map(|row| row[class]).sum());
                let total = precision + recall;
                if total == 0.0 { 0.0 } else { 2.0 * precision * recall / total }
            })
            .sum();
        sum / self.n_classes as f64
    }

    /// Average precision of every class: the sum of precision times the rise in recall over the
    /// distinct thresholds, tied scores together (`sklearn.metrics.average_precision_score`).
    /// A class without examples has 0.
    pub fn average_precision(&self) -> Vec<f64> {
        (0..self.n_classes).map(|class| self.average_precision_of(class)).collect()
    }

    fn average_precision_of(&self, class: usize) -> f64 {
        let mut ranked: Vec<(f64, bool)> =
            self.rows().map(|(row, label)| (row[class], label == class)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let positives = ranked.iter().filter(|(_, positive)| *positive).count();
        if positives == 0 {
            return 0.0;
        }
        let (mut seen, mut hits, mut sum) = (0, 0, 0.0);
        for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
            let new_hits = tied.iter().filter(|(_, positive)| *positive).count();
            seen += tied.len();
            hits += new_hits;
            sum += hits as f64 / seen as f64 * new_hits as f64 / positives as f64;
        }
        sum
    }

    /// The mean of [`Predictions::average_precision`] over the classes that have examples.
    pub fn mean_average_precision(&self) -> f64 {
        let present: Vec<f64> = self
            .average_precision()
            .into_iter()
            .enumerate()
            .filter(|(class, _)| self.labels.contains(&(*class as u32)))
            .map(|(_, precision)| precision)
            .collect();
        present.iter().sum::<f64>() / present.len().max(1) as f64
    }
}

/// The first of the largest values; `None` where one is not finite, or there is none.
pub fn argmax(row: &[f64]) -> Option<usize> {
    let usable = !row.is_empty() && row.iter().all(|x| x.is_finite());
    usable.then(|| {
        row.iter().enumerate().fold(0, |best, (i, x)| if *x > row[best] { i } else { best })
    })
}

/// The Shapley value of each of `n` players, from the value of every coalition: `value[s]` is that
/// of the set of players whose bits are set in `s`, the empty set included.
pub fn shapley(n: usize, value: &[f64]) -> Vec<f64> {
    let factorial = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
    (0..n)
        .map(|player| {
            (0..value.len())
                .filter(|coalition| coalition & (1 << player) == 0)
                .map(|coalition| {
                    let size = coalition.count_ones() as usize;
                    let weight = factorial(size) * factorial(n - size - 1) / factorial(n);
                    weight * (value[coalition | (1 << player)] - value[coalition])
                })
                .sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shapley_of_two_players_by_hand() {
        // v(0) = 0.1, v(a) = 0.5, v(b) = 0.3, v(ab) = 0.9.
        let phi = shapley(2, &[0.1, 0.5, 0.3, 0.9]);
        assert!((phi[0] - 0.5).abs() < 1e-12 && (phi[1] - 0.3).abs() < 1e-12, "{phi:?}");
    }

    #[test]
    fn the_largest_is_the_first_of_equals() {
        assert_eq!(argmax(&[0.1, 0.4, 0.4]), Some(1));
        assert_eq!(argmax(&[]), None);
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
            prop_assert_eq!(argmax(&raw), None);
        }

        #[test]
        fn shapley_values_share_out_the_whole(value in prop::collection::vec(0.0f64..1.0, 8)) {
            let phi = shapley(3, &value);
            prop_assert!((phi.iter().sum::<f64>() - (value[7] - value[0])).abs() < 1e-12);
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
            prop_assert_eq!(p.confusion().iter().flatten().sum::<u64>(), 12);
        }
    }
}
