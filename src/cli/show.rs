//! `show`: all that a store knows of a run, or of the runs of a cell.

use super::output::{self, Align, Table};
use super::{Format, print_json};
use crate::document::number::{NONE, count, spread, value};
use crate::error::{Error, Kind, Result};
use crate::record::RunRecord;
use crate::registry::Params;
use crate::stats::summary::estimate;
use crate::store::{State, Store};
use crate::suite::run::RunId;
use crate::task::Task;
use clap::Args;
use std::path::PathBuf;

/// Show what the store knows of a run, or of all runs of a cell
#[derive(Args)]
#[command(after_help = "Example: counterpoise show 3f171d2a")]
pub(super) struct Arguments {
    /// The id of a run or of a cell, or its first digits
    id: String,
    /// Folder of the run store
    #[arg(long, value_name = "DIR", default_value = "runs")]
    store: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let store = Store::open_existing(&arguments.store)?;
    let is_run = store.ids()?.iter().any(|id| id.0.starts_with(&arguments.id));
    if is_run {
        let id = store.resolve(&arguments.id)?;
        let record = record(&store, &id)?;
        return match arguments.format {
            Format::Json => print_json(&record),
            Format::Text => show_run(&store, &record),
        };
    }
    let records = of_cell(&store, &arguments.id)?;
    if records.is_empty() {
        // It says what an id is, where this is none.
        store.resolve(&arguments.id)?;
    }
    match arguments.format {
        Format::Json => print_json(&records),
        Format::Text => show_cell(&records),
    }
}

fn record(store: &Store, id: &RunId) -> Result<RunRecord> {
    match store.state(id)? {
        State::Done => store.record(id),
        State::Failed(failure) => {
            Err(Error::new(Kind::Runs, format!("run {id} failed: {}", failure.message)))
        }
        State::Pending => Err(Error::input(format!("run {id} has left no record yet"))
            .with_hint("`runs SUITE` lists the states")),
    }
}

/// The records of the runs of the cell whose id begins so; none where it is no cell's.
fn of_cell(store: &Store, prefix: &str) -> Result<Vec<RunRecord>> {
    let mut found: Vec<(RunId, RunRecord)> = Vec::new();
    for id in store.ids()? {
        if matches!(store.state(&id)?, State::Done) {
            let record = store.record(&id)?;
            let cell = record.spec.cell.id()?;
            if cell.0.starts_with(prefix) {
                found.push((cell, record));
            }
        }
    }
    if let Some((first, _)) = found.first()
        && let Some((other, _)) = found.iter().find(|(cell, _)| cell != first)
    {
        let message = format!("`{prefix}` begins the ids of several cells: {first}, {other}");
        return Err(Error::input(message).with_hint("give more of its digits"));
    }
    let mut records: Vec<RunRecord> = found.into_iter().map(|(_, record)| record).collect();
    records.sort_by_key(|record| record.spec.seed);
    Ok(records)
}

/// What a record's cell is made of, a line each.
fn description(record: &RunRecord) -> Result<Vec<String>> {
    let cell = &record.spec.cell;
    // Written out: nobody looking at one run has the defaults in mind.
    let part = |part: &crate::registry::Part| part.label(&Params::default());
    let encoders = cell
        .branches
        .iter()
        .map(|branch| format!("{}: {}", branch.modality.name, part(&branch.encoder)));
    let protocol = &cell.protocol;
    Ok(vec![
        format!("cell       {}", cell.id()?),
        format!("data set   {}", part(&cell.dataset)),
        format!("encoders   {}", encoders.collect::<Vec<_>>().join(", ")),
        format!("fusion     {}", part(&cell.fusion)),
        format!("strategy   {}", part(&cell.strategy)),
        format!("scores     {}", part(&cell.scores)),
        format!(
            "protocol   {} epochs of batches of {}, {}, {}, selection {}",
            protocol.epochs,
            protocol.batch_size,
            part(&protocol.optimizer),
            part(&protocol.schedule),
            protocol.selection.name()
        ),
        format!("device     {}", cell.backend),
    ])
}

fn show_run(store: &Store, record: &RunRecord) -> Result<()> {
    let metric = Task::of(&record.spec.cell.task)?.primary;
    let mut lines = vec![format!("run        {}", record.id)];
    lines.extend(description(record)?);
    lines.push(format!("seed       {}", record.spec.seed));
    lines.extend(record.outcome.failure().map(|why| format!("outcome    {why}")));
    lines.extend(record.fault.as_ref().map(|fault| format!("fault      {fault}")));
    lines.push(format!("root       {}", record.root()?));
    lines.push(format!("initial    {}", record.initial_root));
    lines.push(format!("selected   {}", record.selected_root));
    lines.push(format!("data       {}", record.data_content));
    lines.push(format!("class      {}", record.environment.class_id));
    lines.push(format!("program    {}", record.environment.program));
    lines.push(format!("folder     {}", store.folder(&record.id).display()));
    output::data(&lines.join("\n"))?;
    let mut table = Table::new(&[
        ("epoch", Align::Right),
        ("training loss", Align::Right),
        (&format!("validation {}", metric.label), Align::Right),
        (&format!("test {}", metric.label), Align::Right),
        ("", Align::Left),
    ]);
    for (at, epoch) in record.epochs.iter().enumerate() {
        let of = |found: Option<f64>| found.map_or(NONE.into(), |found| value(metric, found));
        let loss = epoch.train.get("loss").map_or(NONE.into(), |loss| format!("{loss:.4}"));
        let selected = if at == record.selected_epoch { "selected" } else { "" };
        table.row([
            (at + 1).to_string(),
            loss,
            of(epoch.validation.get(metric.name)),
            of(epoch.test.get(metric.name)),
            selected.to_string(),
        ]);
    }
    output::table(&table)
}

fn show_cell(records: &[RunRecord]) -> Result<()> {
    let Some(first) = records.first() else { return Ok(()) };
    let metric = Task::of(&first.spec.cell.task)?.primary;
    output::data(&description(first)?.join("\n"))?;
    let mut table = Table::new(&[
        ("run", Align::Left),
        ("seed", Align::Right),
        (metric.label, Align::Right),
        ("epoch", Align::Right),
        ("root", Align::Left),
    ]);
    let mut values = Vec::new();
    for record in records {
        let found = record.outcome.failure().is_none().then(|| record.value()).flatten();
        values.extend(found);
        table.row([
            record.id.to_string(),
            record.spec.seed.to_string(),
            found.map_or(NONE.into(), |found| value(metric, found)),
            (record.selected_epoch + 1).to_string(),
            record.root()?.short(),
        ]);
    }
    output::table(&table)?;
    let mean = spread(metric, estimate(&values));
    output::note(&format!("{}, {}: {mean}", count(values.len(), "finished run"), metric.label));
    Ok(())
}
