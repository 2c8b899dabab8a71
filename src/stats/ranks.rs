//! Summaries of several methods or many runs that no outlier decides.

/// The ranks of `values`, 1 the largest; equal values share the mean of their ranks.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let above = values.iter().filter(|other| *other > value).count();
        let equal = values.iter().filter(|other| *other == value).count();
        above as f64 + (equal + 1) as f64 / 2.0
    };
    values.iter().map(rank).collect()
}

/// The share of `differences` above 0, those of 0 counted half: the probability of improvement of
/// matched runs. `None` of nothing.
pub fn improvement(differences: &[f64]) -> Option<f64> {
    let won: f64 = differences
        .iter()
        .map(|x| match x.partial_cmp(&0.0) {
            Some(std::cmp::Ordering::Greater) => 1.0,
            Some(std::cmp::Ordering::Equal) => 0.5,
            _ => 0.0,
        })
        .sum();
    (!differences.is_empty()).then(|| won / differences.len() as f64)
}

/// The mean of the middle half: a quarter of the values, rounded down, is left out at either end
/// (Agarwal et al. 2021, arXiv 2108.13264). `None` of nothing.
pub fn interquartile_mean(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 4;
    crate::stats::summary::mean(&sorted[cut..sorted.len() - cut])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn worked_examples() {
        assert_eq!(ranks(&[0.3, 0.9, 0.3, 0.1]), [2.5, 1.0, 2.5, 4.0]);
        assert_eq!(improvement(&[0.1, -0.1, 0.0, 0.2]), Some(0.625));
        assert_eq!(improvement(&[]), None);
        // scipy.stats.trim_mean(x, 0.25).
        assert_eq!(interquartile_mean(&[100.0, 1.0, 2.0, 3.0, -50.0]), Some(2.0));
        assert_eq!(interquartile_mean(&[]), None);
    }

    proptest! {
        #[test]
        fn ranks_add_up_and_follow_the_values(values in prop::collection::vec(0f64..4.0, 1..12)) {
            let values: Vec<f64> = values.into_iter().map(f64::round).collect();
            let (ranks, n) = (ranks(&values), values.len() as f64);
            prop_assert!((ranks.iter().sum::<f64>() - n * (n + 1.0) / 2.0).abs() < 1e-9);
            for (i, a) in values.iter().enumerate() {
                for (j, b) in values.iter().enumerate() {
                    prop_assert_eq!(a > b, ranks[i] < ranks[j]);
                }
            }
        }
    }
}
