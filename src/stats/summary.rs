//! Location, spread and the t interval of a sample.

use crate::stats::student;
use serde::Serialize;

/// A two-sided 95 % interval, in the unit of the data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// What is known of a quantity from its seeds, in the unit of the data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    pub n: usize,
    pub mean: f64,
    /// Needs two values.
    pub sd: Option<f64>,
    /// The 95 % t interval of the mean; needs two values.
    pub interval: Option<Interval>,
}

/// The arithmetic mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The standard deviation with n - 1 in the denominator, in two passes; `None` below two values.
pub fn sd(values: &[f64]) -> Option<f64> {
    let centre = mean(values).filter(|_| values.len() > 1)?;
    // Equal values have no spread at all, although the rounded mean may differ from them.
    if values.iter().all(|value| *value == values[0]) {
        return Some(0.0);
    }
    let squares: f64 = values.iter().map(|value| (value - centre) * (value - centre)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The median, midway between the two central values where n is even; `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = sorted[sorted.len() / 2 - 1];
    Some(lower + (upper - lower) / 2.0)
}

/// Mean, standard deviation and 95 % t interval (Student 1908, *Biometrika* 6); `None` of nothing.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    let (n, centre, spread) = (values.len(), mean(values)?, sd(values));
    let interval = spread.map(|spread| {
        let half = student::quantile(0.975, (n - 1) as f64) * spread / (n as f64).sqrt();
        Interval { low: centre - half, high: centre + half }
    });
    Some(Estimate { n, mean: centre, sd: spread, interval })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Stream;
    use proptest::prelude::*;

    #[test]
    fn a_textbook_sample_gives_the_textbook_interval() {
        let Estimate { n, mean, sd, interval } = estimate(&[4.0, 5.0, 9.0]).unwrap();
        let Interval { low, high } = interval.unwrap();
        // 6 ± 4.302653 * sqrt(7) / sqrt(3)
        assert_eq!((n, mean), (3, 6.0));
        assert!((sd.unwrap() - 7f64.sqrt()).abs() < 1e-12);
        assert!((low + 0.572_413).abs() < 1e-5 && (high - 12.572_413).abs() < 1e-5, "{low} {high}");
    }

    #[test]
    fn one_value_has_a_mean_and_nothing_else() {
        let one = estimate(&[0.5]).unwrap();
        assert_eq!((one.mean, one.sd, one.interval), (0.5, None, None));
        assert_eq!(estimate(&[]), None);
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0, 10.0]), Some(2.5));
    }

    #[test]
    fn the_interval_of_three_normal_values_covers_the_truth_95_times_in_100() {
        let mut stream = Stream::new(0, "coverage");
        let trials = 4000;
        let covered = (0..trials)
            .filter(|_| {
                let sample = [(); 3].map(|()| stream.normal());
                let interval = estimate(&sample).and_then(|estimate| estimate.interval).unwrap();
                interval.low < 0.0 && 0.0 < interval.high
            })
            .count();
        let coverage = covered as f64 / f64::from(trials);
        assert!((coverage - 0.95).abs() < 0.012, "{coverage}");
    }

    proptest! {
        #[test]
        fn shifting_moves_the_location_and_leaves_the_spread(
            values in prop::collection::vec(-1e3f64..1e3, 2..20), shift in -1e3f64..1e3
        ) {
            let moved: Vec<f64> = values.iter().map(|value| value + shift).collect();
            prop_assert!((mean(&moved).unwrap() - mean(&values).unwrap() - shift).abs() < 1e-9);
            prop_assert!((median(&moved).unwrap() - median(&values).unwrap() - shift).abs() < 1e-9);
            prop_assert!((sd(&moved).unwrap() - sd(&values).unwrap()).abs() < 1e-7);
        }

        #[test]
        fn location_lies_within_the_sample_and_inside_its_interval(
            values in prop::collection::vec(-1e3f64..1e3, 2..20)
        ) {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min) - 1e-9;
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) + 1e-9;
            let summary = estimate(&values).unwrap();
            let interval = summary.interval.unwrap();
            prop_assert!(low <= summary.mean && summary.mean <= high);
            prop_assert!(low <= median(&values).unwrap() && median(&values).unwrap() <= high);
            prop_assert!(interval.low <= summary.mean && summary.mean <= interval.high);
        }
    }
}
