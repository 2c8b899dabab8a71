//! The pages, tables and figures of a report, rendered again from the records of its runs.

use super::records::Records;
use super::{Check, Files, claims};
use crate::error::{Error, Result};
use crate::record::RunRecord;
use crate::report::render;
use crate::results::input::{CellInput, SuiteInput};
use crate::results::manifest::{CellEntry, Manifest, RunEntry};
use crate::results::predictions;
use crate::results::rows::{self, RESULTS, Row};
use crate::store::Store;
use crate::suite::Suite;
use crate::task::Task;
use crate::verify::sheets;
use std::collections::BTreeMap;

/// Renders the report again and compares every file byte for byte. Times and memory are those
/// that the report states: runs that were trained again have the results, not the cost. What runs
/// predict item by item is read from the store.
///
/// # Errors
/// When the report cannot be rendered.
pub fn check(
    files: &Files,
    manifest: &Manifest,
    suite: &Suite,
    records: &Records,
    store: Option<&Store>,
) -> Result<Check> {
    let mut check = Check::new("rendering", "every file with what the records render to");
    let Some(version) = claims::version(files, manifest) else {
        check.expect(false, "README.md", || "does not state the version".into());
        return Ok(check);
    };
    let rows = files.get(RESULTS).map_or(Ok(Vec::new()), |bytes| rows::read(RESULTS, bytes))?;
    let rows: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.text("run"), row)).collect();
    let mut cells = Vec::new();
    for cell in &manifest.cells {
        cells.push(input(manifest, cell, records, &rows)?);
    }
    let mut input = SuiteInput {
        suite: suite.name.clone(),
        title: suite.title.clone(),
        analysis: suite.analysis.clone(),
        margin: suite.margin,
        source_text: suite.text.clone(),
        cells,
        warnings: Vec::new(),
    };
    if let Some(store) = store {
        predictions::read(&mut input, store)?;
    }
    let rendered = render(&input, version)?;
    let mut paths: Vec<&String> = files.keys().chain(rendered.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let (here, again) = (files.get(path), rendered.get(path));
        check.expect(here == again, path, || match (here, again) {
            (None, _) => "is missing".into(),
            (_, None) => "the records render to no such file".into(),
            _ => "the records, or this version of the program, render to other bytes".into(),
        });
    }
    Ok(check)
}

/// A cell as it was reported.
fn input(
    manifest: &Manifest,
    cell: &CellEntry,
    records: &Records,
    rows: &BTreeMap<&str, &Row>,
) -> Result<CellInput> {
    let spec = cell.spec.current().ok_or_else(|| {
        Error::input(format!("cell {} is described in format 1", cell.id))
            .with_hint("release 0.1 renders its own reports again")
    })?;
    let is_of = |run: &&RunEntry| {
        (&run.cell, &run.dataset, &run.fusion, &run.strategy)
            == (&cell.id, &cell.dataset, &cell.fusion, &cell.strategy)
    };
    let mut of_cell = Vec::new();
    // In the order of the suite's seeds, as the store is read.
    for seed in &cell.seeds {
        let entry = manifest.runs.iter().filter(is_of).find(|run| run.seed == *seed);
        if let Some(entry) = entry
            && let Some(record) = records.get(&entry.id)
        {
            of_cell.push(as_reported(manifest, entry, record, rows)?);
        }
    }
    let recorded = |seed: &u64| of_cell.iter().any(|record| record.spec.seed == *seed);
    let failures = manifest.failures.iter().filter(|failure| failure.cell == cell.id);
    let missing = failures
        .filter(|failure| !recorded(&failure.seed))
        .map(|failure| (failure.seed, failure.reason.clone()));
    Ok(CellInput {
        id: cell.id.clone(),
        dataset: cell.dataset.clone(),
        fusion: cell.fusion.clone(),
        strategy: cell.strategy.clone(),
        preset: cell.preset().to_string(),
        task: Task::of(&spec.task)?,
        spec: spec.clone(),
        seeds: cell.seeds.clone(),
        missing: missing.collect(),
        records: of_cell,
        items: BTreeMap::new(),
    })
}

/// A record with the program, the class and the cost that the report states.
fn as_reported(
    manifest: &Manifest,
    entry: &RunEntry,
    record: &RunRecord,
    rows: &BTreeMap<&str, &Row>,
) -> Result<RunRecord> {
    let mut record = record.clone();
    record.environment.class_id = entry.class;
    if let Some(program) = &entry.program {
        record.environment.program.clone_from(program);
    }
    record.environment.class =
        manifest.classes.get(&entry.class.to_string()).cloned().unwrap_or_default();
    if let Some(row) = rows.get(entry.id.0.as_str()) {
        record.cost = sheets::cost(row)?.unwrap_or(record.cost);
    }
    Ok(record)
}
