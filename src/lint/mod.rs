//! Protocol lint: what makes the results of a suite incomparable or biased, found in its resolved
//! descriptions alone, before anything is trained.
//!
//! A rule is one entry of [`RULES`] and a pure function of the cells. Each stands for a defect that
//! published code or published comparisons have.

mod compared;
mod difference;
mod effect;
mod same;
mod seeds;
mod selection;
mod splits;
mod steps;
mod subject;
#[cfg(test)]
mod tests;

pub use subject::Subject;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The rules, gravest first: the order of the findings.
pub const RULES: &[Rule] = &[
    selection::ON_TEST,
    splits::NO_VALIDATION,
    splits::OVERLAP,
    splits::UNLIKE_TEST,
    compared::PROTOCOL,
    compared::ESTIMATOR,
    same::TRAINING,
    seeds::DUPLICATE,
    seeds::FEW,
    splits::FIXED,
    splits::SMALL_VALIDATION,
    steps::DROP_LAST,
];

/// A rule: what it looks for, why that matters, and what to change.
pub struct Rule {
    /// Its stable name, in kebab case.
    pub name: &'static str,
    /// Half a sentence: what it looks for.
    pub finds: &'static str,
    /// Half a sentence: why a reader should care.
    pub why: &'static str,
    /// Half a sentence: what to change.
    pub remedy: &'static str,
    check: fn(&[Subject<'_>]) -> Vec<Hit>,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Numbers are biased, or compared where they cannot be.
    Warning,
    /// To be known when the numbers are read.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// Something a rule found, with everything needed to act on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The name of the rule.
    pub rule: String,
    pub severity: Severity,
    /// What is so, as half a sentence.
    pub message: String,
    /// The data sets or, where not all cells of one are concerned, the cells.
    #[serde(rename = "where")]
    pub places: Vec<String>,
    pub why: String,
    pub remedy: String,
}

impl Finding {
    /// At most `n` places, and how many more there are.
    pub fn places(&self, n: usize) -> String {
        let shown = self.places.iter().take(n).cloned().collect::<Vec<_>>().join("; ");
        match self.places.len().saturating_sub(n) {
            0 => shown,
            more => format!("{shown}; and {more} more"),
        }
    }
}

/// What a rule found in one place.
struct Hit {
    severity: Severity,
    message: String,
    place: String,
}

/// Applies every rule. The findings stand in the order of the rules, and of the cells within one;
/// one that holds in several places is said once.
pub fn lint(subjects: &[Subject<'_>]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for rule in RULES {
        let mut found: BTreeMap<(Severity, String), usize> = BTreeMap::new();
        let mut said = BTreeSet::new();
        for Hit { severity, message, place } in (rule.check)(subjects) {
            let at = *found.entry((severity, message.clone())).or_insert(findings.len());
            if at == findings.len() {
                findings.push(Finding {
                    rule: rule.name.into(),
                    severity,
                    message,
                    places: Vec::new(),
                    why: rule.why.into(),
                    remedy: rule.remedy.into(),
                });
            }
            if said.insert((at, place.clone())) {
                findings[at].places.push(place);
            }
        }
    }
    findings
}

/// The number of warnings and of notes in words: `1 warning, 2 notes`; `none` where there is none.
pub fn tally(findings: &[Finding]) -> String {
    let counts = [Severity::Warning, Severity::Note].map(|severity| {
        let n = findings.iter().filter(|finding| finding.severity == severity).count();
        (0 < n).then(|| format!("{n} {severity}{}", if n == 1 { "" } else { "s" }))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if counts.is_empty() { "none".into() } else { counts.join(", ") }
}

/// A hit for every cell for which `check` finds something; one for the whole data set where it
/// finds the same in all its cells.
fn each<'a>(
    subjects: &[Subject<'a>],
    check: impl Fn(&Subject<'a>) -> Option<(Severity, String)>,
) -> Vec<Hit> {
    let mut hits = Vec::new();
    for cells in subject::by_dataset(subjects) {
        let mut found: Vec<_> = cells.iter().map(|cell| check(cell)).collect();
        let is_common = found.iter().all(|other| *other == found[0]);
        if is_common {
            found.truncate(1);
        }
        for (cell, found) in cells.iter().zip(found) {
            if let Some((severity, message)) = found {
                let place = if is_common { cell.dataset.to_string() } else { cell.label() };
                hits.push(Hit { severity, message, place });
            }
        }
    }
    hits
}
