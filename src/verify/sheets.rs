//! The sheets: `results.csv` against the manifest, `summary.csv` against `results.csv`.

use super::{Check, Files};
use crate::error::Result;
use crate::hash::{Digest, digest_json};
use crate::record::{Cost, metrics};
use crate::results::manifest::{CellEntry, Manifest, RunEntry};
use crate::results::rows::{self, FINISHED, RESULTS, Row, SUMMARY};
use crate::results::sheets::{STATISTICS, estimated, written};
use crate::stats::summary::estimate;
use crate::task::Task;
use std::collections::BTreeMap;

/// Compares every row of a run with its cell, its entry and its failure in the manifest.
pub fn results(files: &Files, manifest: &Manifest) -> Check {
    let mut check = Check::new("runs", "every row of results.csv with the manifest");
    let Some(rows) = open(files, RESULTS, &mut check) else { return check };
    // Rows stand in the order of cells, and in each in the order of seeds.
    let mut planned = Vec::new();
    for cell in &manifest.cells {
        let mut seeds = cell.seeds.clone();
        seeds.sort_unstable();
        planned.extend(seeds.into_iter().map(|seed| (cell, seed)));
    }
    check.expect(rows.len() == planned.len(), RESULTS, || {
        format!("has {} rows for {} planned runs", rows.len(), planned.len())
    });
    for (row, (cell, seed)) in rows.iter().zip(planned) {
        let different = different(manifest, cell, seed, row);
        check.expect(different.is_none(), &row.place, || different.unwrap_or_default());
    }
    check
}

/// The first column of a row that is not what the manifest says of the run.
fn different(manifest: &Manifest, cell: &CellEntry, seed: u64, row: &Row) -> Option<String> {
    let spec = &cell.spec;
    let Ok(id) = spec.run_id(seed) else { return Some("its run cannot be described".into()) };
    let failure = manifest.failures.iter().find(|f| f.cell == cell.id && f.seed == seed);
    let mut expected = vec![
        ("run", id.to_string()),
        ("cell", cell.id.to_string()),
        ("dataset", cell.dataset.clone()),
        ("fusion", cell.fusion.clone()),
        ("strategy", cell.strategy_label()),
        ("seed", seed.to_string()),
        ("status", failure.map_or(FINISHED.to_string(), |failure| failure.reason.clone())),
        ("protocol", cell.preset().to_string()),
        ("epochs", spec.epochs().to_string()),
        ("selection", spec.selection().name().to_string()),
        ("backend", spec.backend().to_string()),
        ("data_manifest", spec.data_manifest().to_string()),
    ];
    let entry = manifest.runs.iter().find(|run| run.id == id);
    let digest =
        |of: fn(&RunEntry) -> Digest| entry.map_or(String::new(), |entry| of(entry).to_string());
    expected.extend([
        ("run_root", digest(|run| run.root)),
        ("initial_root", digest(|run| run.initial_root)),
        ("selected_root", digest(|run| run.selected_root)),
        ("final_root", digest(|run| run.final_root)),
        ("data_content", digest(|run| run.data_content)),
        ("determinism_class", digest(|run| run.class)),
        ("program", entry.and_then(|entry| entry.program.clone()).unwrap_or_default()),
    ]);
    let mut expected = expected.into_iter().map(|(name, value)| (name, written(&value)));
    let found = expected.find(|(name, value)| row.text(name) != value);
    let Some((column, value)) = found else {
        return other_cost(entry?.cost?, row, manifest.format);
    };
    Some(format!("`{column}` is `{}`, the manifest says `{value}`", row.text(column)))
}

/// What is wrong with the cost in a row, whose digest the manifest holds.
fn other_cost(stated: Digest, row: &Row, format: u32) -> Option<String> {
    let digest = match format {
        2 => cost_of_format_2(row),
        _ => cost(row).and_then(|cost| cost.map(|cost| cost.digest()).transpose()),
    };
    match digest {
        Ok(Some(digest)) if digest == stated => None,
        Ok(_) => Some("its cost is not the one whose digest the manifest holds".into()),
        Err(error) => Some(error.message),
    }
}

/// The digest of the cost in a report whose records are of format 2: steps and parameters were part
/// of it.
fn cost_of_format_2(row: &Row) -> Result<Option<Digest>> {
    let (Some(wall_seconds), Some(train_steps), Some(parameters)) =
        (row.number("wall_seconds")?, row.whole("train_steps")?, row.whole("parameters")?)
    else {
        return Ok(None);
    };
    let cost = serde_json::json!({
        "wall_seconds": wall_seconds,
        "train_steps": train_steps,
        "parameters": parameters,
        "peak_memory": row.whole("peak_memory_bytes")?,
    });
    digest_json(&cost).map(Some)
}

/// The cost of a run in its row; `None` where the run left no record.
///
/// # Errors
/// When a column is none of a number.
pub fn cost(row: &Row) -> Result<Option<Cost>> {
    let Some(wall_seconds) = row.number("wall_seconds")? else { return Ok(None) };
    let peak_memory = row.whole("peak_memory_bytes")?;
    Ok(Some(Cost { wall_seconds, peak_memory }))
}

/// Computes the estimates of every cell again from the rows of its runs.
pub fn summary(files: &Files, manifest: &Manifest) -> Check {
    let mut check = Check::new("estimates", "every row of summary.csv with the rows of its runs");
    let Some(rows) = open(files, SUMMARY, &mut check) else { return check };
    // What is wrong with the other sheet is said by the check of it.
    let results = files.get(RESULTS).and_then(|bytes| rows::read(RESULTS, bytes).ok());
    let mut runs: BTreeMap<[&str; 4], Vec<&Row>> = BTreeMap::new();
    for row in results.iter().flatten() {
        runs.entry(labels(row)).or_default().push(row);
    }
    check.expect(rows.len() == manifest.cells.len(), SUMMARY, || {
        format!("has {} rows for {} cells", rows.len(), manifest.cells.len())
    });
    for (row, cell) in rows.iter().zip(&manifest.cells) {
        let of_cell = runs.get(&labels(row)).map_or(&[][..], Vec::as_slice);
        let why = match unequal(row, cell, of_cell) {
            Ok(why) => why,
            Err(error) => Some(error.message),
        };
        check.expect(why.is_none(), &row.place, || why.unwrap_or_default());
    }
    check
}

fn labels(row: &Row) -> [&str; 4] {
    ["cell", "dataset", "fusion", "strategy"].map(|column| row.text(column))
}

/// The first column of a cell's row that its runs do not give.
fn unequal(row: &Row, cell: &CellEntry, runs: &[&Row]) -> Result<Option<String>> {
    let selection = cell.spec.selection();
    let finished = || runs.iter().filter(|run| run.text("status") == FINISHED);
    let over = |metric: &str| {
        let column = rows::column(selection, metric);
        let values: Result<Vec<Option<f64>>> = finished().map(|run| run.number(&column)).collect();
        values.map(|values| estimate(&values.into_iter().flatten().collect::<Vec<_>>()))
    };
    let mut expected = vec![
        ("cell".to_string(), cell.id.to_string()),
        ("selection".to_string(), selection.name().to_string()),
        ("n_planned".to_string(), runs.len().to_string()),
    ];
    let Task { primary, beside, .. } = cell.spec.task()?;
    let [n, statistics @ ..] = estimated(over(primary.name)?);
    expected.push(("n".into(), n));
    let named = |metric: &'static str| STATISTICS.map(|of| rows::statistic(metric, of));
    expected.extend(named(primary.name).into_iter().zip(statistics));
    for metric in [beside.name, metrics::IMBALANCE] {
        let [_, mean, sd, ..] = estimated(over(metric)?);
        expected.extend(named(metric).into_iter().zip([mean, sd]));
    }
    let found = expected.into_iter().find(|(name, value)| row.text(name) != value);
    Ok(found.map(|(column, value)| {
        format!("`{column}` is `{}`, the runs give `{value}`", row.text(&column))
    }))
}

/// The rows of a sheet; where it is missing or broken, a mismatch.
fn open(files: &Files, name: &str, check: &mut Check) -> Option<Vec<Row>> {
    let rows = match files.get(name) {
        Some(bytes) => rows::read(name, bytes).map_err(|error| error.message),
        None => Err("is missing".to_string()),
    };
    match rows {
        Ok(rows) => Some(rows),
        Err(why) => {
            check.expect(false, name, || why);
            None
        }
    }
}
