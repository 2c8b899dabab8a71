//! The number that a gate watches.

use crate::error::{Error, Result};
use crate::record::RunRecord;
use crate::record::metrics;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

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
            return 1e-3 * mean.abs().max(f64::EPSILON);
        }
        // One success and one failure more, so that a perfect score still has a spread.
        let n = examples as f64 + 2.0;
        let p = ((mean * examples as f64 + 1.0) / n).clamp(0.0, 1.0);
        0.1 * libm::sqrt(p * (1.0 - p) / n)
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
            assert_eq!(metric.name().parse::<Metric>().unwrap(), metric);
        }
        // The standard deviation of 400 tosses of a coin is 2.5 points.
        assert!((Metric::Accuracy.floor(0.5, 400) - 0.0025).abs() < 1e-5);
        assert!(Metric::Accuracy.floor(0.9, 900) < Metric::Accuracy.floor(0.9, 100));
        assert!("acuracy".parse::<Metric>().unwrap_err().to_string().contains("macro-f1"));
    }
}
