//! The statistical comparison of cells: a two-sample test with three verdicts.

use crate::stats::correction::holm;
use crate::stats::{student, summary};
use serde::Serialize;

/// What is known of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// Every run has the accepted root.
    Equal,
    /// Not worse by the margin: the whole interval of the change lies above it.
    Pass,
    /// Worse, by more than the margin.
    Regressed,
    /// Too few or too different runs to tell.
    Inconclusive,
}

impl Judgement {
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Pass => "pass",
            Self::Regressed => "regressed",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// How strict a comparison is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strictness {
    /// The change for the worse that matters, in the metric's unit.
    pub margin: f64,
    /// The one-sided level: of the family of cells for a regression, of each cell for a pass.
    pub level: f64,
}

/// The runs of a cell, new and accepted. Scores are signed so that more is better.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    pub new: Vec<f64>,
    pub accepted: Vec<f64>,
    /// The least spread that is taken for possible: see `Metric::floor`.
    pub floor: f64,
}

/// What the runs of a cell show, before the correction for many cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The change of the mean; less than 0 is worse.
    pub change: f64,
    /// The pooled standard deviation of a run.
    pub spread: f64,
    pub freedom: f64,
    /// The standard error of the change, in standard deviations of a run.
    pub scale: f64,
    /// The one-sided p value of a change for the worse; `None` where there is nothing to pool.
    pub p: Option<f64>,
}

impl Samples {
    /// The pooled two-sample t test (Student 1908, *Biometrika* 6); `None` where a side is empty.
    ///
    /// Runs are not paired by seed, although the seeds are often the same: where bits differ, the
    /// paths of training part, and pairs of uncorrelated runs would only cost degrees of freedom.
    pub fn compare(&self) -> Option<Comparison> {
        let change = summary::mean(&self.new)? - summary::mean(&self.accepted)?;
        let (n, m) = (self.new.len() as f64, self.accepted.len() as f64);
        let freedom = n + m - 2.0;
        let squares = |values: &[f64]| {
            summary::sd(values).map_or(0.0, |sd| sd * sd * (values.len() as f64 - 1.0))
        };
        let pooled = (squares(&self.new) + squares(&self.accepted)) / freedom.max(1.0);
        let spread = pooled.sqrt().max(self.floor);
        let scale = (1.0 / n + 1.0 / m).sqrt();
        let p = (0.0 < freedom).then(|| student::lower_tail(change / (spread * scale), freedom));
        Some(Comparison { change, spread, freedom, scale, p })
    }
}

impl Comparison {
    /// Half the width of the one-sided interval of the change, in the metric's unit.
    pub fn half_width(&self, level: f64) -> Option<f64> {
        let quantile = (0.0 < self.freedom).then(|| student::quantile(1.0 - level, self.freedom));
        quantile.map(|quantile| quantile * self.spread * self.scale)
    }

    /// The verdict, with a p value that was corrected for the number of cells.
    fn verdict(&self, corrected: Option<f64>, strictness: &Strictness) -> Judgement {
        let Strictness { margin, level } = *strictness;
        if self.change < -margin && corrected.is_some_and(|p| p < level) {
            return Judgement::Regressed;
        }
        match self.half_width(level) {
            Some(half) if -margin < self.change - half => Judgement::Pass,
            _ => Judgement::Inconclusive,
        }
    }
}

/// The verdict of each cell and its p value. A regression must be found in the family of all cells
/// (Holm) and be larger than the margin, so the chance that any of them is a false alarm is at
/// most the level. A pass is said of each cell alone.
pub fn judge(cells: &[Comparison], strictness: &Strictness) -> Vec<(Judgement, Option<f64>)> {
    let corrected = holm(&cells.iter().map(|cell| cell.p).collect::<Vec<_>>());
    let verdicts = cells.iter().zip(corrected);
    verdicts.map(|(cell, p)| (cell.verdict(p, strictness), p)).collect()
}

/// The smallest drop of one cell that is found with a probability of `power::POWER`, in the
/// metric's unit, for runs with this spread. It must pass the first step of Holm's correction, for
/// which `shift` standard errors are needed (see [`crate::stats::power::smallest_shift`]), and the margin.
pub fn smallest_drop(comparison: &Comparison, shift: f64, margin: f64) -> f64 {
    let error = comparison.spread * comparison.scale;
    // The normal quantile of the power; the change beyond the margin is a plain normal variable.
    const BEYOND: f64 = 0.841_621_233_572_914_3;
    (shift * error).max(margin + BEYOND * error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STRICT: Strictness = Strictness { margin: 0.01, level: 0.05 };

    fn judged(new: &[f64], accepted: &[f64], floor: f64) -> Judgement {
        let samples = Samples { new: new.to_vec(), accepted: accepted.to_vec(), floor };
        judge(&[samples.compare().unwrap()], &STRICT)[0].0
    }

    #[test]
    fn the_three_verdicts() {
        let accepted = [0.700, 0.702, 0.698, 0.701, 0.699];
        assert_eq!(judged(&[0.701, 0.699, 0.700], &accepted, 0.0), Judgement::Pass);
        assert_eq!(judged(&[0.651, 0.649, 0.650], &accepted, 0.0), Judgement::Regressed);
        assert_eq!(judged(&[0.651, 0.749, 0.700], &accepted, 0.0), Judgement::Inconclusive);
        // A drop that is certain but smaller than the margin is none.
        assert_eq!(judged(&[0.694, 0.694, 0.694], &accepted, 0.0), Judgement::Pass);
        // One run against one has nothing to pool.
        assert_eq!(judged(&[0.1], &[0.7], 0.001), Judgement::Inconclusive);
    }

    #[test]
    fn runs_that_are_all_alike_are_judged_by_the_floor() {
        assert_eq!(judged(&[0.5, 0.5], &[0.5, 0.5], 0.001), Judgement::Pass);
        assert_eq!(judged(&[0.4, 0.4], &[0.5, 0.5], 0.001), Judgement::Regressed);
        assert_eq!(judged(&[0.485, 0.485], &[0.5, 0.5], 0.02), Judgement::Inconclusive);
    }

    /// The half widths of the reference, in standard deviations of a run.
    #[test]
    fn half_widths_are_the_computed_ones() {
        let half = |n: usize, m: usize, level| {
            let freedom = (n + m - 2) as f64;
            let scale = (1.0 / n as f64 + 1.0 / m as f64).sqrt();
            Comparison { change: 0.0, spread: 1.0, freedom, scale, p: None }.half_width(level)
        };
        for (n, m, level, expected) in [
            (3, 10, 0.05, 1.18),
            (5, 10, 0.05, 0.97),
            (3, 20, 0.05, 1.07),
            (5, 20, 0.05, 0.86),
            (3, 10, 0.05 / 24.0, 2.37),
            (5, 10, 0.05 / 24.0, 1.90),
        ] {
            let found = half(n, m, level).unwrap();
            assert!((found - expected).abs() < 0.006, "{n} against {m}: {found}");
        }
    }

    proptest! {
        #[test]
        fn worse_runs_never_get_a_better_verdict(
            new in prop::collection::vec(0f64..1.0, 1..5),
            accepted in prop::collection::vec(0f64..1.0, 1..5),
            worse in 0f64..0.5,
        ) {
            let rank = |verdict| match verdict {
                Judgement::Regressed => 0,
                Judgement::Inconclusive => 1,
                Judgement::Pass | Judgement::Equal => 2,
            };
            let lower: Vec<f64> = new.iter().map(|score| score - worse).collect();
            let before = rank(judged(&new, &accepted, 1e-3));
            prop_assert!(rank(judged(&lower, &accepted, 1e-3)) <= before);
        }
    }
}
