//! Results as data frames want them: one value a row, every run with its labels.

use super::analysis::Analysis;
use super::cell::{CellResults, Run, SELECTIONS};
use super::parquet::{Kind, Table, Value};
use super::rows::underscored;
use crate::error::Result;
use crate::figure::data::Role;
use crate::record::metrics::Metrics;
use crate::task::metric::METRICS;

/// The labels that every row begins with.
const LABELS: [(&str, Kind); 6] = [
    ("run", Kind::Text),
    ("dataset", Kind::Text),
    ("fusion", Kind::Text),
    ("strategy", Kind::Text),
    ("modality", Kind::Text),
    ("seed", Kind::Whole),
];

/// `results.parquet`: every metric of every finished run on every split that it was measured on, under
/// every selection rule.
///
/// # Errors
/// When a value cannot be encoded.
pub fn results(analysis: &Analysis<'_>) -> Result<Vec<u8>> {
    let further = [
        ("selection", Kind::Text),
        ("selected", Kind::Flag),
        ("epoch", Kind::Whole),
        ("split", Kind::Text),
        ("metric", Kind::Text),
        ("value", Kind::Number),
    ];
    let mut table = Table::new(&[&LABELS[..], &further].concat())?;
    for (cell, run) in runs(analysis) {
        let (id, own) = (run.record.id.to_string(), cell.input.spec.protocol.selection);
        for selection in SELECTIONS {
            let Some((at, epoch)) = run.under(selection) else { continue };
            let splits = [("validation", &epoch.validation), ("test", &epoch.test)].into_iter();
            let splits = splits.chain(epoch.further.iter().map(|(name, of)| (name.as_str(), of)));
            for (split, measured) in splits {
                for (metric, value) in named(measured) {
                    let mut row = labels(cell, &id, run.seed()).to_vec();
                    row.extend([
                        Value::Text(selection.name()),
                        Value::Flag(selection == own),
                        Value::Whole(at as u64 + 1),
                        Value::Text(split),
                        Value::Text(&metric),
                        Value::Number(value),
                    ]);
                    table.row(&row)?;
                }
            }
        }
    }
    table.finish()
}

/// `epochs.parquet`: every curve that is drawn, and the losses: the primary metric and the loss of every
/// split after every epoch, and the means over its steps of what the strategies computed.
///
/// # Errors
/// When a value cannot be encoded.
pub fn epochs(analysis: &Analysis<'_>) -> Result<Vec<u8>> {
    let further = [
        ("epoch", Kind::Whole),
        ("split", Kind::Text),
        ("name", Kind::Text),
        ("value", Kind::Number),
    ];
    let mut table = Table::new(&[&LABELS[..], &further].concat())?;
    for (cell, run) in runs(analysis) {
        let id = run.record.id.to_string();
        let mut add = |at: usize, split: &str, name: &str, value: f64| {
            let mut row = labels(cell, &id, run.seed()).to_vec();
            let own = [Value::Whole(at as u64 + 1), Value::Text(split), Value::Text(name)];
            row.extend(own.into_iter().chain([Value::Number(value)]));
            table.row(&row)
        };
        for (at, epoch) in run.record.epochs.iter().enumerate() {
            for (name, value) in epoch.train.iter().filter(|(name, _)| is_drawn(name)) {
                add(at, "train", &underscored(name), *value)?;
            }
            for (split, measured) in [("validation", &epoch.validation), ("test", &epoch.test)] {
                for (name, value) in named(measured).filter(|(name, _)| is_curve(cell, name)) {
                    add(at, split, &name, value)?;
                }
            }
        }
    }
    table.finish()
}

/// The finished runs with their cells.
fn runs<'a, 'b>(
    analysis: &'b Analysis<'a>,
) -> impl Iterator<Item = (&'b CellResults<'a>, &'b Run<'a>)> {
    analysis.cells.iter().flat_map(|cell| cell.runs.iter().map(move |run| (cell, run)))
}

/// One modality alone is a strategy of its own, and fuses nothing.
fn labels<'a>(cell: &'a CellResults<'_>, id: &'a str, seed: u64) -> [Value<'a>; 6] {
    let input = cell.input;
    let [fusion, strategy, modality] = match (cell.role, input.spec.branches.first()) {
        (Role::Unimodal, Some(branch)) => {
            let name = Value::Text(&branch.modality.name);
            [Value::Missing, Value::Text(&input.spec.strategy.name), name]
        }
        _ => [Value::Text(&input.fusion), Value::Text(&cell.strategy), Value::Missing],
    };
    let [id, dataset] = [id, &input.dataset].map(Value::Text);
    [id, dataset, fusion, strategy, modality, Value::Whole(seed)]
}

/// The values by name; a fraction says so in its name.
fn named(measured: &Metrics) -> impl Iterator<Item = (String, f64)> + '_ {
    measured.iter().map(|(name, value)| {
        // `modality-accuracy.image` is measured as accuracy is.
        let own = name.split_once('.').map_or(name, |(own, _)| own);
        let own = own.strip_prefix("modality-").unwrap_or(own);
        let known = METRICS.iter().find(|metric| metric.name == own);
        let unit = if known.is_some_and(|metric| metric.is_fraction()) { "_fraction" } else { "" };
        (format!("{}{unit}", underscored(name)), value)
    })
}

/// Whether what was computed in training is drawn.
fn is_drawn(name: &str) -> bool {
    name == "loss" || ["rho.", "k.", "q."].iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a metric is followed over epochs.
fn is_curve(cell: &CellResults<'_>, name: &str) -> bool {
    let primary = underscored(cell.metric().name);
    name == "loss" || name.starts_with(&primary) || name.starts_with(&format!("modality_{primary}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixture;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::Field;
    use std::collections::BTreeMap;

    /// The rows of a file, as texts by column; a missing one is empty.
    fn read(bytes: Vec<u8>) -> Vec<BTreeMap<String, String>> {
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let text = |field: &Field| match field {
            Field::Null => String::new(),
            Field::Str(text) => text.clone(),
            Field::Double(value) => value.to_string(),
            other => other.to_string(),
        };
        let rows = reader.get_row_iter(None).unwrap();
        let row = |row: ::parquet::record::Row| {
            row.get_column_iter().map(|(name, field)| (name.clone(), text(field))).collect()
        };
        rows.map(|found| row(found.unwrap())).collect()
    }

    #[test]
    fn every_metric_of_every_finished_run_has_a_row_with_its_labels() {
        let input = fixture::small();
        let analysis = Analysis::new(&input);
        let rows = read(results(&analysis).unwrap());
        let cell = analysis.cells.iter().find(|cell| cell.role == Role::Baseline).unwrap();
        let run = &cell.runs[0];
        let own: Vec<_> = rows
            .iter()
            .filter(|row| row["run"] == run.record.id.0 && row["selected"] == "true")
            .filter(|row| row["split"] == "test")
            .collect();
        assert_eq!(own.len(), run.test().iter().count());
        let accuracy = own.iter().find(|row| row["metric"] == "accuracy_fraction").unwrap();
        assert_eq!(accuracy["value"], run.value.to_string());
        assert_eq!(
            (&*accuracy["dataset"], &*accuracy["fusion"], &*accuracy["strategy"]),
            (&*cell.input.dataset, "concat", "joint")
        );
        let alone = rows.iter().find(|row| row["strategy"] == "unimodal").unwrap();
        assert_eq!((&*alone["fusion"], &*alone["modality"]), ("", "image"));
        let finished: usize = analysis.cells.iter().map(|cell| cell.runs.len()).sum();
        let known: std::collections::BTreeSet<&str> =
            rows.iter().map(|row| row["run"].as_str()).collect();
        assert_eq!(known.len(), finished, "diverged runs have no result");
    }

    #[test]
    fn every_epoch_has_its_losses_and_curves() {
        let input = fixture::small();
        let analysis = Analysis::new(&input);
        let run = &analysis.cells[0].runs[0];
        let rows = read(epochs(&analysis).unwrap());
        let of = |split: &str, name: &str| {
            let of = rows.iter().filter(|row| row["run"] == run.record.id.0);
            let of = of.filter(|row| row["split"] == split && row["name"] == name);
            of.map(|row| row["value"].parse().unwrap()).collect::<Vec<f64>>()
        };
        let test: Vec<f64> =
            run.record.epochs.iter().map(|epoch| epoch.test.get("accuracy").unwrap()).collect();
        assert_eq!(of("test", "accuracy_fraction"), test);
        assert_eq!(of("train", "loss").len(), run.record.epochs.len());
        assert_eq!(of("train", "rho.image").len(), run.record.epochs.len());
        assert!(of("test", "macro_f1_fraction").is_empty(), "no curve of it is drawn");
    }
}
