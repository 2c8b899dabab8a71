//! `results.csv`, one row per planned run, and `summary.csv`, one row per cell.
//!
//! Metrics of modalities and further test splits are those of the protocol's selected epoch.
//! Measured values are written with all their digits, computed ones with six decimals,
//! p values with six digits; what does not exist is empty.

use crate::error::{Error, Result};
use crate::hash::canonical_json;
use crate::record::RunRecord;
use crate::record::metrics::{self, Metrics};
use crate::results::analysis::Analysis;
use crate::results::cell::{CellResults, Run, SELECTIONS};
use crate::stats::summary::Estimate;
use crate::text;
use std::collections::BTreeSet;

/// One row per planned run: labels, essentials of the spec, metrics, roots and cost.
///
/// # Errors
/// When a value cannot be encoded.
pub fn results(analysis: &Analysis<'_>) -> Result<Vec<u8>> {
    let specs = analysis.input.cells.iter().map(|cell| &cell.spec);
    let n_modalities = specs.map(|spec| spec.branches.len()).max().unwrap_or(0);
    let splits = further_splits(analysis);
    let mut rows = vec![results_header(n_modalities, &splits)];
    for cell in &analysis.cells {
        let mut of_cell: Vec<(u64, Vec<String>)> = Vec::new();
        for run in &cell.runs {
            let mut row = described(cell, run.seed(), "finished")?;
            row.extend(measured(run, n_modalities, &splits));
            row.extend(roots_and_cost(run.record)?);
            of_cell.push((run.seed(), row));
        }
        for (seed, why) in &cell.failures {
            let mut row = described(cell, *seed, why)?;
            let record = cell.input.records.iter().find(|record| record.spec.seed == *seed);
            let n_selected = (1 + METRICS.len()) * SELECTIONS.len();
            let n_measured = n_selected + 3 * n_modalities + METRICS.len() * splits.len();
            row.extend(vec![String::new(); n_measured]);
            row.extend(match record {
                Some(record) => roots_and_cost(record)?,
                None => vec![String::new(); COST.len()],
            });
            of_cell.push((*seed, row));
        }
        of_cell.sort();
        rows.extend(of_cell.into_iter().map(|(_, row)| row));
    }
    write(&rows)
}

/// One row per cell: estimates of accuracy, and of the difference to joint training.
///
/// # Errors
/// When a value cannot be encoded.
pub fn summary(analysis: &Analysis<'_>) -> Result<Vec<u8>> {
    let mut rows = vec![SUMMARY.map(str::to_string).to_vec()];
    for (place, cell) in analysis.cells.iter().enumerate() {
        let comparison = analysis.comparison(place);
        let test = comparison.and_then(|comparison| comparison.paired);
        let mut row = vec![
            cell.input.id.to_string(),
            cell.input.dataset.clone(),
            cell.input.fusion.clone(),
            cell.strategy.clone(),
            cell.input.spec.protocol.selection.name().into(),
            (cell.runs.len() + cell.failures.len()).to_string(),
        ];
        row.extend(estimated(cell.accuracy));
        row.extend(estimated(test.map(|test| test.difference)));
        row.extend([
            scientific(test.and_then(|test| test.p)),
            scientific(comparison.and_then(|comparison| comparison.holm)),
            decimal(test.and_then(|test| test.smallest_effect)),
            comparison.map_or(String::new(), |c| c.verdict.words().into()),
        ]);
        for estimate in [cell.macro_f1, cell.imbalance] {
            row.extend([
                decimal(estimate.map(|estimate| estimate.mean)),
                decimal(estimate.and_then(|estimate| estimate.sd)),
            ]);
        }
        rows.push(row);
    }
    write(&rows)
}

const SUMMARY: [&str; 24] = [
    "cell",
    "dataset",
    "fusion",
    "strategy",
    "selection",
    "n_planned",
    "n",
    "accuracy_mean",
    "accuracy_sd",
    "accuracy_low",
    "accuracy_high",
    "n_pairs",
    "delta_mean",
    "delta_sd",
    "delta_low",
    "delta_high",
    "p",
    "p_holm",
    "smallest_detectable_delta",
    "verdict",
    "macro_f1_mean",
    "macro_f1_sd",
    "imbalance_mean",
    "imbalance_sd",
];

const DESCRIPTION: [&str; 22] = [
    "run",
    "cell",
    "dataset",
    "fusion",
    "strategy",
    "seed",
    "status",
    "dataset_params",
    "fusion_params",
    "strategy_params",
    "modalities",
    "encoders",
    "scores",
    "protocol",
    "optimizer",
    "lr",
    "epochs",
    "batch_size",
    "drop_last",
    "selection",
    "backend",
    "data_manifest",
];

/// The metrics that have columns; a record may hold others.
const METRICS: [&str; 5] = [
    metrics::ACCURACY,
    metrics::MACRO_F1,
    metrics::MEAN_AVERAGE_PRECISION,
    metrics::LOSS,
    metrics::IMBALANCE,
];

/// What the columns of [`METRICS`] are called.
fn columns() -> impl Iterator<Item = String> {
    METRICS.iter().map(|name| name.replace('-', "_"))
}

/// The cells of [`METRICS`]; empty where something was not measured.
fn cells(measured: Option<&Metrics>) -> impl Iterator<Item = String> {
    let value = move |name: &&str| measured.and_then(|metrics| metrics.get(name));
    METRICS.iter().map(move |name| value(name).map_or(String::new(), |value| value.to_string()))
}

const COST: [&str; 11] = [
    "run_root",
    "initial_root",
    "selected_root",
    "final_root",
    "data_content",
    "determinism_class",
    "program",
    "wall_seconds",
    "train_steps",
    "parameters",
    "peak_memory_bytes",
];

/// The names of the further test splits of all data sets.
fn further_splits(analysis: &Analysis<'_>) -> Vec<String> {
    let runs = analysis.cells.iter().flat_map(|cell| &cell.runs);
    let splits: BTreeSet<&String> = runs.flat_map(|run| run.epoch.further.keys()).collect();
    splits.into_iter().cloned().collect()
}

fn results_header(n_modalities: usize, splits: &[String]) -> Vec<String> {
    let mut header = DESCRIPTION.map(str::to_string).to_vec();
    for selection in SELECTIONS {
        let rule = selection.name().replace('-', "_");
        header.push(format!("{rule}_epoch"));
        header.extend(columns().map(|name| format!("{rule}_test_{name}")));
    }
    for modality in 1..=n_modalities {
        let names = ["", "_accuracy", "_contribution"];
        header.extend(names.map(|name| format!("modality_{modality}{name}")));
    }
    for split in splits {
        let split = split.replace('-', "_");
        header.extend(columns().map(|name| format!("{split}_{name}")));
    }
    header.extend(COST.map(str::to_string));
    header
}

fn described(cell: &CellResults<'_>, seed: u64, status: &str) -> Result<Vec<String>> {
    let spec = &cell.input.spec;
    let joined = |part: fn(&crate::suite::run::Branch) -> &str| {
        spec.branches.iter().map(part).collect::<Vec<_>>().join("+")
    };
    let optimizer = &spec.protocol.optimizer;
    Ok(vec![
        spec.run(seed).id()?.to_string(),
        cell.input.id.to_string(),
        cell.input.dataset.clone(),
        cell.input.fusion.clone(),
        cell.strategy.clone(),
        seed.to_string(),
        status.to_string(),
        canonical_json(&spec.dataset.params)?,
        canonical_json(&spec.fusion.params)?,
        canonical_json(&spec.strategy.params)?,
        joined(|branch| &branch.modality.name),
        joined(|branch| &branch.encoder.name),
        spec.scores.name.clone(),
        cell.input.preset.clone(),
        optimizer.name.clone(),
        optimizer.params.0.get("lr").map_or(String::new(), ToString::to_string),
        spec.protocol.epochs.to_string(),
        spec.protocol.batch_size.to_string(),
        spec.protocol.drop_last.to_string(),
        spec.protocol.selection.name().to_string(),
        spec.backend.clone(),
        spec.data_manifest.to_string(),
    ])
}

fn measured(run: &Run<'_>, n_modalities: usize, splits: &[String]) -> Vec<String> {
    let mut row = Vec::new();
    for selection in SELECTIONS {
        let chosen = run.under(selection);
        // Epochs are counted from 1 where people read them.
        row.push(chosen.map_or(String::new(), |(at, _)| (at + 1).to_string()));
        row.extend(cells(chosen.map(|(_, epoch)| &epoch.test)));
    }
    for modality in 0..n_modalities {
        let branch = run.record.spec.cell.branches.get(modality);
        let name = branch.map_or("", |branch| branch.modality.name.as_str());
        row.push(name.to_string());
        for metric in [metrics::modality_accuracy(name), metrics::contribution(name)] {
            row.push(run.test().get(&metric).map_or(String::new(), |value| value.to_string()));
        }
    }
    for split in splits {
        row.extend(cells(run.epoch.further.get(split)));
    }
    row
}

fn roots_and_cost(record: &RunRecord) -> Result<Vec<String>> {
    let cost = record.cost;
    Ok(vec![
        record.root()?.to_string(),
        record.initial_root.to_string(),
        record.selected_root.to_string(),
        record.final_root.to_string(),
        record.data_content.to_string(),
        record.environment.class_id.to_string(),
        record.environment.program.clone(),
        cost.wall_seconds.to_string(),
        cost.train_steps.to_string(),
        cost.parameters.to_string(),
        cost.peak_memory.map_or(String::new(), |bytes| bytes.to_string()),
    ])
}

/// The columns `n`, mean, standard deviation and interval of an estimate.
pub(crate) fn estimated(estimate: Option<Estimate>) -> [String; 5] {
    let interval = estimate.and_then(|estimate| estimate.interval);
    [
        estimate.map_or(String::new(), |estimate| estimate.n.to_string()),
        decimal(estimate.map(|estimate| estimate.mean)),
        decimal(estimate.and_then(|estimate| estimate.sd)),
        decimal(interval.map(|interval| interval.low)),
        decimal(interval.map(|interval| interval.high)),
    ]
}

pub(crate) fn decimal(value: Option<f64>) -> String {
    // Adding zero turns a negative zero into a positive one.
    value.map_or(String::new(), |value| format!("{:.6}", value + 0.0))
}

/// Small p values would vanish among decimals.
fn scientific(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| format!("{value:.5e}"))
}

/// A text as a sheet holds it: on one line, and without what a terminal would read as more than text.
pub(crate) fn written(text: &str) -> String {
    text::line(text)
}

fn write(rows: &[Vec<String>]) -> Result<Vec<u8>> {
    let failed = |why: String| Error::unexpected(format!("cannot write a CSV file: {why}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        let row = row.iter().map(|entry| written(entry));
        writer.write_record(row).map_err(|e| failed(e.to_string()))?;
    }
    writer.into_inner().map_err(|e| failed(e.to_string()))
}
