//! A verification for people.

use crate::cli::output::{self, Align, Table};
use crate::document::number::{amount, value};
use crate::error::Result;
use crate::results::manifest::Manifest;
use crate::task::metric::Metric;
use crate::verify::attest::{Retraining, Verification};
use crate::verify::retrained::{Agreement, Retrained};
use std::collections::BTreeSet;

/// Prints what was compared and what differs.
pub(super) fn show(found: &Verification, manifest: &Manifest) -> Result<()> {
    output::data(&format!("suite `{}`, root {}", manifest.suite, manifest.root))?;
    let mut table = Table::new(&[
        ("check", Align::Left),
        ("compared", Align::Right),
        ("differ", Align::Right),
        ("what", Align::Label),
    ]);
    for check in &found.checks {
        table.row([
            check.name.to_string(),
            check.n.to_string(),
            check.mismatches.len().to_string(),
            check.compares.to_string(),
        ]);
    }
    output::table(&table)?;
    if let Some(retraining) = &found.retraining {
        retrained(retraining)?;
    }
    for note in &found.notes {
        output::note(&format!("note: {note}"));
    }
    output::data(match found.mismatches().next() {
        None if found.retraining.as_ref().is_none_or(|r| r.failed.is_empty()) => "verified",
        None => "incomplete",
        Some(_) => "not verified",
    })
}

fn retrained(retraining: &Retraining) -> Result<()> {
    if retraining.runs.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&[
        ("trained again", Align::Left),
        ("cell", Align::Label),
        ("seed", Align::Right),
        ("report", Align::Right),
        ("here", Align::Right),
        ("", Align::Left),
    ]);
    for run in &retraining.runs {
        table.row([
            run.run.to_string(),
            run.label.clone(),
            run.seed.to_string(),
            shown(run.metric, run.value_there),
            shown(run.metric, run.value_here),
            verdict(run),
        ]);
    }
    output::table(&table)?;
    let differing: BTreeSet<String> = retraining
        .runs
        .iter()
        .filter(|run| run.verdict != Agreement::Equal)
        .flat_map(|run| &run.class_differs)
        .map(|(name, [there, here])| {
            let [there, here] = [there, here].map(|value| value.as_deref().unwrap_or("absent"));
            format!("not comparable to the bit: {name} is `{there}` in the report, `{here}` here")
        })
        .collect();
    differing.iter().try_for_each(|line| output::data(line))
}

fn verdict(run: &Retrained) -> String {
    let within = amount(run.metric, run.allowed);
    match run.verdict {
        Agreement::Equal => "equal to the bit".into(),
        Agreement::WithinTolerance => format!("other bits, within {within}"),
        Agreement::BeyondTolerance => format!("other bits, beyond {within}"),
        Agreement::Different => "differs".into(),
    }
}

fn shown(metric: Metric, found: Option<f64>) -> String {
    match found {
        None => "diverged".into(),
        Some(fraction) if metric.is_fraction() => format!("{:.2} %", 100.0 * fraction),
        Some(found) => value(metric, found),
    }
}
