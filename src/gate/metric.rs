//! What a gate does with the metric that it watches: on the test split, at the epoch that the
//! protocol selects.

use crate::error::{Error, Result};
use crate::record::RunRecord;
use crate::task::metric::{LOSS, Metric};

/// By how much rounding may carry a mean of fractions out of their range.
const ROUNDING: f64 = 1e-9;

/// The largest value of a metric without a bound that is taken for one.
const LARGEST: f64 = 1e15;

/// The least standard deviation between runs, whatever the metric, so that none divides by zero.
const LEAST_SPREAD: f64 = 1e-12;

/// The largest margin of a loss: beyond it nothing is left to be found.
const MOST_LOSS: f64 = 5.0;

/// The unit in which margins are given: a percentage point of a fraction.
pub fn point(metric: Metric) -> f64 {
    if metric.is_fraction() { 0.01 } else { 1.0 }
}

/// Whether the metric can have this value.
pub fn holds(metric: Metric, score: f64) -> bool {
    let (least, most) = (metric.least.max(-LARGEST), metric.most.min(LARGEST));
    (least - ROUNDING..=most + ROUNDING).contains(&score)
}

/// What to say of a value that the metric cannot have.
pub fn none(metric: Metric, score: f64) -> String {
    let article = if metric.name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {metric} of {score:?} is none")
}

/// Refuses a margin, in the metric's unit, that is none, or beyond which nothing is left to be
/// found.
///
/// # Errors
/// When the margin is not a number from 0 to 20 points of a fraction, of a loss to 5.
pub fn check_margin(metric: Metric, margin: f64) -> Result<()> {
    let most = match metric.is_fraction() {
        true => 0.2,
        false if metric == LOSS => MOST_LOSS,
        false => f64::MAX,
    };
    if (0.0..=most).contains(&margin) {
        return Ok(());
    }
    let (unit, given) = match metric.is_fraction() {
        true => (" points", 100.0 * margin),
        false => ("", margin),
    };
    let limit = if most < f64::MAX {
        format!("from 0 to {}{unit}", most / point(metric))
    } else {
        "from 0 up".into()
    };
    Err(Error::input(format!("a margin of {given:?}{unit} makes no sense"))
        .with_hint(format!("give the change for the worse that matters, {limit}, such as 1")))
}

/// The metric of a run. A run without an epoch, or without the metric, has none: NaN.
pub fn of(metric: Metric, record: &RunRecord) -> f64 {
    record.selected().and_then(|epoch| epoch.test.get(metric.name)).unwrap_or(f64::NAN)
}

/// The number of test examples of a run.
pub fn examples(record: &RunRecord) -> usize {
    record.epochs.get(record.selected_epoch).map_or(0, |epoch| epoch.test.n)
}

/// The least standard deviation between runs that is taken for possible, however alike a few runs
/// are, so that a change in one test example is never infinitely many deviations: a tenth of that
/// with which `examples` examples show a fraction of `mean`, a thousandth of another mean.
pub fn floor(metric: Metric, mean: f64, examples: usize) -> f64 {
    if !metric.is_fraction() {
        return (1e-3 * mean.abs()).max(LEAST_SPREAD);
    }
    // One success and one failure more, so that a perfect score still has a spread.
    let n = examples as f64 + 2.0;
    let p = ((mean * examples as f64 + 1.0) / n).clamp(0.0, 1.0);
    (0.1 * libm::sqrt(p * (1.0 - p) / n)).max(LEAST_SPREAD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::metric::{ACCURACY, MEAN_ABSOLUTE_ERROR, METRICS, R_SQUARED};

    #[test]
    fn a_perfect_score_has_a_spread_and_more_examples_have_less() {
        for metric in METRICS {
            assert!(0.0 < floor(*metric, 1.0, 200), "{metric}");
            assert!(0.0 < floor(*metric, 0.0, 0), "{metric}");
            assert!(0.0 < floor(*metric, 1.0, usize::MAX), "{metric}");
        }
        // The standard deviation of 400 tosses of a coin is 2.5 points.
        assert!((floor(ACCURACY, 0.5, 400) - 0.0025).abs() < 1e-5);
        assert!(floor(ACCURACY, 0.9, 900) < floor(ACCURACY, 0.9, 100));
    }

    #[test]
    fn ranges_are_those_of_the_metrics() {
        for metric in METRICS {
            assert!(holds(*metric, 0.0) && holds(*metric, 1.0), "{metric}");
            for score in [1e308, f64::NAN, f64::INFINITY] {
                assert!(!holds(*metric, score), "{metric} {score}");
            }
            assert!(check_margin(*metric, point(*metric)).is_ok());
            for margin in [-1.0, f64::NAN, f64::INFINITY] {
                assert!(check_margin(*metric, margin).is_err(), "{metric} {margin}");
            }
        }
        assert!(holds(LOSS, 708.4) && !holds(LOSS, -0.5));
        assert!(!holds(ACCURACY, 1.5) && !holds(ACCURACY, -0.5) && holds(R_SQUARED, -3.0));
        assert!(check_margin(ACCURACY, 0.5).is_err() && check_margin(LOSS, 10.0).is_err());
        assert!(check_margin(MEAN_ABSOLUTE_ERROR, 300.0).is_ok());
    }
}
