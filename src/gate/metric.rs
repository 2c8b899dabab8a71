//! The number that a gate watches.

use crate::error::{Error, Result};
use crate::record::RunRecord;
use crate::record::metrics;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// By how much rounding may carry a mean of fractions out of their range.
const ROUNDING: f64 = 1e-9;

/// The largest mean cross-entropy that is taken for one. That of a classifier which is always
/// certain and always wrong is below 1000 in double precision.
const LARGEST_LOSS: f64 = 1e6;

/// The least standard deviation between runs, whatever the metric, so that none divides by zero.
const LEAST_SPREAD: f64 = 1e-12;

/// A metric on the test split, at the epoch that the protocol selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    Accuracy,
    MacroF1,
    MeanAveragePrecision,
    Loss,
}

impl Metric {
    pub const ALL: [Self; 4] =
        [Self::Accuracy, Self::MacroF1, Self::MeanAveragePrecision, Self::Loss];

    /// The name in records, files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => metrics::ACCURACY,
            Self::MacroF1 => metrics::MACRO_F1,
            Self::MeanAveragePrecision => metrics::MEAN_AVERAGE_PRECISION,
            Self::Loss => metrics::LOSS,
        }
    }

    /// 1 where more is better, -1 where less is.
    pub fn sign(self) -> f64 {
        if self == Self::Loss { -1.0 } else { 1.0 }
    }

    /// The unit in which margins are given: a percentage point of a fraction.
    pub fn point(self) -> f64 {
        if self == Self::Loss { 1.0 } else { 0.01 }
    }

    /// The values that the metric can have.
    fn range(self) -> RangeInclusive<f64> {
        match self {
            Self::Loss => 0.0..=LARGEST_LOSS,
            _ => -ROUNDING..=1.0 + ROUNDING,
        }
    }

    /// Whether the metric can have this value.
    pub fn holds(self, score: f64) -> bool {
        self.range().contains(&score)
    }

    /// What to say of a value that the metric cannot have.
    pub fn none(self, score: f64) -> String {
        let article = if self == Self::Accuracy { "an" } else { "a" };
        format!("{article} {self} of {score:?} is none")
    }

    /// Refuses a margin, in the metric's unit, that is none, or beyond which nothing is left to
    /// be found.
    ///
    /// # Errors
    /// When the margin is not a number from 0 to 20 points, of a loss to 5.
    pub fn check_margin(self, margin: f64) -> Result<()> {
        let most = if self == Self::Loss { 5.0 } else { 0.2 };
        if (0.0..=most).contains(&margin) {
            return Ok(());
        }
        let (unit, most, given) = match self {
            Self::Loss => ("", most, margin),
            _ => (" points", 100.0 * most, 100.0 * margin),
        };
        Err(Error::input(format!("a margin of {given:?}{unit} makes no sense"))
            .with_hint(format!("give the drop that matters, from 0 to {most}{unit}, such as 1")))
    }

    /// The metric of a run. A run without an epoch, or without the metric, has none: NaN.
    pub fn of(self, record: &RunRecord) -> f64 {
        record.selected().and_then(|epoch| epoch.test.get(self.name())).unwrap_or(f64::NAN)
    }

    /// The number of test examples of a run.
    pub fn examples(record: &RunRecord) -> usize {
        record.epochs.get(record.selected_epoch).map_or(0, |epoch| epoch.test.n)
    }

    /// The least standard deviation between runs that is taken for possible, however alike a few
    /// runs are, so that a change in one test example is never infinitely many deviations: a tenth
    /// of that with which `examples` examples show a fraction of `mean`, a thousandth of a loss.
    pub fn floor(self, mean: f64, examples: usize) -> f64 {
        if self == Self::Loss {
            return (1e-3 * mean.abs()).max(LEAST_SPREAD);
        }
        // One success and one failure more, so that a perfect score still has a spread.
        let n = examples as f64 + 2.0;
        let p = ((mean * examples as f64 + 1.0) / n).clamp(0.0, 1.0);
        (0.1 * libm::sqrt(p * (1.0 - p) / n)).max(LEAST_SPREAD)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join("`, `");
            Error::input(format!("unknown metric `{name}`"))
                .with_hint(format!("the metrics are `{names}`"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_score_has_a_spread_and_more_examples_have_less() {
        for metric in Metric::ALL {
            assert!(0.0 < metric.floor(1.0, 200), "{metric}");
            assert!(0.0 < metric.floor(0.0, 0), "{metric}");
            assert!(0.0 < metric.floor(1.0, usize::MAX), "{metric}");
            assert_eq!(metric.name().parse::<Metric>().unwrap(), metric);
        }
        // The standard deviation of 400 tosses of a coin is 2.5 points.
        assert!((Metric::Accuracy.floor(0.5, 400) - 0.0025).abs() < 1e-5);
        assert!(Metric::Accuracy.floor(0.9, 900) < Metric::Accuracy.floor(0.9, 100));
        assert!("acuracy".parse::<Metric>().unwrap_err().to_string().contains("macro-f1"));
    }

    #[test]
    fn ranges_are_those_of_the_metrics() {
        for metric in Metric::ALL {
            assert!(metric.holds(0.0) && metric.holds(1.0), "{metric}");
            for score in [-0.5, 1e308, f64::NAN, f64::INFINITY] {
                assert!(!metric.holds(score), "{metric} {score}");
            }
            assert!(metric.check_margin(metric.point()).is_ok());
            for margin in [-1.0, 10.0, f64::NAN, f64::INFINITY] {
                assert!(metric.check_margin(margin).is_err(), "{metric} {margin}");
            }
        }
        assert!(Metric::Loss.holds(708.4) && !Metric::Accuracy.holds(1.5));
    }
}
