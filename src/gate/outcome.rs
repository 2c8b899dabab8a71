//! What a check comes to: in a word, as an exit code, and in sentences.

use super::cell::Judgement;
use super::reasons::{accept_hint, list};
use super::{Check, CheckedCell, SEEDS};
use crate::document::number::{amount, count, p_value};
use crate::error::{Error, Kind, Result};
use serde::Serialize;

/// What a check comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every run has its accepted root.
    Equal,
    /// Nothing is worse.
    Pass,
    /// Nothing is shown to be worse, but not every cell to be as good.
    Inconclusive,
    /// Bits changed where they must not.
    Drifted,
    /// A cell or the suite is worse.
    Regressed,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Drifted => "drifted",
            Self::Regressed => "regressed",
        }
    }
}

/// A check and what it comes to, for scripts.
#[derive(Serialize)]
pub struct Statement<'a> {
    pub outcome: Outcome,
    #[serde(flatten)]
    pub check: &'a Check,
}

impl<'a> Statement<'a> {
    pub fn of(check: &'a Check) -> Self {
        Self { outcome: check.outcome(), check }
    }
}

impl Check {
    /// What the check comes to: the worst that was found.
    pub fn outcome(&self) -> Outcome {
        let any = |verdict| self.cells.iter().any(|cell| cell.verdict == verdict);
        if self.exact.holds() {
            Outcome::Equal
        } else if any(Judgement::Regressed) || self.whole_regressed() {
            Outcome::Regressed
        } else if self.policy.exact {
            Outcome::Drifted
        } else if any(Judgement::Inconclusive) || self.whole_untested() {
            Outcome::Inconclusive
        } else {
            Outcome::Pass
        }
    }

    /// Whether the suite as a whole is worse. Where no root differs, nothing can be.
    pub fn whole_regressed(&self) -> bool {
        !self.exact.holds() && self.whole.is_some_and(|whole| whole.regressed)
    }

    /// Whether several cells differ, and have too few seeds in common to be tested together: then
    /// nobody knows of a small shift everywhere.
    pub fn whole_untested(&self) -> bool {
        1 < self.exact.cells.len() && self.whole.is_none()
    }

    /// The cells with this verdict.
    pub fn with(&self, verdict: Judgement) -> impl Iterator<Item = &CheckedCell> {
        self.cells.iter().filter(move |cell| cell.verdict == verdict)
    }

    /// The cells of which nothing can be said yet.
    pub fn open(&self) -> impl Iterator<Item = &CheckedCell> {
        self.with(Judgement::Inconclusive)
    }

    /// An error with its exit code, where the policy fails the suite.
    ///
    /// # Errors
    /// A regression; a run with other bits where exactness is asked for; what cannot be told where
    /// strictness is.
    pub fn conclude(&self) -> Result<()> {
        let regression =
            |message, hint: &str| Err(Error::new(Kind::Regression, message).with_hint(hint));
        match self.outcome() {
            Outcome::Regressed => {
                let mut reasons: Vec<String> =
                    self.with(Judgement::Regressed).map(|cell| self.drop_of(cell)).collect();
                if self.whole_regressed() {
                    reasons.extend(self.shift());
                }
                let hint = accept_hint("if the change is meant", &self.suite);
                regression(format!("{} regressed{}", self.suite, list(&reasons)), &hint)
            }
            Outcome::Drifted => {
                let hint = if self.exact.class.is_empty() {
                    "keep both sides' runs by `check --keep DIR`, and `bisect` finds the step at \
                     which two part"
                } else {
                    "accept the suite anew, or check without --exact"
                };
                let message = format!("{} is not exact: {}", self.suite, self.drift());
                let drifted = self.exact.drifted.iter();
                let runs = drifted.map(|d| format!("run {}: {}, seed {}", d.run, d.cell, d.seed));
                let message = format!("{message}{}", list(&runs.collect::<Vec<_>>()));
                Err(Error::new(Kind::Mismatch, message).with_hint(hint))
            }
            Outcome::Inconclusive if self.policy.strict => {
                let open = self.open().map(|cell| cell.label.clone());
                let open: Vec<String> = open.collect();
                let message = if open.is_empty() {
                    "the suite may have regressed: its cells have too few seeds in common".into()
                } else {
                    format!("{} may have regressed{}", count(open.len(), "cell"), list(&open))
                };
                regression(message, "add seeds by --add-seeds, or accept more of them")
            }
            _ => Ok(()),
        }
    }

    /// What the roots say, in a sentence without its full stop.
    pub fn drift(&self) -> String {
        let exact = &self.exact;
        let n = exact.equal + exact.drifted.len() + exact.unmatched.len();
        let runs = count(n, "run");
        let classes: Vec<String> = exact
            .class
            .iter()
            .map(|(name, values)| {
                let [accepted, found] = values.each_ref().map(|v| v.as_deref().unwrap_or("absent"));
                format!("{name} was {accepted} and is {found}")
            })
            .collect();
        let mut parts = vec![if exact.holds() {
            format!("all {runs} are equal to the bit")
        } else if classes.is_empty() {
            format!("{} of {runs} drifted", exact.drifted.len())
        } else {
            format!("{} of {runs} have other bits", exact.drifted.len())
        }];
        if !exact.unmatched.is_empty() {
            parts.push(format!("{} of seeds that were not accepted", exact.unmatched.len()));
        }
        if !classes.is_empty() {
            let what = if exact.holds() {
                "although the determinism class is another"
            } else {
                "not comparable to the bit, since the determinism class is another"
            };
            parts.push(format!("{what}: {}", classes.join(", ")));
        }
        parts.join("; ")
    }

    /// The smallest effects that would be found, in a sentence without its full stop.
    pub fn smallest_effects(&self) -> String {
        let drops: Vec<f64> = self.cells.iter().filter_map(|cell| cell.smallest_drop).collect();
        let of_cells = match (
            drops.iter().copied().reduce(f64::min),
            drops.iter().copied().reduce(f64::max),
        ) {
            (Some(least), Some(most)) => {
                format!(
                    "between {} and {} in one cell",
                    amount(self.metric, least),
                    amount(self.metric, most)
                )
            }
            _ => "none in one cell".into(),
        };
        let whole = self.whole.and_then(|whole| Some((whole.smallest_shift?, whole.unit)));
        let of_all = whole.map_or("none in all cells alike".into(), |(shift, unit)| {
            let amount = amount(self.metric, shift * unit);
            format!("{amount} ({shift:.2} standard deviations) in all cells alike")
        });
        format!("smallest drop found four times in five: {of_cells}; {of_all}")
    }

    /// Why the comparison is weaker than it may look, where it is.
    pub fn caveat(&self) -> Option<String> {
        (self.accepted_seeds < SEEDS).then(|| {
            let seeds = count(self.accepted_seeds, "seed");
            format!(
                "the baseline has only {seeds} per cell, so statistics see large drops alone; \
                 `accept --add-seeds` takes more"
            )
        })
    }

    fn drop_of(&self, cell: &CheckedCell) -> String {
        format!(
            "{}: worse by {} (p {})",
            cell.label,
            amount(self.metric, -cell.change),
            p_value(cell.p)
        )
    }

    /// The change of the suite as a whole, in words.
    pub fn shift(&self) -> Option<String> {
        self.whole.map(|whole| {
            let direction = if whole.change < 0.0 { "worse" } else { "better" };
            format!(
                "{} together: {direction} by {:.2} standard deviations (p {})",
                count(whole.cells, "cell"),
                whole.change.abs(),
                p_value(Some(whole.p)),
            )
        })
    }
}
