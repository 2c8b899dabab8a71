//! The regression gate: whether the numbers of a suite are still those that were accepted.
//!
//! ```text
//! records + baseline -> validity -> roots -> statistics where roots differ -> verdict
//! ```
//!
//! Pure functions of records and a baseline: nothing here trains or prints. Equal roots prove
//! equality and end the matter. Cells with other roots are compared as samples: each by a
//! two-sample test with three verdicts, and all of them together for a small shift everywhere.
//! Whatever the verdict, the smallest change that would have been found is told.

pub mod baseline;
pub mod cell;
pub mod complete;
pub mod exact;
pub mod failure;
pub mod junit;
mod lines;
pub mod markdown;
pub mod metric;
pub mod outcome;
pub mod reasons;
pub mod replacement;
pub mod table;
pub mod validity;
pub mod whole;

use crate::error::{Error, Result};
use crate::results::input::{CellInput, SuiteInput};
use crate::stats::power;
use crate::stats::summary::{Estimate, estimate};
use crate::suite::run::RunId;
use crate::task::metric::Metric;
use baseline::{AcceptedCell, Baseline};
use cell::{Comparison, Judgement, Samples, Strictness, judge, smallest_drop};
use exact::Exact;
use serde::Serialize;
use std::collections::BTreeMap;
use whole::{BySeed, Whole};

/// The number of accepted seeds below which a comparison is called weak.
pub const SEEDS: usize = 10;

/// What is asked of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Policy {
    /// Runs must be the accepted ones to the bit.
    pub exact: bool,
    /// What cannot be told fails.
    pub strict: bool,
    /// The change for the worse that matters, in the metric's unit.
    pub margin: f64,
    /// The chance of a false alarm of the whole check, from 0 to 1. One half is spent on the
    /// cells, one half on the suite as a whole.
    pub alpha: f64,
    /// How often it may be looked: twice, where seeds are added to the cells that the first look
    /// leaves open. Every look has its share of the level.
    pub looks: usize,
}

/// A suite compared with its baseline.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    pub suite: String,
    pub metric: Metric,
    pub policy: Policy,
    pub exact: Exact,
    /// In the order of the suite.
    pub cells: Vec<CheckedCell>,
    /// Of the cells whose roots differ, or of all where none does; `None` where there are too few
    /// cells or seeds.
    pub whole: Option<Whole>,
    /// The least number of accepted seeds of a cell.
    pub accepted_seeds: usize,
}

/// A cell compared with its accepted runs. Scores and changes are in the metric's unit.
#[derive(Clone, Debug, Serialize)]
pub struct CheckedCell {
    pub id: RunId,
    /// The cell in a line.
    pub label: String,
    pub verdict: Judgement,
    pub accepted: Sample,
    pub found: Sample,
    /// The change of the mean for the better; less than 0 is worse, also of a loss.
    pub change: f64,
    /// Half the width of the one-sided interval of the change.
    pub half_width: Option<f64>,
    /// The one-sided p value of a change for the worse, Holm-corrected over the cells whose roots
    /// differ.
    pub p: Option<f64>,
    /// The smallest drop that would be found with a probability of `power::POWER`.
    pub smallest_drop: Option<f64>,
}

/// The runs of a cell on one side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sample {
    pub n: usize,
    pub mean: f64,
    /// Half the width of the 95 % t interval of the mean.
    pub interval: Option<f64>,
}

impl Sample {
    fn of(scores: &[f64]) -> Self {
        let Some(Estimate { n, mean, interval, .. }) = estimate(scores) else {
            return Self { n: 0, mean: f64::NAN, interval: None };
        };
        Self { n, mean, interval: interval.map(|interval| (interval.high - interval.low) / 2.0) }
    }
}

/// A cell on both sides.
struct Pair<'a> {
    input: &'a CellInput,
    accepted: &'a AcceptedCell,
    comparison: Comparison,
}

impl<'a> Pair<'a> {
    fn of(input: &'a CellInput, accepted: &'a AcceptedCell, metric: Metric) -> Option<Self> {
        let scores = accepted.scores();
        let mean = estimate(&scores)?.mean;
        let signed =
            |scores: &[f64]| scores.iter().map(|score| metric.better.sign() * score).collect();
        let samples = Samples {
            new: signed(&found(input, metric)),
            accepted: signed(&scores),
            floor: metric::floor(metric, mean, accepted.fewest_examples()),
        };
        Some(Self { input, accepted, comparison: samples.compare()? })
    }

    fn by_seed(&self, metric: Metric) -> BySeed {
        let records = self.input.records.iter();
        let accepted = self.accepted.runs.iter();
        BySeed {
            new: records
                .map(|r| (r.spec.seed, metric.better.sign() * metric::of(metric, r)))
                .collect(),
            accepted: accepted.map(|run| (run.seed, metric.better.sign() * run.score)).collect(),
            spread: self.comparison.spread,
        }
    }
}

fn found(cell: &CellInput, metric: Metric) -> Vec<f64> {
    cell.records.iter().map(|record| metric::of(metric, record)).collect()
}

/// Compares the runs of a suite with its baseline.
///
/// # Errors
/// When the baseline is not sound, when runs are missing or have no usable result, or when the
/// suite is not the one that was accepted.
pub fn check<'a>(input: &'a SuiteInput, baseline: &'a Baseline, policy: Policy) -> Result<Check> {
    baseline::sound::check(baseline)?;
    complete::complete(input, baseline.metric)?;
    validity::comparable(input, baseline)?;
    let metric = baseline.metric;
    let exact = exact::compare(input, baseline)?;
    let accepted: BTreeMap<&RunId, &AcceptedCell> =
        baseline.cells.iter().map(|cell| (&cell.id, cell)).collect();
    // Every cell is compared: one that is left out would pass.
    let pair = |cell: &'a CellInput| {
        let pair = accepted.get(&cell.id).and_then(|accepted| Pair::of(cell, accepted, metric));
        pair.ok_or_else(|| Error::input(format!("{}: nothing to compare", cell.label())))
    };
    let pairs: Vec<Pair<'_>> = input.cells.iter().map(pair).collect::<Result<_>>()?;
    // Cells that are proven equal cannot have regressed, and are no part of the family.
    let open = |pair: &&Pair<'_>| exact.cells.is_empty() || exact.cells.contains(&pair.input.id);
    let family: Vec<&Pair<'_>> = pairs.iter().filter(open).collect();
    let strictness =
        Strictness { margin: policy.margin, level: policy.alpha / 2.0 / policy.looks as f64 };
    let comparisons: Vec<Comparison> = family.iter().map(|pair| pair.comparison).collect();
    let verdicts: BTreeMap<&RunId, (Judgement, Option<f64>)> =
        family.iter().map(|pair| &pair.input.id).zip(judge(&comparisons, &strictness)).collect();
    // Cells of as many runs need the same shift, which takes some time to find.
    let level = strictness.level / family.len().max(1) as f64;
    let mut shifts: BTreeMap<usize, Option<f64>> = BTreeMap::new();
    let mut shift = |freedom: f64| {
        *shifts.entry(freedom as usize).or_insert_with(|| power::smallest_shift(level, freedom))
    };
    let by_seed: Vec<BySeed> = family.iter().map(|pair| pair.by_seed(metric)).collect();
    let cells = pairs.iter().map(|pair| {
        let Pair { input, accepted, comparison } = pair;
        let (verdict, p) = match verdicts.get(&input.id) {
            Some(judged) if exact.cells.contains(&input.id) => *judged,
            _ => (Judgement::Equal, None),
        };
        CheckedCell {
            id: input.id.clone(),
            label: input.label(),
            verdict,
            accepted: Sample::of(&accepted.scores()),
            found: Sample::of(&found(input, metric)),
            change: comparison.change,
            half_width: comparison.half_width(strictness.level),
            p,
            smallest_drop: shift(comparison.freedom)
                .map(|shift| smallest_drop(comparison, shift, policy.margin)),
        }
    });
    Ok(Check {
        suite: input.suite.clone(),
        metric,
        policy,
        cells: cells.collect(),
        whole: whole::compare(&by_seed, strictness.level),
        accepted_seeds: baseline.cells.iter().map(|cell| cell.runs.len()).min().unwrap_or(0),
        exact,
    })
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
