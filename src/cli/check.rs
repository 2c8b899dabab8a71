//! `check`: whether a suite still gives the numbers that were accepted.

use super::candidate::Candidate;
use super::output::{self, Align, Table};
use super::{Format, json, print_json};
use crate::atomic;
use crate::error::{Error, Result};
use crate::gate::outcome::{Outcome, Statement};
use crate::gate::table::{COLUMNS, NOTE};
use crate::gate::{self, Check, Policy, baseline::Baseline, junit, markdown, validity};
use crate::report::number::count;
use clap::Args;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

/// Train a suite afresh and compare it with its accepted baseline
#[derive(Args)]
#[command(after_help = "\
Equal roots prove equal runs, on whatever machine, and end the matter. Cells with other roots are \
compared as samples: a cell regresses where it is worse by more than the margin and by more than \
chance explains (one-sided t test, Holm-corrected over the cells); the suite regresses where its \
cells together are worse than chance explains. Each has half of --alpha.

Exit codes: 0 equal, pass or inconclusive; 2 not comparable with the baseline, or none; 3 runs \
failed; 4 other bits under --exact; 5 regression, or inconclusive under --strict

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
    #[arg(long, value_name = "N", conflicts_with = "runs")]
    add_seeds: Option<NonZeroU64>,
    /// The chance of a false alarm of the whole check
    #[arg(long, value_name = "LEVEL", default_value_t = 0.05)]
    alpha: f64,
    /// The drop that matters, in percentage points (for `loss` in its unit); by default the baseline's
    #[arg(long, value_name = "POINTS")]
    margin: Option<f64>,
    /// Also write the check to this file: JSON (.json), JUnit XML (.xml) or Markdown (.md); repeatable
    #[arg(long, value_name = "FILE", value_parser = Target::parse)]
    output: Vec<Target>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// A file to write, and how.
#[derive(Clone, Debug)]
struct Target {
    path: PathBuf,
    render: fn(&Check) -> Result<String>,
}

impl Target {
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let path = PathBuf::from(text);
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        let render: fn(&Check) -> Result<String> = match extension.as_deref() {
            Some("json") => |check| Ok(json(&Statement::of(check))? + "\n"),
            Some("xml") => |check| Ok(junit::render(check)),
            Some("md") => |check| Ok(markdown::render(check)),
            _ => return Err("the name must end in .json, .xml or .md".into()),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(format!("there is no folder {}", folder.display()));
        }
        Ok(Self { path, render })
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let mut suite = arguments.candidate.suite()?;
    let path = arguments.candidate.baseline(&suite)?;
    let baseline = Baseline::load(&path)?.ok_or_else(|| none(&path, &suite.name))?;
    let policy = arguments.policy(&baseline)?;
    let source = arguments.candidate.source()?;
    let mut check = gate::check(&source.of(&suite)?, &baseline, policy)?;
    if let Some(n) = arguments.add_seeds
        && check.outcome() == Outcome::Inconclusive
    {
        let open: Vec<_> = check.open().map(|cell| cell.id.clone()).collect();
        let cells = count(open.len(), "cell");
        output::note(&format!("a second look at {cells}, with {n} more seeds"));
        for cell in suite.cells.iter_mut().filter(|cell| open.contains(&cell.id)) {
            cell.add_seeds(n.get());
        }
        check = gate::check(&source.of(&suite)?, &baseline, policy)?;
    }
    for target in &arguments.output {
        atomic::write(&target.path, (target.render)(&check)?.as_bytes())?;
    }
    match arguments.format {
        Format::Json => print_json(&Statement::of(&check))?,
        Format::Text => show(&check)?,
    }
    check.conclude()
}

fn none(path: &Path, suite: &str) -> Error {
    let message = format!("there is no baseline {}", path.display());
    Error::input(message).with_hint(validity::accept_hint("to make one", suite))
}

impl Arguments {
    fn policy(&self, baseline: &Baseline) -> Result<Policy> {
        let margin = self.margin.map_or(baseline.margin, |margin| margin * baseline.metric.point());
        if !(margin.is_finite() && 0.0 <= margin) {
            return Err(Error::input(format!("a margin of {margin} is none"))
                .with_hint("give a number of points, such as 1"));
        }
        if !(0.0 < self.alpha && self.alpha < 0.5) {
            return Err(Error::input(format!("a level of {} makes no sense", self.alpha))
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
