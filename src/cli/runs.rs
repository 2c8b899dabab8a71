//! `runs`: the runs of a suite and what became of them, for people and for scripts.

use super::catalog::catalog;
use super::output::{self, Align, Table};
use super::{FILTER, print_json};
use crate::device;
use crate::document::number::{NONE, value};
use crate::error::{Error, Result};
use crate::record::RunRecord;
use crate::store::{State, Store};
use crate::suite::folder::find;
use crate::suite::run::RunId;
use crate::suite::{Cell, Suite};
use crate::task::Task;
use crate::task::metric::Metric;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

/// List the runs of a suite with their states and results
#[derive(Args)]
#[command(after_help = "Example: counterpoise runs full --filter dataset=mfeat --format csv")]
pub(super) struct Arguments {
    /// The suite: a name in the folder of suites, or a YAML file
    name: String,
    /// Only the runs that match, such as `dataset=mfeat,strategy=ogm*|opm`
    #[arg(long, value_name = "KEY=PATTERN,..",
        long_help = format!("Only the runs that match, {FILTER}"))]
    filter: Option<String>,
    /// The device whose runs are listed
    #[arg(long, value_name = "NAME", default_value = "auto")]
    device: String,
    /// Folder of the suites
    #[arg(long, value_name = "DIR", default_value = "suites")]
    suites: PathBuf,
    /// Folder of the run store
    #[arg(long, value_name = "DIR", default_value = "runs")]
    store: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value = "table")]
    format: Rows,
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Rows {
    Table,
    Csv,
    Json,
}

/// A run as it is listed.
#[derive(Serialize)]
struct Listed {
    run: RunId,
    cell: RunId,
    dataset: String,
    fusion: String,
    strategy: String,
    seed: u64,
    /// `done`, `diverged`, `failed` or `pending`.
    state: &'static str,
    /// Why there is no result.
    reason: Option<String>,
    metric: &'static str,
    /// On the test split at the selected epoch.
    value: Option<f64>,
    /// The selected epoch, from 1.
    epoch: Option<usize>,
    root: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let path = find(&arguments.suites, &arguments.name)?;
    let mut suite = Suite::load(&path, &catalog(), device::kind(&arguments.device)?)?;
    if let Some(filter) = &arguments.filter {
        suite = suite.filter(filter)?;
    }
    let store =
        arguments.store.is_dir().then(|| Store::open_existing(&arguments.store)).transpose()?;
    let mut rows = Vec::new();
    for cell in &suite.cells {
        for spec in &cell.runs {
            let metric = Task::of(&spec.cell.task)?.primary;
            rows.push((metric, listed(cell, spec.seed, spec.id()?, metric, store.as_ref())?));
        }
    }
    match arguments.format {
        Rows::Json => print_json(&rows.iter().map(|(_, row)| row).collect::<Vec<_>>()),
        Rows::Csv => output::data(&csv_of(rows.iter().map(|(_, row)| row))?),
        Rows::Table => output::table(&table(&rows)),
    }
}

fn listed(
    cell: &Cell,
    seed: u64,
    run: RunId,
    metric: Metric,
    store: Option<&Store>,
) -> Result<Listed> {
    let state = store.map_or(Ok(State::Pending), |store| store.state(&run))?;
    let mut row = Listed {
        cell: cell.id.clone(),
        dataset: cell.dataset.clone(),
        fusion: cell.fusion.clone(),
        strategy: cell.strategy.clone(),
        seed,
        state: "pending",
        reason: None,
        metric: metric.name,
        value: None,
        epoch: None,
        root: None,
        run,
    };
    match (state, store) {
        (State::Done, Some(store)) => {
            let record: RunRecord = store.record(&row.run)?;
            row.reason = record.outcome.failure();
            row.state = if row.reason.is_none() { "done" } else { "diverged" };
            if row.reason.is_none() {
                row.value = record.value();
                row.epoch = Some(record.selected_epoch + 1);
            }
            row.root = Some(record.root()?.to_string());
        }
        (State::Failed(failure), _) => {
            row.state = "failed";
            row.reason = Some(failure.message);
        }
        _ => {}
    }
    Ok(row)
}

fn table(rows: &[(Metric, Listed)]) -> Table {
    let mut table = Table::new(&[
        ("run", Align::Left),
        ("data set", Align::Label),
        ("fusion", Align::Label),
        ("strategy", Align::Label),
        ("seed", Align::Right),
        ("state", Align::Left),
        ("value", Align::Right),
        ("epoch", Align::Right),
        ("root", Align::Left),
    ]);
    for (metric, row) in rows {
        table.row([
            row.run.to_string(),
            row.dataset.clone(),
            row.fusion.clone(),
            row.strategy.clone(),
            row.seed.to_string(),
            row.state.to_string(),
            row.value.map_or(NONE.into(), |of| value(*metric, of)),
            row.epoch.map_or(NONE.into(), |epoch| epoch.to_string()),
            row.root.as_ref().map_or(NONE.into(), |root| root.chars().take(16).collect()),
        ]);
    }
    table
}

/// Rows as CSV with a header, without the last line feed.
pub(super) fn csv_of<T: Serialize>(rows: impl Iterator<Item = T>) -> Result<String> {
    let failed = |why: String| Error::unexpected(format!("cannot write as CSV: {why}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|e| failed(e.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(e.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_string())
}
