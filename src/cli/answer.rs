//! Questions to the results of a suite, answered on the terminal: one metric, by one or several axes.

use super::output::{self, Align, Table};
use super::print_json;
use super::runs::{Rows, csv_of};
use crate::document::number::{NONE, interval, spread};
use crate::error::{Error, Result};
use crate::figure::data::distinct;
use crate::registry::unknown;
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::input::SuiteInput;
use crate::stats::paired::average;
use crate::stats::summary::{Estimate, estimate};
use crate::task::metric::{METRICS, Metric};
use clap::ValueEnum;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An axis of a suite that results stand by; over the others they are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Axis {
    Dataset,
    Fusion,
    Strategy,
}

impl Axis {
    fn of(self, cell: &CellResults<'_>) -> String {
        match self {
            Axis::Dataset => cell.input.dataset.clone(),
            Axis::Fusion => cell.fusion().to_string(),
            Axis::Strategy => cell.strategy.clone(),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Axis::Dataset => "dataset",
            Axis::Fusion => "fusion",
            Axis::Strategy => "strategy",
        }
    }
}

/// A group of cells, averaged within every replicate.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    by: BTreeMap<&'static str, String>,
    metric: String,
    /// Cells that are averaged.
    cells: usize,
    /// Replicates that every one of them has.
    n: usize,
    mean: Option<f64>,
    sd: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

/// Prints a metric of the test split at the selected epoch, by `axes`, averaged over all others. Without
/// a name it is the metric that the runs are judged by, which must then be one.
///
/// # Errors
/// A metric that no run has, or several where none is named.
pub(super) fn answer(
    input: &SuiteInput,
    metric: Option<&str>,
    axes: &[Axis],
    format: Rows,
) -> Result<()> {
    let analysis = Analysis::new(input);
    let name = named(&analysis, metric)?;
    let known = METRICS.iter().find(|metric| metric.name == name).copied();
    let mut groups: Vec<(Vec<String>, Vec<&CellResults<'_>>)> = Vec::new();
    for cell in analysis.cells.iter().filter(|cell| !cell.runs.is_empty()) {
        let key: Vec<String> = axes.iter().map(|axis| axis.of(cell)).collect();
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, cells)) => cells.push(cell),
            None => groups.push((key, vec![cell])),
        }
    }
    let answers: Vec<(Vec<String>, usize, Option<Estimate>)> = groups
        .into_iter()
        .map(|(key, cells)| (key, cells.len(), estimate(&averaged(&cells, &name))))
        .collect();
    match format {
        Rows::Table => output::table(&table(&name, known, axes, &answers)),
        Rows::Json => {
            print_json(&answers.iter().map(|of| row(&name, axes, of)).collect::<Vec<_>>())
        }
        Rows::Csv => {
            let header = axes.iter().map(|axis| axis.title());
            let header = header.chain(["metric", "cells", "n", "mean", "sd", "low", "high"]);
            let rows = answers.iter().map(|of| csv(&row(&name, axes, of), axes));
            output::data(&csv_of(std::iter::once(header.map(String::from).collect()).chain(rows))?)
        }
    }
}

/// The metric that is asked for, where runs have it.
fn named(analysis: &Analysis<'_>, metric: Option<&str>) -> Result<String> {
    let Some(name) = metric else {
        return match analysis.metrics().as_slice() {
            [one] => Ok(one.name.to_string()),
            several => {
                let names: Vec<&str> = several.iter().map(|metric| metric.name).collect();
                let message = format!("runs are judged by {}", names.join(", "));
                Err(Error::input(message).with_hint("name one by --metric, or filter a data set"))
            }
        };
    };
    let runs = analysis.cells.iter().flat_map(|cell| &cell.runs);
    let known: BTreeSet<&str> =
        runs.flat_map(|run| run.test().iter().map(|(name, _)| name)).collect();
    match known.contains(name) {
        true => Ok(name.to_string()),
        false => Err(Error::input(unknown("metric", name, known.into_iter()))),
    }
}

/// The mean over cells for every seed that all of them have.
fn averaged(cells: &[&CellResults<'_>], name: &str) -> Vec<f64> {
    let of = |cell: &&CellResults<'_>| {
        let runs = cell.runs.iter();
        runs.filter_map(|run| Some((run.seed(), run.test().get(name)?))).collect()
    };
    let samples: Vec<Vec<(u64, f64)>> = cells.iter().map(of).collect();
    average(&samples).into_iter().map(|(_, mean)| mean).collect()
}

fn row(
    name: &str,
    axes: &[Axis],
    (key, cells, found): &(Vec<String>, usize, Option<Estimate>),
) -> Answer {
    let interval = found.and_then(|found| found.interval);
    Answer {
        by: axes.iter().map(|axis| axis.title()).zip(key.iter().cloned()).collect(),
        metric: name.to_string(),
        cells: *cells,
        n: found.map_or(0, |found| found.n),
        mean: found.map(|found| found.mean),
        sd: found.and_then(|found| found.sd),
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
    }
}

fn csv(answer: &Answer, axes: &[Axis]) -> Vec<String> {
    let number = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
    let mut row: Vec<String> = axes.iter().map(|axis| answer.by[axis.title()].clone()).collect();
    row.extend([answer.metric.clone(), answer.cells.to_string(), answer.n.to_string()]);
    row.extend([answer.mean, answer.sd, answer.low, answer.high].map(number));
    row
}

/// Best first within a data set, where the metric is known.
fn table(
    name: &str,
    metric: Option<Metric>,
    axes: &[Axis],
    answers: &[(Vec<String>, usize, Option<Estimate>)],
) -> Table {
    let titles = axes.iter().map(|axis| (axis.title(), Align::Label));
    let numbers = [("cells", Align::Right), ("n", Align::Right), (name, Align::Right)];
    let titles: Vec<_> = titles.chain(numbers).chain([("95 % interval", Align::Right)]).collect();
    let mut table = Table::new(&titles);
    let mut sorted: Vec<_> = answers.iter().collect();
    if let Some(metric) = metric {
        let gain = |of: &Option<Estimate>| of.map_or(f64::MIN, |of| metric.better.sign() * of.mean);
        sorted.sort_by(|a, b| gain(&b.2).total_cmp(&gain(&a.2)));
    }
    // What stands on one data set stands together: values of several say nothing of each other.
    if let Some(at) = axes.iter().position(|axis| *axis == Axis::Dataset) {
        let datasets = distinct(answers.iter().map(|(key, ..)| key[at].as_str()));
        sorted.sort_by_key(|(key, ..)| datasets.iter().position(|dataset| *dataset == key[at]));
    }
    for (key, cells, found) in sorted {
        let shown = match (metric, found) {
            (_, None) => [NONE.to_string(), NONE.to_string()],
            (Some(metric), _) => {
                [spread(metric, *found), interval(metric, found.and_then(|of| of.interval))]
            }
            (None, Some(found)) => [format!("{:.4}", found.mean), plain(found)],
        };
        let n = found.map_or(0, |found| found.n).to_string();
        table.row(key.iter().cloned().chain([cells.to_string(), n]).chain(shown));
    }
    table
}

fn plain(found: &Estimate) -> String {
    found.interval.map_or(NONE.into(), |of| format!("[{:.4}, {:.4}]", of.low, of.high))
}
