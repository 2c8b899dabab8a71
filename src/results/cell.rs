//! A cell's records, and the estimates over its runs.

use super::input::CellInput;
use crate::figure::data::Role;
use crate::protocol::Selection;
use crate::record::metrics::{self, Metrics, Primary};
use crate::record::{EpochRecord, RunRecord};
use crate::stats::summary::{Estimate, estimate};
use crate::task::Task;
use crate::task::metric::Metric;
use crate::text;
use std::collections::BTreeMap;

/// A cell with its usable runs, its failures and its estimates.
#[derive(Debug)]
pub struct CellResults<'a> {
    pub input: &'a CellInput,
    pub role: Role,
    /// The strategy's label; for a unimodal cell, with the name of its modality.
    pub strategy: String,
    /// The finished runs, in seed order.
    pub runs: Vec<Run<'a>>,
    /// The planned runs that left no usable result, in seed order, and why.
    pub failures: Vec<(u64, String)>,
    /// The primary metric on the test split under the protocol's selection.
    pub value: Option<Estimate>,
    /// The metric that stands beside it.
    pub beside: Option<Estimate>,
    pub imbalance: Option<Estimate>,
    /// The primary metric under each of [`SELECTIONS`].
    pub by_selection: [Option<Estimate>; 3],
    /// The primary metric by each modality alone, in the order of branches.
    pub by_modality: Vec<Option<Estimate>>,
    /// The primary metric on each further test split, by its name.
    pub further: BTreeMap<String, Estimate>,
    /// The place of the cell that this one varies; see [`variants`].
    pub variant_of: Option<usize>,
}

/// A finished run and its selected epoch.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    pub record: &'a RunRecord,
    /// The epoch that the protocol selects.
    pub epoch: &'a EpochRecord,
    /// The primary metric and the degree of imbalance on the test split.
    pub value: f64,
    pub imbalance: f64,
}

/// The selection rules that a report compares, in order.
pub const SELECTIONS: [Selection; 3] = [Selection::Last, Selection::BestVal, Selection::BestTest];

impl<'a> CellResults<'a> {
    pub(super) fn new(input: &'a CellInput) -> Self {
        let mut runs = Vec::new();
        let mut failures = input.missing.clone();
        for record in &input.records {
            match usable(record, input.metric()) {
                Ok(run) => runs.push(run),
                Err(why) => failures.push((record.spec.seed, why)),
            }
        }
        let known = |seed: &u64| {
            let recorded = input.records.iter().any(|record| record.spec.seed == *seed);
            recorded || input.missing.iter().any(|(missing, _)| missing == seed)
        };
        let unknown = input.seeds.iter().filter(|seed| !known(seed));
        failures.extend(unknown.map(|seed| (*seed, "no record".to_string())));
        // A reason is written in several files, which must agree, and in tables, on one line.
        for (_, why) in &mut failures {
            *why = text::line(why);
        }
        failures.sort();
        let role = role(&input.spec.strategy.name);
        let strategy =
            strategy_label(&input.spec.strategy.name, &input.spec.modalities(), &input.strategy);
        let Task { primary, beside, .. } = input.task;
        let over = |name: &str| {
            let values = runs.iter().filter_map(|run: &Run<'_>| run.test().get(name));
            estimate(&values.collect::<Vec<_>>())
        };
        let by_selection = SELECTIONS.map(|selection| {
            let chosen = runs.iter().filter_map(|run| run.under(selection));
            let values = chosen.filter_map(|(_, epoch)| epoch.test.get(primary.name));
            estimate(&values.collect::<Vec<_>>())
        });
        let by_modality = input
            .spec
            .branches
            .iter()
            .map(|branch| over(&metrics::modality(primary, &branch.modality.name)));
        Self {
            input,
            role,
            strategy,
            by_modality: by_modality.collect(),
            further: further(&runs, primary),
            variant_of: None,
            value: over(primary.name),
            beside: over(beside.name),
            imbalance: over(metrics::IMBALANCE),
            by_selection,
            runs,
            failures,
        }
    }

    /// The name of the fusion method; a unimodal cell fuses nothing.
    pub fn fusion(&self) -> &str {
        if self.role == Role::Unimodal { "–" } else { &self.input.fusion }
    }

    /// The metric that its runs are judged by.
    pub fn metric(&self) -> Metric {
        self.input.metric()
    }

    /// The mean of the primary metric, with the sign by which more is better; `None` without a run.
    pub fn gain(&self) -> Option<f64> {
        Some(self.metric().better.sign() * self.value?.mean)
    }

    /// The primary metric on the test split by seed.
    pub fn values(&self) -> Vec<(u64, f64)> {
        self.runs.iter().map(|run| (run.seed(), run.value)).collect()
    }
}

impl<'a> Run<'a> {
    pub fn seed(&self) -> u64 {
        self.record.spec.seed
    }

    /// The metrics on the test split at the selected epoch.
    pub fn test(&self) -> &'a Metrics {
        &self.epoch.test
    }

    /// The epoch, from 0, that another selection rule picks.
    pub fn under(&self, selection: Selection) -> Option<(usize, &'a EpochRecord)> {
        let at = RunRecord::select(&self.record.epochs, &self.record.primary, selection)?;
        Some((at, self.record.epochs.get(at)?))
    }
}

/// The one with the best mean, with its place.
pub(super) fn best<'b, 'a: 'b>(
    cells: impl Iterator<Item = (usize, &'b CellResults<'a>)>,
) -> Option<(usize, &'b CellResults<'a>)> {
    let known = cells.filter_map(|(place, cell)| Some((place, cell, cell.gain()?)));
    known.max_by(|a, b| a.2.total_cmp(&b.2)).map(|(place, cell, _)| (place, cell))
}

fn role(strategy: &str) -> Role {
    match strategy {
        "joint" => Role::Baseline,
        "unimodal" => Role::Unimodal,
        _ => Role::Strategy,
    }
}

/// How a report calls the strategy that a suite labels so: a unimodal one with its modality.
pub fn strategy_label(strategy: &str, modalities: &[&str], label: &str) -> String {
    match (role(strategy), modalities.first()) {
        (Role::Unimodal, Some(modality)) => format!("unimodal {modality}"),
        _ => label.to_string(),
    }
}

fn further(runs: &[Run<'_>], primary: Metric) -> BTreeMap<String, Estimate> {
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (split, measured) in runs.iter().flat_map(|run| &run.epoch.further) {
        if let Some(value) = measured.get(primary.name) {
            values.entry(split.clone()).or_default().push(value);
        }
    }
    let known = values.into_iter().filter_map(|(split, of)| Some((split, estimate(&of)?)));
    known.collect()
}

/// The run of a record that ended well, or why it is a failure.
fn usable(record: &RunRecord, primary: Metric) -> Result<Run<'_>, String> {
    if let Some(why) = record.outcome.failure() {
        return Err(why);
    }
    if record.primary != Primary::from(primary) {
        return Err(format!("it is judged by {}, not by {}", record.primary.metric, primary.name));
    }
    let selection = record.spec.cell.protocol.selection;
    let selected = RunRecord::select(&record.epochs, &record.primary, selection);
    let epoch = selected.and_then(|at| record.epochs.get(at)).ok_or("no epoch to select")?;
    // Those that tables and figures show of every run.
    let shown = |name: &str| {
        let value = epoch.test.get(name).filter(|value| value.is_finite());
        value.ok_or_else(|| format!("the test {name} is not a number"))
    };
    let (value, imbalance) = (shown(primary.name)?, shown(metrics::IMBALANCE)?);
    Ok(Run { record, epoch, value, imbalance })
}
