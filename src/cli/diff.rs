//! `diff`: what changed from one published report to another.

use super::output::{self, Align, Table};
use super::{Format, print_json};
use crate::document::number::{NONE, count, interval, percent, points};
use crate::error::Result;
use crate::hash::Digest;
use crate::results::diff::{Difference, Published, diff};
use crate::stats::summary::Estimate;
use clap::Args;
use std::path::PathBuf;

/// Show what changed from one report to another: cells, results, data and determinism class
#[derive(Args)]
#[command(after_help = "Example: counterpoise diff reports/full/v2 reports/full/v3")]
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
    let mut table = Table::new(&[
        ("accuracy in %", Align::Left),
        ("old", Align::Left),
        ("new", Align::Left),
        ("difference", Align::Left),
        ("equal roots", Align::Right),
    ]);
    let changed: Vec<_> = found.cells.iter().filter(|cell| !cell.is_equal()).collect();
    for cell in &changed {
        table.row([
            cell.label.clone(),
            estimated(cell.old, percent),
            estimated(cell.new, percent),
            estimated(cell.delta, points),
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

/// A mean and its 95 % interval.
fn estimated(estimate: Option<Estimate>, number: fn(f64) -> String) -> String {
    estimate.map_or(NONE.into(), |estimate| {
        format!("{} {}", number(estimate.mean), interval(estimate.interval, number))
    })
}
