//! Metrics of predictions, and shares of modalities in them: pure functions on f64.

mod classes;
mod labels;
mod values;

pub use classes::Predictions;
pub use labels::Decisions;
pub use values::Errors;

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

/// The mean; 0 of nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The harmonic mean of precision, of so many predicted, and recall, of so many that are; 0/0
/// counts as 0.
fn f1(hits: u64, predicted: u64, true_ones: u64) -> f64 {
    let ratio = |a: u64, b: u64| if b == 0 { 0.0 } else { a as f64 / b as f64 };
    let (precision, recall) = (ratio(hits, predicted), ratio(hits, true_ones));
    let total = precision + recall;
    if total == 0.0 { 0.0 } else { 2.0 * precision * recall / total }
}

/// The sum of precision times the rise in recall over the distinct scores, tied ones together
/// (`sklearn.metrics.average_precision_score`); 0 without a positive.
fn average_precision(mut ranked: Vec<(f64, bool)>) -> f64 {
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
        assert_eq!((argmax(&[]), argmax(&[0.1, f64::NAN])), (None, None));
    }

    proptest! {
        #[test]
        fn shapley_values_share_out_the_whole(value in prop::collection::vec(0.0f64..1.0, 8)) {
            let phi = shapley(3, &value);
            prop_assert!((phi.iter().sum::<f64>() - (value[7] - value[0])).abs() < 1e-12);
        }
    }
}
