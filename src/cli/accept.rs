//! `accept`: make a suite's numbers the ones that `check` compares with.

use super::candidate::{Candidate, FURTHER_SEEDS};
use super::ci;
use super::output::{self, Align, Table};
use crate::document::number::{NONE, difference};
use crate::error::{Error, Result};
use crate::gate::baseline::Baseline;
use crate::gate::replacement::{Side, side_by_side};
use crate::gate::table::sample;
use crate::gate::{Sample, metric};
use crate::suite::Suite;
use crate::task::Task;
use crate::task::metric::Metric;
use clap::{Args, value_parser};
use std::io::IsTerminal;

/// Train a suite, show its numbers beside the accepted ones, and on request accept them
#[derive(Args)]
#[command(after_help = "\
Where the environment variable CI is set, and not to `false`, `no`, `off` or `0`, nothing is ever \
written: a baseline is accepted by somebody who has seen the numbers, and reviewed with the change \
that moved them.

Example: counterpoise accept smoke --add-seeds 8 --reason \"first baseline\"")]
pub(super) struct Arguments {
    #[command(flatten)]
    candidate: Candidate,
    /// Why the numbers are right; kept in the baseline
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The metric that is watched; by default the one that the suite's cells are judged by
    #[arg(long, value_name = "NAME")]
    metric: Option<Metric>,
    /// The change for the worse that matters: percentage points of a fraction, else in the metric's
    /// unit
    #[arg(long, value_name = "POINTS", default_value_t = 1.0)]
    margin: f64,
    /// Train this many seeds beyond the suite's own: more seeds find smaller drops
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "runs",
        value_parser = value_parser!(u64).range(..=FURTHER_SEEDS))]
    add_seeds: u64,
    /// Accept without asking
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    arguments.check()?;
    let mut suite = arguments.candidate.suite()?;
    let path = arguments.candidate.baseline(&suite)?;
    let metric = arguments.metric(&suite)?;
    let margin = arguments.margin * metric::point(metric);
    metric::check_margin(metric, margin)?;
    let old = Baseline::load(&path)?;
    suite.cells.iter_mut().for_each(|cell| cell.add_seeds(arguments.add_seeds));
    let input = arguments.candidate.source()?.of(&suite)?;
    let new = Baseline::of(&input, metric, margin, &arguments.reason)?;
    show(old.as_ref(), &new)?;
    if old.as_ref().is_some_and(|old| old.equals(&new)) {
        output::note(&format!("{} holds these numbers already", path.display()));
        return Ok(());
    }
    if !arguments.yes && !agreed(&format!("write {}?", path.display()))? {
        output::note("nothing is written");
        return Ok(());
    }
    new.write(&path)?;
    output::data(&path.display().to_string())
}

impl Arguments {
    /// The metric that is watched.
    fn metric(&self, suite: &Suite) -> Result<Metric> {
        if let Some(metric) = self.metric {
            return Ok(metric);
        }
        let specs = suite.cells.iter().filter_map(|cell| cell.runs.first());
        let tasks = specs.map(|run| Task::of(&run.cell.task)).collect::<Result<Vec<_>>>()?;
        let mut metrics = tasks.iter().map(|task| task.primary);
        let first = metrics.next().ok_or_else(|| Error::input("the suite has no run"))?;
        match metrics.find(|metric| *metric != first) {
            None => Ok(first),
            Some(other) => Err(Error::input(format!(
                "some cells of the suite are judged by {first}, others by {other}"
            ))
            .with_hint("give the --metric that is watched; every cell has a `loss`")),
        }
    }

    /// Refuses what could only fail after runs have been trained.
    fn check(&self) -> Result<()> {
        if ci::is_here() {
            return Err(Error::input("in CI no baseline is accepted: the variable CI is set")
                .with_hint("run `accept` at your desk, look at it, and commit the baseline"));
        }
        if !self.yes && !std::io::stdin().is_terminal() {
            return Err(Error::input("there is nobody to ask: standard input is no terminal")
                .with_hint("run it in a terminal, or give --yes"));
        }
        if self.reason.trim().is_empty() {
            return Err(
                Error::input("the reason is empty").with_hint("say why the numbers are right")
            );
        }
        Ok(())
    }
}

fn agreed(question: &str) -> Result<bool> {
    let wrong = |e: std::io::Error| Error::unexpected(format!("cannot ask: {e}"));
    output::question(&format!("{question} [y/N]")).map_err(wrong)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(wrong)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

fn show(old: Option<&Baseline>, new: &Baseline) -> Result<()> {
    let mut table = Table::new(&[
        (&format!("{} by cell", new.metric), Align::Left),
        ("accepted", Align::Right),
        ("new", Align::Right),
        ("difference", Align::Right),
        ("equal roots", Align::Right),
    ]);
    let side =
        |value: Option<Sample>| value.map_or(NONE.into(), |value| sample(new.metric, &value));
    for cell in side_by_side(old, new) {
        let change = cell.change().map_or(NONE.into(), |change| difference(new.metric, change));
        let Side { label, old, new, seeds, equal } = cell;
        table.row([label, side(old), side(new), change, format!("{equal}/{seeds}")]);
    }
    output::table(&table)?;
    let Some(old) = old else { return output::data("the first baseline of this suite") };
    if old.metric != new.metric {
        output::data(&format!("metric: {} -> {}", old.metric, new.metric))?;
    }
    let properties = crate::environment::differing(&old.class, &new.class);
    for (name, [before, after]) in &properties {
        let [before, after] = [before, after].map(|value| value.as_deref().unwrap_or("absent"));
        output::data(&format!("class: {name}: {before} -> {after}"))?;
    }
    output::data(&format!("accepted before because: {}", old.reason))
}
