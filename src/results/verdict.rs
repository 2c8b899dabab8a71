//! What a family of paired tests shows, together: corrected for their number.

use crate::stats::correction::{benjamini_hochberg, holm};
use crate::stats::paired::Paired;
use crate::stats::power::smallest_effect;
use crate::task::metric::Metric;
use std::collections::BTreeMap;

/// The level of a family of tests.
pub const ALPHA: f64 = 0.05;

/// What is concluded of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Better,
    Worse,
    /// Surely smaller than the margin, in either direction.
    Equivalent,
    /// Neither shown to differ nor shown to be equivalent.
    Undecided,
    /// Fewer than two pairs, or pairs that all differ by the same amount.
    Untested,
}

impl Verdict {
    /// In the order in which they are listed.
    pub const ALL: [Self; 5] =
        [Self::Better, Self::Worse, Self::Equivalent, Self::Undecided, Self::Untested];

    pub fn words(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Equivalent => "equivalent",
            Verdict::Undecided => "undecided",
            Verdict::Untested => "not testable",
        }
    }

    /// Whether it says that there is a difference.
    pub fn differs(self) -> bool {
        matches!(self, Verdict::Better | Verdict::Worse)
    }
}

/// What a family of tests is corrected for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// The chance of any false finding: Holm's.
    Holm,
    /// The share of false findings among all: Benjamini and Hochberg's, for explorations.
    FalseDiscoveryRate,
}

impl Correction {
    fn adjust(self, p_values: &[Option<f64>]) -> Vec<Option<f64>> {
        match self {
            Correction::Holm => holm(p_values),
            Correction::FalseDiscoveryRate => benjamini_hochberg(p_values),
        }
    }

    /// The level at which the next test of a family of `n` would be a finding, where `found` are.
    fn level(self, n: usize, found: usize) -> f64 {
        match self {
            Correction::Holm => ALPHA / n.saturating_sub(found).max(1) as f64,
            Correction::FalseDiscoveryRate => ALPHA * (found + 1).min(n) as f64 / n.max(1) as f64,
        }
    }
}

/// A test of a family, judged with the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Of the differences, in the metric's unit; `None` without a pair.
    pub test: Option<Paired>,
    /// The p value of a difference, corrected.
    pub p: Option<f64>,
    /// The p value of equivalence, corrected; `None` where there is no margin in the metric's unit.
    pub equivalence: Option<f64>,
    /// The smallest mean difference that the test, at the level at which it would be the next finding
    /// of its family, finds four times in five.
    pub detectable: Option<f64>,
    pub verdict: Verdict,
}

/// Judges a family of tests, each with the metric that it is about. `margin` is that of fractions.
pub fn judge(
    tests: &[(Option<Paired>, Metric)],
    margin: f64,
    correction: Correction,
) -> Vec<Judged> {
    let p = |of: &dyn Fn(&Paired, Metric) -> Option<f64>| {
        let values = tests.iter().map(|(test, metric)| of(test.as_ref()?, *metric));
        correction.adjust(&values.collect::<Vec<_>>())
    };
    let different = p(&|test, _| test.p);
    let equivalent = p(&|test, metric| test.equivalence(metric.is_fraction().then_some(margin)?));
    let found = different.iter().flatten().filter(|p| **p < ALPHA).count();
    let level = correction.level(tests.len(), found);
    // Tests of as many pairs need the same effect, which takes some time to find.
    let mut effects: BTreeMap<usize, Option<f64>> = BTreeMap::new();
    let mut effect = |n| *effects.entry(n).or_insert_with(|| smallest_effect(n, level));
    let judged = tests.iter().zip(different).zip(equivalent);
    judged
        .map(|(((test, metric), p), equivalence)| {
            let verdict = verdict(*test, *metric, p, equivalence);
            let detectable =
                test.and_then(|test| Some(effect(test.difference.n)? * test.difference.sd?));
            Judged { test: *test, p, equivalence, detectable, verdict }
        })
        .collect()
}

fn verdict(
    test: Option<Paired>,
    metric: Metric,
    p: Option<f64>,
    equivalence: Option<f64>,
) -> Verdict {
    match (test, p) {
        (Some(test), Some(p)) if p < ALPHA => {
            match 0.0 < metric.better.sign() * test.difference.mean {
                true => Verdict::Better,
                false => Verdict::Worse,
            }
        }
        _ if equivalence.is_some_and(|p| p < ALPHA) => Verdict::Equivalent,
        (Some(_), Some(_)) => Verdict::Undecided,
        _ => Verdict::Untested,
    }
}

impl Judged {
    /// The same test with a corrected p value of at least `p`, such as that of the family that it
    /// stands under.
    pub fn gated(self, p: Option<f64>, metric: Metric) -> Self {
        let p = self.p.zip(p).map(|(own, gate)| own.max(gate));
        Self {
            p,
            verdict: verdict(self.test, metric, p.or(self.p.and(Some(1.0))), self.equivalence),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::paired::paired;
    use crate::task::metric::{ACCURACY, LOSS};

    fn one(differences: &[f64]) -> Verdict {
        judge(&[(paired(differences), ACCURACY)], 0.01, Correction::Holm)[0].verdict
    }

    #[test]
    fn every_verdict_is_given_where_it_is_due() {
        assert_eq!(one(&[0.05, 0.06, 0.05, 0.07]), Verdict::Better);
        assert_eq!(one(&[-0.05, -0.06, -0.05, -0.07]), Verdict::Worse);
        assert_eq!(one(&[0.001, -0.001, 0.002, -0.002]), Verdict::Equivalent);
        assert_eq!(one(&[0.05, -0.06, 0.05, -0.07]), Verdict::Undecided);
        assert_eq!(one(&[0.0, 0.0]), Verdict::Equivalent);
        assert_eq!(one(&[0.1, 0.1]), Verdict::Untested);
        assert_eq!(one(&[0.1]), Verdict::Untested);
        assert_eq!(one(&[]), Verdict::Untested);
    }

    #[test]
    fn less_of_a_loss_is_better_and_no_margin_is_in_its_unit() {
        let judged = judge(&[(paired(&[-0.05, -0.06, -0.07]), LOSS)], 0.01, Correction::Holm)[0];
        assert_eq!((judged.verdict, judged.equivalence), (Verdict::Better, None));
    }

    #[test]
    fn what_is_detectable_is_that_of_the_corrected_test() {
        let differences = [0.01, -0.02, 0.015, 0.0, -0.01];
        let alone = (paired(&differences), ACCURACY);
        let detectable = |n| judge(&vec![alone; n], 0.01, Correction::Holm)[0].detectable.unwrap();
        let sd = alone.0.unwrap().difference.sd.unwrap();
        assert!((detectable(1) - smallest_effect(5, 0.05).unwrap() * sd).abs() < 1e-12);
        assert!((detectable(60) - smallest_effect(5, 0.05 / 60.0).unwrap() * sd).abs() < 1e-12);
    }

    #[test]
    fn a_gate_only_ever_closes() {
        let judged =
            judge(&[(paired(&[0.05, 0.06, 0.05, 0.07]), ACCURACY)], 0.01, Correction::Holm)[0];
        assert_eq!(judged.gated(Some(0.0), ACCURACY), judged);
        let closed = judged.gated(Some(0.3), ACCURACY);
        assert_eq!((closed.p, closed.verdict), (Some(0.3), Verdict::Undecided));
        assert_eq!(judged.gated(None, ACCURACY).verdict, Verdict::Undecided);
    }
}
