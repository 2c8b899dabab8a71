//! The metrics that tasks are judged by: names, the values that each can have, and which of two is
//! the better one.

use crate::error::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;

/// A metric that this program measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// The name in records, files and on the command line.
    pub name: &'static str,
    /// What tables and figures call it.
    pub label: &'static str,
    /// What it is.
    pub summary: &'static str,
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
    const fn fraction(name: &'static str, label: &'static str, summary: &'static str) -> Self {
        Self { name, label, summary, better: Better::Higher, least: 0.0, most: 1.0 }
    }

    const fn error(name: &'static str, label: &'static str, summary: &'static str) -> Self {
        Self { name, label, summary, better: Better::Lower, least: 0.0, most: f64::MAX }
    }

    /// Whether the values are shares of a whole, which people read as percentages.
    pub fn is_fraction(self) -> bool {
        (self.least, self.most) == (0.0, 1.0)
    }

    /// How far two values can be apart at most.
    pub fn reach(self) -> f64 {
        (self.most - self.least).min(f64::MAX)
    }

    /// A value as people read it: percent of a fraction.
    pub fn shown(self, value: f64) -> f64 {
        if self.is_fraction() { 100.0 * value } else { value }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        known(name).ok_or_else(|| {
            let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
            Error::input(format!("unknown metric `{name}`"))
                .with_hint(format!("the metrics are `{}`", names.join("`, `")))
        })
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(|error: Error| D::Error::custom(error.message))
    }
}

pub const LOSS: Metric = Metric::error(
    "loss",
    "loss",
    "mean cross-entropy, binary cross-entropy or squared error, by task",
);
pub const ACCURACY: Metric = Metric::fraction(
    "accuracy",
    "accuracy",
    "share of examples, or of segments, whose most probable class is the true one",
);
pub const MACRO_F1: Metric =
    Metric::fraction("macro-f1", "macro F1", "mean of F1 over all classes or labels");
pub const MICRO_F1: Metric =
    Metric::fraction("micro-f1", "micro F1", "F1 of all decisions of all labels together");
pub const MEAN_AVERAGE_PRECISION: Metric = Metric::fraction(
    "mean-average-precision",
    "mAP",
    "mean of average precision over the classes or labels present",
);
pub const SUBSET_ACCURACY: Metric = Metric::fraction(
    "subset-accuracy",
    "subset accuracy",
    "share of examples of which every label is decided rightly",
);
pub const CLIP_ACCURACY: Metric = Metric::fraction(
    "clip-accuracy",
    "clip accuracy",
    "share of clips of which every segment's most probable class is the true one",
);
pub const SIGN_ACCURACY: Metric = Metric::fraction(
    "sign-accuracy",
    "sign accuracy",
    "share of examples with a value other than 0 whose prediction has its sign",
);
pub const MEAN_ABSOLUTE_ERROR: Metric = Metric::error(
    "mean-absolute-error",
    "MAE",
    "mean of the absolute error, in the unit of the target",
);
pub const CORRELATION: Metric = Metric {
    name: "correlation",
    label: "correlation",
    summary: "Pearson's correlation of prediction and target",
    better: Better::Higher,
    least: -1.0,
    most: 1.0,
};
pub const R_SQUARED: Metric = Metric {
    name: "r-squared",
    label: "R²",
    summary: "share of the target's variance that the prediction explains; below 0 where the \
              mean is nearer",
    better: Better::Higher,
    least: -f64::MAX,
    most: 1.0,
};

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
            let text = serde_json::to_string(metric).unwrap();
            assert_eq!(text, format!("\"{metric}\""));
            assert_eq!(serde_json::from_str::<Metric>(&text).unwrap(), *metric);
        }
        let error = "acuracy".parse::<Metric>().unwrap_err().to_string();
        assert!(error.contains("macro-f1"), "{error}");
        assert!(ACCURACY.is_fraction() && !LOSS.is_fraction() && !CORRELATION.is_fraction());
        assert_eq!((Better::Higher.sign(), Better::Lower.sign()), (1.0, -1.0));
    }
}
