//! The metrics that tasks are judged by: names, the values that each can have, and which of two is
//! the better one.

use serde::{Deserialize, Serialize};

/// A metric that this program measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// The name in records, files and on the command line.
    pub name: &'static str,
    pub better: Better,
    /// The least and the largest value, without rounding; `±f64::MAX` where there is no bound.
    pub least: f64,
    pub most: f64,
}

/// Which values of a metric are the better ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    Higher,
    Lower,
}

impl Better {
    /// What a value is multiplied by so that more is better.
    pub fn sign(self) -> f64 {
        match self {
            Better::Higher => 1.0,
            Better::Lower => -1.0,
        }
    }
}

impl Metric {
    const fn fraction(name: &'static str) -> Self {
        Self { name, better: Better::Higher, least: 0.0, most: 1.0 }
    }

    const fn error(name: &'static str) -> Self {
        Self { name, better: Better::Lower, least: 0.0, most: f64::MAX }
    }

    /// Whether the values are shares of a whole, which people read as percentages.
    pub fn is_fraction(self) -> bool {
        (self.least, self.most) == (0.0, 1.0)
    }
}

/// The loss: mean cross-entropy, mean binary cross-entropy or mean squared error by task.
pub const LOSS: Metric = Metric::error("loss");
/// The share of examples, or of their segments, whose most probable class is the true one.
pub const ACCURACY: Metric = Metric::fraction("accuracy");
/// The mean of F1 over all classes or labels.
pub const MACRO_F1: Metric = Metric::fraction("macro-f1");
/// F1 of all decisions of all labels together.
pub const MICRO_F1: Metric = Metric::fraction("micro-f1");
/// The mean of average precision over the classes or labels that have examples.
pub const MEAN_AVERAGE_PRECISION: Metric = Metric::fraction("mean-average-precision");
/// The share of examples of which every label is decided rightly.
pub const SUBSET_ACCURACY: Metric = Metric::fraction("subset-accuracy");
/// The share of clips of which every segment's most probable class is the true one.
pub const CLIP_ACCURACY: Metric = Metric::fraction("clip-accuracy");
/// The share of examples with a value other than 0 whose prediction has its sign.
pub const SIGN_ACCURACY: Metric = Metric::fraction("sign-accuracy");
/// The mean of the absolute error, in the unit of the target.
pub const MEAN_ABSOLUTE_ERROR: Metric = Metric::error("mean-absolute-error");
/// Pearson's correlation of prediction and target.
pub const CORRELATION: Metric =
    Metric { name: "correlation", better: Better::Higher, least: -1.0, most: 1.0 };
/// The share of the target's variance that the prediction explains; below 0 where the mean is
/// nearer than the prediction.
pub const R_SQUARED: Metric =
    Metric { name: "r-squared", better: Better::Higher, least: -f64::MAX, most: 1.0 };

/// Every metric of a task.
pub const METRICS: &[Metric] = &[
    LOSS,
    ACCURACY,
    MACRO_F1,
    MICRO_F1,
    MEAN_AVERAGE_PRECISION,
    SUBSET_ACCURACY,
    CLIP_ACCURACY,
    SIGN_ACCURACY,
    MEAN_ABSOLUTE_ERROR,
    CORRELATION,
    R_SQUARED,
];

/// The metric called `name`, if it is known.
pub fn known(name: &str) -> Option<Metric> {
    METRICS.iter().copied().find(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_only_shares_are_fractions() {
        for (at, metric) in METRICS.iter().enumerate() {
            assert!(METRICS[..at].iter().all(|other| other.name != metric.name), "{}", metric.name);
            assert_eq!(known(metric.name), Some(*metric));
        }
        assert_eq!(known("acuracy"), None);
        assert!(ACCURACY.is_fraction() && !LOSS.is_fraction() && !CORRELATION.is_fraction());
        assert_eq!((Better::Higher.sign(), Better::Lower.sign()), (1.0, -1.0));
    }
}
