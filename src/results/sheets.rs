//! `results.csv`, one row per planned run, `summary.csv`, one row per cell, and `effects.csv`, one row
//! per strategy and data set.
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
use crate::results::rows::{self, underscored};
use crate::results::verdict::Judged;
use crate::stats::summary::Estimate;
use crate::task::Task;
use crate::task::metric::{LOSS, METRICS, Metric};
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
    let (columns, primary) = (columns(analysis), analysis.metrics());
    let header = results_header(n_modalities, &splits, &columns, &primary);
    let (width, mut rows) = (header.len(), vec![header]);
    for cell in &analysis.cells {
        let mut of_cell: Vec<(u64, Vec<String>)> = Vec::new();
        for run in &cell.runs {
            let mut row = described(cell, run.seed(), "finished")?;
            row.extend(measured(run, n_modalities, &splits, &columns, &primary));
            row.extend(roots_and_cost(run.record)?);
            of_cell.push((run.seed(), row));
        }
        for (seed, why) in &cell.failures {
            let mut row = described(cell, *seed, why)?;
            let record = cell.input.records.iter().find(|record| record.spec.seed == *seed);
            row.resize(width - ROOTS_AND_COST.len(), String::new());
            row.extend(match record {
                Some(record) => roots_and_cost(record)?,
                None => vec![String::new(); ROOTS_AND_COST.len()],
            });
            of_cell.push((*seed, row));
        }
        of_cell.sort();
        rows.extend(of_cell.into_iter().map(|(_, row)| row));
    }
    write(&rows)
}

/// One row per cell: estimates of the primary metric, and of the difference to joint training.
///
/// # Errors
/// When a value cannot be encoded.
pub fn summary(analysis: &Analysis<'_>) -> Result<Vec<u8>> {
    let (primary, beside) = (analysis.metrics(), beside(analysis));
    let mut rows = vec![summary_header(&primary, &beside)];
    for (place, cell) in analysis.cells.iter().enumerate() {
        let comparison = analysis.comparison(place);
        let judged = comparison.map(|comparison| comparison.judged);
        let test = judged.and_then(|judged| judged.test);
        let mut row = vec![
            cell.input.id.to_string(),
            cell.input.dataset.clone(),
            cell.input.fusion.clone(),
            cell.strategy.clone(),
            cell.input.spec.protocol.selection.name().into(),
            (cell.runs.len() + cell.failures.len()).to_string(),
        ];
        let of = |metric: &Metric| match cell.input.task {
            Task { primary, .. } if primary == *metric => cell.value,
            Task { beside, .. } if beside == *metric => cell.beside,
            _ => None,
        };
        let [n, ..] = estimated(cell.value);
        row.push(n);
        for metric in &primary {
            let [_, statistics @ ..] = estimated(of(metric));
            row.extend(statistics);
        }
        row.extend(estimated(test.map(|test| test.difference)));
        row.extend([comparison.map_or(String::new(), |_| family(cell).into())]);
        row.extend(tested(judged.as_ref()));
        for estimate in beside.iter().map(of).chain([cell.imbalance]) {
            row.extend([
                decimal(estimate.map(|estimate| estimate.mean)),
                decimal(estimate.and_then(|estimate| estimate.sd)),
            ]);
        }
        rows.push(row);
    }
    write(&rows)
}

/// What the statistics of an estimate are called after the name of what is estimated.
pub(crate) const STATISTICS: [&str; 4] = ["mean", "sd", "low", "high"];

/// What stands beside a difference that was tested.
const JUDGED: [&str; 5] =
    ["p", "p_adjusted", "p_equivalent_adjusted", "detectable_delta", "verdict"];

/// The columns [`JUDGED`].
fn tested(judged: Option<&Judged>) -> [String; 5] {
    let of = |value: fn(&Judged) -> Option<f64>| judged.and_then(value);
    [
        scientific(of(|judged| judged.test?.p)),
        scientific(of(|judged| judged.p)),
        scientific(of(|judged| judged.equivalence)),
        decimal(of(|judged| judged.detectable)),
        judged.map_or(String::new(), |judged| judged.verdict.words().into()),
    ]
}

/// The family of tests that a cell belongs to.
fn family(cell: &CellResults<'_>) -> &'static str {
    if cell.variant_of.is_some() { "exploratory" } else { "secondary" }
}

/// The primary family: one row per strategy and data set.
///
/// # Errors
/// When a value cannot be encoded.
pub fn effects(analysis: &Analysis<'_>) -> Result<Vec<u8>> {
    let against = |of: &str| STATISTICS.map(|name| rows::statistic(of, name));
    let judged = |of: &str| JUDGED.map(|name| format!("{of}{name}"));
    let mut header: Vec<String> =
        ["dataset", "strategy", "metric", "fusions", "n"].map(Into::into).into();
    header.extend(against("delta").into_iter().chain(["one_sided".into()]).chain(judged("")));
    header.extend(
        ["best_modality".into(), "n_alone".into()].into_iter().chain(against("delta_alone")),
    );
    header.extend(judged("alone_"));
    let mut rows = vec![header];
    let differences = |judged: Option<&Judged>| {
        estimated(judged.and_then(|judged| judged.test).map(|test| test.difference))
    };
    for effect in &analysis.effects {
        let fusions: Vec<&str> = effect
            .pairs
            .iter()
            .map(|(cell, _)| analysis.cells[*cell].input.fusion.as_str())
            .collect();
        let judged = &effect.judged;
        let side = judged.test.map_or(String::new(), |test| test.one_sided.to_string());
        let mut row = vec![
            effect.dataset.clone(),
            effect.strategy.clone(),
            effect.metric.name.to_string(),
            fusions.join("+"),
        ];
        row.extend(differences(Some(judged)).into_iter().chain([side]).chain(tested(Some(judged))));
        let alone = effect.alone.as_ref();
        let modality =
            alone.map(|alone| analysis.cells[alone.cell].input.spec.modalities().join("+"));
        let judged = alone.map(|alone| &alone.judged);
        row.push(modality.unwrap_or_default());
        row.extend(differences(judged).into_iter().chain(tested(judged)));
        rows.push(row);
    }
    write(&rows)
}

/// Every primary metric has columns of its own, which other cells leave empty.
fn summary_header(primary: &[Metric], beside: &[Metric]) -> Vec<String> {
    let statistics = |name: &str, n: usize| {
        STATISTICS[..n].iter().map(|of| rows::statistic(name, of)).collect::<Vec<_>>()
    };
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut header =
        words(&["cell", "dataset", "fusion", "strategy", "selection", "n_planned", "n"]);
    header.extend(primary.iter().flat_map(|metric| statistics(metric.name, 4)));
    header.push("n_pairs".into());
    header.extend(statistics("delta", 4));
    header.extend(words(&["family"]));
    header.extend(words(&JUDGED));
    header.extend(beside.iter().flat_map(|metric| statistics(metric.name, 2)));
    header.extend(statistics(metrics::IMBALANCE, 2));
    header
}

/// The distinct metrics that stand beside the primary ones, in order; those that are primary ones of
/// other cells have columns already.
fn beside(analysis: &Analysis<'_>) -> Vec<Metric> {
    let primary = analysis.metrics();
    let of_cells = analysis.cells.iter().map(|cell| cell.input.task.beside);
    of_cells.fold(Vec::new(), |mut known, metric| {
        if !known.contains(&metric) && !primary.contains(&metric) {
            known.push(metric);
        }
        known
    })
}

const DESCRIPTION: [&str; 23] = [
    "run",
    "cell",
    "dataset",
    "fusion",
    "strategy",
    "seed",
    "status",
    "task",
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

/// What has columns, by name: the metrics of all tasks of the report, the loss last, and the degree
/// of imbalance. A record may hold others.
fn columns(analysis: &Analysis<'_>) -> Vec<&'static str> {
    let measured = |metric: &Metric| {
        analysis.cells.iter().any(|cell| cell.input.task.metrics.contains(metric))
    };
    let metrics = METRICS.iter().filter(|metric| **metric != LOSS && measured(metric));
    metrics.chain([&LOSS]).map(|metric| metric.name).chain([metrics::IMBALANCE]).collect()
}

/// The cells of `columns`; empty where something was not measured.
fn cells(measured: Option<&Metrics>, columns: &[&str]) -> Vec<String> {
    let value = |name: &&str| measured.and_then(|metrics| metrics.get(name));
    let text = |name| value(name).map_or(String::new(), |value| value.to_string());
    columns.iter().map(text).collect()
}

const ROOTS_AND_COST: [&str; 15] = [
    "run_root",
    "initial_root",
    "selected_root",
    "final_root",
    "data_content",
    "determinism_class",
    "program",
    "train_steps",
    "forward_examples",
    "backward_examples",
    "multiply_adds",
    "inference_multiply_adds",
    "parameters",
    "wall_seconds",
    "peak_memory_bytes",
];

/// The names of the further test splits of all data sets.
fn further_splits(analysis: &Analysis<'_>) -> Vec<String> {
    let runs = analysis.cells.iter().flat_map(|cell| &cell.runs);
    let splits: BTreeSet<&String> = runs.flat_map(|run| run.epoch.further.keys()).collect();
    splits.into_iter().cloned().collect()
}

fn results_header(
    n_modalities: usize,
    splits: &[String],
    columns: &[&str],
    primary: &[Metric],
) -> Vec<String> {
    let mut header = DESCRIPTION.map(str::to_string).to_vec();
    for selection in SELECTIONS {
        header.push(format!("{}_epoch", underscored(selection.name())));
        header.extend(columns.iter().map(|name| rows::column(selection, name)));
    }
    for modality in 1..=n_modalities {
        header.push(format!("modality_{modality}"));
        let names = primary.iter().map(|metric| metric.name).chain([metrics::CONTRIBUTION]);
        header.extend(names.map(|name| format!("modality_{modality}_{}", underscored(name))));
    }
    for split in splits {
        let split = underscored(split);
        header.extend(columns.iter().map(|name| format!("{split}_{}", underscored(name))));
    }
    header.extend(ROOTS_AND_COST.map(str::to_string));
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
        spec.task.name.clone(),
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

fn measured(
    run: &Run<'_>,
    n_modalities: usize,
    splits: &[String],
    columns: &[&str],
    primary: &[Metric],
) -> Vec<String> {
    let mut row = Vec::new();
    for selection in SELECTIONS {
        let chosen = run.under(selection);
        // Epochs are counted from 1 where people read them.
        row.push(chosen.map_or(String::new(), |(at, _)| (at + 1).to_string()));
        row.extend(cells(chosen.map(|(_, epoch)| &epoch.test), columns));
    }
    for modality in 0..n_modalities {
        let branch = run.record.spec.cell.branches.get(modality);
        let name = branch.map_or("", |branch| branch.modality.name.as_str());
        row.push(name.to_string());
        let alone = primary.iter().map(|metric| metrics::modality(*metric, name));
        let names: Vec<String> = alone.chain([metrics::contribution(name)]).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        row.extend(cells(Some(run.test()), &names));
    }
    for split in splits {
        row.extend(cells(run.epoch.further.get(split), columns));
    }
    row
}

fn roots_and_cost(record: &RunRecord) -> Result<Vec<String>> {
    let (work, cost) = (record.work, record.cost);
    Ok(vec![
        record.root()?.to_string(),
        record.initial_root.to_string(),
        record.selected_root.to_string(),
        record.final_root.to_string(),
        record.data_content.to_string(),
        record.environment.class_id.to_string(),
        record.environment.program.clone(),
        work.steps.to_string(),
        work.forward.to_string(),
        work.backward.to_string(),
        work.multiply_adds.to_string(),
        work.inference.to_string(),
        work.parameters.to_string(),
        cost.wall_seconds.to_string(),
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
