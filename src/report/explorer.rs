//! Every cell with its runs, for the page: values, verdicts, curves, roots.

use crate::document::explorer::Item;
use crate::document::number::{NONE, difference, interval, spread, value};
use crate::document::{Column, Explorer};
use crate::figure::data::Role;
use crate::record::metrics::Metrics;
use crate::results::analysis::Analysis;
use crate::results::cell::{CellResults, Run};
use crate::task::words;

/// The columns by which a reader chooses: data set, fusion, strategy, verdict.
const CHOICES: usize = 4;

/// All cells of a report.
pub fn explorer(analysis: &Analysis<'_>) -> Explorer {
    let words = ["Data set", "Fusion", "Strategy", "Verdict"].map(Column::words);
    let numbers = ["n", "Test", "95 % interval", "Δ joint"].map(Column::number);
    let detail = [Column::number("Seed"), Column::number("Test"), Column::number("Epoch")];
    let roots = ["Run", "Root", "Weights"].map(Column::words);
    let items = analysis.datasets().into_iter().flat_map(|dataset| analysis.of_dataset(dataset));
    Explorer {
        caption: words::of(
            &analysis.metrics(),
            "Every cell: test {metric} at the selected epoch, mean ± standard deviation, and the mean \
             difference to joint training with its verdict. A row opens to its runs.",
        ),
        choices: CHOICES,
        columns: words.into_iter().chain(numbers).collect(),
        items: items.map(|(place, cell)| item(analysis, place, cell)).collect(),
        detail: detail.into_iter().chain(roots).collect(),
    }
}

fn item(analysis: &Analysis<'_>, place: usize, cell: &CellResults<'_>) -> Item {
    let metric = cell.metric();
    let comparison = analysis.comparison(place).map(|comparison| &comparison.judged);
    let verdict = match (comparison, cell.role) {
        (Some(judged), _) => judged.verdict.words(),
        (None, Role::Baseline) => "reference",
        (None, Role::Unimodal) => "one modality",
        (None, Role::Strategy) => "not compared",
    };
    let delta = comparison.and_then(|judged| judged.test).map(|test| test.difference.mean);
    let failures = cell.failures.iter().map(|(seed, why)| format!(" Seed {seed}: {why}."));
    Item {
        entries: vec![
            cell.input.dataset.clone(),
            cell.fusion().into(),
            cell.strategy.clone(),
            verdict.into(),
            cell.runs.len().to_string(),
            spread(metric, cell.value),
            cell.value.map_or(NONE.into(), |of| interval(metric, of.interval)),
            delta.map_or(NONE.into(), |mean| difference(metric, mean)),
        ],
        about: format!(
            "Test {} over epochs, a line a run; `counterpoise show {}` tells all of the cell. The \
             weights of a run are in its folder of the store, selected.safetensors.{}",
            words::title(metric),
            cell.input.id,
            failures.collect::<String>()
        ),
        rows: cell.runs.iter().map(|run| row(cell, run)).collect(),
        curves: cell
            .runs
            .iter()
            .map(|run| {
                let of = |metrics: &Metrics| metrics.get(metric.name);
                run.record.epochs.iter().map(|e| of(&e.test).unwrap_or(f64::NAN)).collect()
            })
            .collect(),
    }
}

fn row(cell: &CellResults<'_>, run: &Run<'_>) -> Vec<String> {
    let record = run.record;
    // A record that was read can be encoded.
    let root = record.root().map_or(String::new(), |root| root.to_string());
    vec![
        run.seed().to_string(),
        value(cell.metric(), run.value),
        (record.selected_epoch + 1).to_string(),
        record.id.to_string(),
        root,
        record.selected_root.to_string(),
    ]
}
