//! `diff`: what changed from one published report to another.

use super::output::{self, Align, Table};
use super::{Format, print_json};
use crate::document::number::{NONE, count, difference, difference_interval, interval, value};
use crate::error::Result;
use crate::hash::Digest;
use crate::results::diff::{CellDifference, Difference, Published, diff};
use crate::stats::summary::{Estimate, Interval};
use crate::task::metric::Metric;
use crate::task::words;
use clap::Args;
use std::path::PathBuf;

/// Show what changed from one report to another: cells, results, data and determinism class
#[derive(Args)]
#[command(after_help = "Example: counterpoise diff reports/full/v3 reports/full/v4")]
pub(super) struct Arguments {
    /// The folder of the older report
    old: PathBuf,
    /// The folder of the newer report
    new: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let [old, new] = [&arguments.old, &arguments.new].map(|folder| {
        let report = Published::load(folder)?;
        if !report.intact {
            let folder = folder.display();
            output::warning(&format!("{folder}/results.csv was changed: see `verify {folder}`"));
        }
        Ok(report)
    });
    let found = diff(&old?, &new?)?;
    match arguments.format {
        Format::Json => print_json(&found),
        Format::Text => show(&found),
    }
}

fn show(found: &Difference) -> Result<()> {
    let mut lines = Vec::new();
    if !found.same_suite_text {
        lines.push("the suite's text changed".to_string());
    }
    for (name, [old, new]) in &found.classes {
        let [old, new] = [old, new].map(|values| values.join(", "));
        lines.push(format!("class: {name} was `{old}`, is `{new}`"));
    }
    for (name, digests) in &found.data {
        let short = |of: &Vec<Digest>| of.iter().map(Digest::short).collect::<Vec<_>>().join(", ");
        lines.push(format!("data: {name} was {}, is {}", short(&digests[0]), short(&digests[1])));
    }
    lines.extend(found.removed.iter().map(|cell| format!("removed: {cell}")));
    lines.extend(found.added.iter().map(|cell| format!("added: {cell}")));
    for cell in &found.cells {
        lines.extend(cell.changes.iter().map(|change| format!("{}: {change}", cell.label)));
    }
    lines.iter().try_for_each(|line| output::data(line))?;
    if found.roots[0] == found.roots[1] {
        return output::data(&format!("the same root, {}", found.roots[0]));
    }
    let changed: Vec<_> = found.cells.iter().filter(|cell| !cell.is_equal()).collect();
    let mut table = Table::new(&[
        (&heading(&changed), Align::Left),
        ("old", Align::Left),
        ("new", Align::Left),
        ("difference", Align::Left),
        ("equal roots", Align::Right),
    ]);
    for cell in &changed {
        table.row([
            cell.label.clone(),
            estimated(cell.old, cell.metric, (value, interval)),
            estimated(cell.new, cell.metric, (value, interval)),
            estimated(cell.delta, cell.metric, (difference, difference_interval)),
            format!("{}/{}", cell.equal_roots, cell.runs),
        ]);
    }
    if !changed.is_empty() {
        output::table(&table)?;
    }
    let equal = found.cells.len() - changed.len();
    let changed = count(changed.len(), "cell");
    output::data(&format!("{changed} with a difference, {equal} the same to the bit"))
}

/// What the numbers are: one metric, or the one that each cell is judged by.
fn heading(cells: &[&CellDifference]) -> String {
    let metrics: Vec<Metric> = cells.iter().map(|cell| cell.metric).collect();
    words::titles(&metrics)
}

/// How a mean and its interval are written.
type Written = (fn(Metric, f64) -> String, fn(Metric, Option<Interval>) -> String);

/// A mean and its 95 % interval.
fn estimated(estimate: Option<Estimate>, metric: Metric, (mean, interval): Written) -> String {
    estimate.map_or(NONE.into(), |estimate| {
        format!("{} {}", mean(metric, estimate.mean), interval(metric, estimate.interval))
    })
}
