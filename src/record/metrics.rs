//! What is measured on a split: values by name, so that new tasks and analyses need no new format.
//!
//! A reader takes the names it knows and leaves the others where they are.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use crate::task::metric::Better;
use crate::task::metric::{LOSS, Metric};

/// What is measured of modalities on every split, in the order shown to users, and what it is: `<m>`
/// stands for a modality, `<metric>` for the one that a run is judged by.
pub const SHARES: [(&str, &str); 4] = [
    ("modality-<metric>.<m>", "the metric by one modality alone, by the run's score estimator"),
    (
        "without-<metric>.<m>",
        "the metric by all modalities but one, whose features are zero; where there are several",
    ),
    (
        "contribution.<m>",
        "Shapley contribution of a modality to the metric, absent features set to zero",
    ),
    (IMBALANCE, "largest contribution of a modality less the smallest"),
];

/// The largest contribution of a modality less the smallest: the degree of imbalance.
pub const IMBALANCE: &str = "imbalance";
/// What stands before the point in the names of [`contribution`].
pub const CONTRIBUTION: &str = "contribution";
/// What stands before the metric in the names of [`modality`].
pub(super) const MODALITY: &str = "modality-";
/// What stands before the metric in the names of [`without`].
pub(super) const WITHOUT: &str = "without-";

/// What stands before the metric in the names of [`probe`] and [`noisy`].
pub(super) const PROBE: &str = "probe-";
pub(super) const NOISY: &str = "noisy-";

/// The longest name of a metric, in bytes.
const MAX_NAME: usize = 100;

/// A metric of the predictions from one modality alone, by the run's score estimator.
pub fn modality(metric: Metric, modality: &str) -> String {
    format!("{MODALITY}{}.{modality}", metric.name)
}

/// A metric of the predictions from all modalities but one, whose features are zero.
pub fn without(metric: Metric, modality: &str) -> String {
    format!("{WITHOUT}{}.{modality}", metric.name)
}

/// A metric of what a linear model reads from the features of one encoder; see the observer
/// `linear-probe`.
pub fn probe(metric: Metric, modality: &str) -> String {
    format!("{PROBE}{}.{modality}", metric.name)
}

/// A metric where the inputs of one modality have noise; see the observer `noise`.
pub fn noisy(metric: Metric, modality: &str, sd: f64) -> String {
    format!("{NOISY}{}.{modality}.{sd}", metric.name)
}

/// The Shapley contribution of a modality to the primary metric, absent features set to zero; of
/// one that is better the lower it is, to its negative.
pub fn contribution(modality: &str) -> String {
    format!("{CONTRIBUTION}.{modality}")
}

/// Metrics on one split. Fractions, not percent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Metrics {
    /// Examples in the split.
    pub n: usize,
    /// By name: those above, and what a task or an analysis adds.
    values: BTreeMap<String, f64>,
}

impl Metrics {
    /// Metrics of `n` examples by name.
    ///
    /// # Errors
    /// When a name is no plain one, or a value is not finite.
    pub fn new(n: usize, values: BTreeMap<String, f64>) -> Result<Self, String> {
        for (name, value) in &values {
            check_name(name)?;
            if !value.is_finite() {
                return Err(format!("the metric `{name}` is not a finite number"));
            }
        }
        Ok(Self { n, values })
    }

    /// With further values.
    ///
    /// # Errors
    /// As [`Metrics::new`].
    pub fn and(self, further: BTreeMap<String, f64>) -> Result<Self, String> {
        let mut values = self.values;
        values.extend(further);
        Self::new(self.n, values)
    }

    /// The value of a metric that was measured.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values.get(name).copied()
    }

    /// All metrics by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.values.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Replaces a value, also by what no record may hold.
    #[cfg(test)]
    pub(crate) fn set(&mut self, name: &str, value: f64) {
        self.values.insert(name.to_string(), value);
    }

    /// Adds to a value that is there.
    #[cfg(test)]
    pub(crate) fn shift(&mut self, name: &str, by: f64) {
        *self.values.get_mut(name).unwrap() += by;
    }
}

/// [`Metrics`] as they stand in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    n: usize,
    values: BTreeMap<String, f64>,
}

impl TryFrom<Unchecked> for Metrics {
    type Error = String;

    fn try_from(unchecked: Unchecked) -> Result<Self, String> {
        Self::new(unchecked.n, unchecked.values)
    }
}

/// What is wrong with the name of a metric. Names become columns, file names and text for people.
fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if starts && name.len() <= MAX_NAME && name.chars().all(plain) {
        return Ok(());
    }
    let shown: String = name.chars().take(MAX_NAME).collect();
    Err(format!(
        "{shown:?} is not the name of a metric: that is a letter, then letters, digits, `-`, `_` or \
         `.`, up to {MAX_NAME} characters"
    ))
}

/// The metric by which a task is judged: epochs are selected by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedPrimary")]
pub struct Primary {
    pub metric: String,
    pub better: Better,
}

impl From<Metric> for Primary {
    fn from(metric: Metric) -> Self {
        Self { metric: metric.name.into(), better: metric.better }
    }
}

impl Primary {
    /// The value of the metric, where it was measured.
    pub fn of(&self, metrics: &Metrics) -> Option<f64> {
        metrics.get(&self.metric)
    }

    /// How good metrics are, for comparison: the better value first, of equals the lower loss.
    /// What was not measured is worst.
    pub(super) fn rank(&self, metrics: &Metrics) -> (f64, f64) {
        let sign = self.better.sign();
        let least = |value: Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
        (
            least(self.of(metrics).map(|value| sign * value)),
            least(metrics.get(LOSS.name).map(|loss| -loss)),
        )
    }
}

/// [`Primary`] as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UncheckedPrimary {
    metric: String,
    better: Better,
}

impl TryFrom<UncheckedPrimary> for Primary {
    type Error = String;

    fn try_from(unchecked: UncheckedPrimary) -> Result<Self, String> {
        check_name(&unchecked.metric)?;
        Ok(Self { metric: unchecked.metric, better: unchecked.better })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn metrics(values: &[(&str, f64)]) -> Metrics {
        let values = values.iter().map(|(name, value)| (name.to_string(), *value));
        Metrics::new(10, values.collect()).unwrap()
    }

    #[test]
    fn metrics_that_nobody_here_knows_are_kept() {
        let text = r#"{"n":10,"values":{"accuracy":0.5,"calibration-error.l1":0.25}}"#;
        let read: Metrics = serde_json::from_str(text).unwrap();
        assert_eq!(read.get("calibration-error.l1"), Some(0.25));
        assert_eq!(read.get(LOSS.name), None);
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }

    #[test]
    fn names_that_are_not_plain_are_refused() {
        let long = "x".repeat(MAX_NAME + 1);
        for name in ["", "1", "a b", "a\u{1b}[2J", "é", "../a", "-a", long.as_str()] {
            let text = serde_json::json!({ "n": 1, "values": { name: 0.5 } }).to_string();
            let error = serde_json::from_str::<Metrics>(&text).unwrap_err().to_string();
            assert!(error.contains("is not the name of a metric"), "{name:?}: {error}");
            assert!(!error.contains('\u{1b}'), "{error:?}");
            let text = serde_json::json!({ "metric": name, "better": "higher" }).to_string();
            assert!(serde_json::from_str::<Primary>(&text).is_err(), "{name:?}");
        }
        assert!(Metrics::new(1, BTreeMap::from([("a".into(), f64::NAN)])).is_err());
    }

    #[test]
    fn the_better_value_ranks_first_and_of_equals_the_lower_loss() {
        let of = |value: f64, loss: f64| metrics(&[("error", value), (LOSS.name, loss)]);
        let rank = |better, m: &Metrics| Primary { metric: "error".into(), better }.rank(m);
        assert!(rank(Better::Higher, &of(0.1, 1.0)) < rank(Better::Higher, &of(0.2, 2.0)));
        assert!(rank(Better::Lower, &of(0.2, 1.0)) < rank(Better::Lower, &of(0.1, 2.0)));
        assert!(rank(Better::Lower, &of(0.1, 2.0)) < rank(Better::Lower, &of(0.1, 1.0)));
        assert!(rank(Better::Lower, &metrics(&[])) < rank(Better::Lower, &of(1e300, 2.0)));
    }

    proptest! {
        #[test]
        fn metrics_read_back_as_they_are_written(
            values in prop::collection::btree_map("[a-z][a-z0-9.-]{0,20}", -1e9..1e9f64, 0..6),
        ) {
            let metrics = Metrics::new(3, values).unwrap();
            let text = serde_json::to_string(&metrics).unwrap();
            prop_assert_eq!(serde_json::from_str::<Metrics>(&text).unwrap(), metrics);
        }
    }
}
