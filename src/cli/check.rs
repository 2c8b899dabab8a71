//! `check`: whether a suite still gives the numbers that were accepted.

use super::candidate::{Candidate, FURTHER_SEEDS};
use super::output::{self, Align, Table};
use super::verdict::{self, Target};
use super::{Format, print_json};
use crate::document::number::count;
use crate::error::{Error, Result};
use crate::gate::baseline::Baseline;
use crate::gate::failure::Failure;
use crate::gate::outcome::{Outcome, Statement};
use crate::gate::table::{COLUMNS, NOTE};
use crate::gate::{self, Check, Policy, metric, reasons};
use clap::{Args, value_parser};
use std::path::Path;

/// The least chance of a false alarm that can be asked for: below it nothing is ever found.
const LEAST_ALPHA: f64 = 1e-6;

/// Train a suite afresh and compare it with its accepted baseline
#[derive(Args)]
#[command(after_help = "\
Equal roots prove equal runs, on whatever machine, and end the matter. Cells with other roots are \
compared as samples: a cell regresses where it is worse by more than the margin and by more than \
chance explains (one-sided t test, Holm-corrected over the cells); the suite regresses where its \
cells together are worse than chance explains. Each has half of --alpha.

A check that ends early leaves files of --output that say so and fail, never those of an earlier \
check.

Exit codes: 0 equal, pass or inconclusive; 2 the baseline is missing, not sound or not comparable; \
3 runs failed; 4 other bits under --exact; 5 regression, or inconclusive under --strict

Example: counterpoise check smoke --exact --output junit.xml --output comment.md")]
pub(super) struct Arguments {
    #[command(flatten)]
    candidate: Candidate,
    /// Fail unless every run is the accepted one to the bit
    #[arg(long, conflicts_with = "add_seeds")]
    exact: bool,
    /// Fail where a cell may have regressed and the runs are too few to tell
    #[arg(long)]
    strict: bool,
    /// Look a second time at cells that are too close to call, with this many more seeds
    #[arg(long, value_name = "N", conflicts_with = "runs",
        value_parser = value_parser!(u64).range(1..=FURTHER_SEEDS))]
    add_seeds: Option<u64>,
    /// The chance of a false alarm of the whole check
    #[arg(long, value_name = "LEVEL", default_value_t = 0.05)]
    alpha: f64,
    /// The change for the worse that matters: percentage points of a fraction, else in the metric's unit;
    /// by default the baseline's
    #[arg(long, value_name = "POINTS")]
    margin: Option<f64>,
    /// Also write the check to this file: JSON (.json), JUnit XML (.xml) or Markdown (.md); repeatable
    #[arg(long, value_name = "FILE", value_parser = Target::parse)]
    output: Vec<Target>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (targets, name) = (&arguments.output, &arguments.candidate.name);
    let check =
        verdict::fail(targets, &Failure::unfinished(name)).and_then(|()| compare(arguments));
    let check = check.and_then(|check| {
        targets.iter().try_for_each(|target| target.write(&check))?;
        Ok(check)
    });
    let check = check.inspect_err(|error| {
        if let Err(e) = verdict::fail(targets, &Failure::of(Some(name), error)) {
            output::warning(&e.to_string());
        }
    })?;
    match arguments.format {
        Format::Json => print_json(&Statement::of(&check))?,
        Format::Text => show(&check)?,
    }
    check.conclude()
}

/// Compares the suite with its baseline, at a second look where one is asked for and needed.
fn compare(arguments: &Arguments) -> Result<Check> {
    let mut suite = arguments.candidate.suite()?;
    let path = arguments.candidate.baseline(&suite)?;
    let baseline = Baseline::load(&path)?.ok_or_else(|| none(&path, &suite.name))?;
    let policy = arguments.policy(&baseline)?;
    let source = arguments.candidate.source()?;
    let check = gate::check(&source.of(&suite)?, &baseline, policy)?;
    let open: Vec<_> = check.open().map(|cell| cell.id.clone()).collect();
    let Some(n) = arguments.add_seeds else { return Ok(check) };
    if check.outcome() != Outcome::Inconclusive || open.is_empty() {
        return Ok(check);
    }
    let cells = count(open.len(), "cell");
    output::note(&format!("a second look at {cells}, with {n} more seeds"));
    for cell in suite.cells.iter_mut().filter(|cell| open.contains(&cell.id)) {
        cell.add_seeds(n);
    }
    gate::check(&source.of(&suite)?, &baseline, policy)
}

fn none(path: &Path, suite: &str) -> Error {
    let message = format!("there is no baseline {}", path.display());
    Error::input(message).with_hint(reasons::accept_hint("to make one", suite))
}

impl Arguments {
    fn policy(&self, baseline: &Baseline) -> Result<Policy> {
        let margin =
            self.margin.map_or(baseline.margin, |margin| margin * metric::point(baseline.metric));
        metric::check_margin(baseline.metric, margin)?;
        if !(LEAST_ALPHA..0.5).contains(&self.alpha) {
            return Err(Error::input(format!("a level of {:?} makes no sense", self.alpha))
                .with_hint("give a chance, such as 0.05"));
        }
        let looks = if self.add_seeds.is_some() { 2 } else { 1 };
        Ok(Policy { exact: self.exact, strict: self.strict, margin, alpha: self.alpha, looks })
    }
}

fn show(check: &Check) -> Result<()> {
    output::data(&format!("suite {}: {}", check.suite, check.outcome().name()))?;
    output::data(&check.drift())?;
    let rows = check.rows();
    if !rows.is_empty() {
        let align = |number| if number { Align::Right } else { Align::Left };
        let mut table = Table::new(&COLUMNS.map(|(title, number)| (title, align(number))));
        rows.into_iter().for_each(|row| table.row(row));
        output::data(&format!("\n{}\n{NOTE}\n", table.render()))?;
        check.shift().map_or(Ok(()), |shift| output::data(&shift))?;
    }
    output::data(&check.smallest_effects())?;
    check.caveat().iter().for_each(|caveat| output::note(&format!("note: {caveat}")));
    Ok(())
}
