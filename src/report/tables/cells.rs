//! The main tables: a row per cell, with its comparison to joint training.

use super::{READING, accuracy};
use crate::document::number::{NONE, interval, p_value, percent, points, spread};
use crate::document::{Column, Entry, Row, Table};
use crate::figure::data::Role;
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::names;

/// The main table of one data set: a row per cell, but for variants; one modality alone last.
pub fn dataset(analysis: &Analysis<'_>, dataset: &str) -> Table {
    let main = analysis.of_dataset(dataset).filter(|(_, cell)| cell.variant_of.is_none());
    let (alone, multimodal): (Vec<_>, Vec<_>) =
        main.partition(|(_, cell)| cell.role == Role::Unimodal);
    let cells = multimodal.into_iter().chain(alone);
    let mut last_fusion = None;
    let rows = cells.map(|(place, cell)| {
        let fusion = cell.fusion().to_string();
        let starts_group = last_fusion.replace(fusion.clone()).is_none_or(|last| last != fusion);
        Row { entries: entries(analysis, place, cell), starts_group }
    });
    Table {
        stem: Some(analysis.dataset_stems.of(dataset)),
        rows: rows.collect(),
        columns: columns(),
        caption: format!("{dataset}: every strategy and fusion."),
        note: READING.into(),
    }
}

/// Every variant under joint training and the cell that it varies; `None` without any.
pub fn variants(analysis: &Analysis<'_>) -> Option<Table> {
    let cells = &analysis.cells;
    let mut rows: Vec<Row> = Vec::new();
    for dataset in analysis.datasets() {
        for fusion in analysis.fusions() {
            let of_group = |cell: &CellResults<'_>| {
                cell.role != Role::Unimodal
                    && cell.input.dataset == dataset
                    && cell.input.fusion == fusion
            };
            let varied: Vec<usize> =
                cells.iter().filter(|cell| of_group(cell)).filter_map(|c| c.variant_of).collect();
            if varied.is_empty() {
                continue;
            }
            let shown = cells.iter().enumerate().filter(|(place, cell)| {
                let referred = cell.role == Role::Baseline || varied.contains(place);
                of_group(cell) && (cell.variant_of.is_some() || referred)
            });
            for (i, (place, cell)) in shown.enumerate() {
                let mut entries = entries(analysis, place, cell);
                entries.insert(0, Entry::plain(dataset));
                rows.push(Row { entries, starts_group: i == 0 });
            }
        }
    }
    let mut columns = columns();
    columns.insert(0, Column::words("Data set"));
    (!rows.is_empty()).then(|| Table {
        stem: Some(names::VARIANTS.into()),
        columns,
        rows,
        caption: "Variants of strategies, with what they vary and joint training.".into(),
        note: READING.into(),
    })
}

fn columns() -> Vec<Column> {
    vec![
        Column::words("Fusion"),
        Column::words("Strategy"),
        Column::number("n"),
        Column::number("Accuracy (%)"),
        Column::number("95 % interval"),
        Column::number("Δ joint"),
        Column::number("95 % interval"),
        Column::number("p (Holm)"),
        Column::number("Detectable Δ"),
        Column::number("Macro F1 (%)"),
        Column::number("Imbalance"),
    ]
}

fn entries(analysis: &Analysis<'_>, place: usize, cell: &CellResults<'_>) -> Vec<Entry> {
    let comparison = analysis.comparison(place);
    let test = comparison.and_then(|comparison| comparison.paired);
    let planned = cell.runs.len() + cell.failures.len();
    let n = match cell.failures.len() {
        0 => planned.to_string(),
        _ => format!("{} of {planned}", cell.runs.len()),
    };
    vec![
        Entry::plain(cell.fusion()),
        Entry::plain(&cell.strategy),
        Entry::plain(n),
        accuracy(analysis, place, cell),
        Entry::plain(interval(cell.accuracy.and_then(|a| a.interval), percent)),
        Entry::plain(test.map_or(NONE.into(), |test| points(test.difference.mean))),
        Entry::plain(interval(test.and_then(|test| test.difference.interval), points)),
        Entry::plain(p_value(comparison.and_then(|comparison| comparison.holm))),
        Entry::plain(test.and_then(|test| test.smallest_effect).map_or(NONE.into(), percent)),
        Entry::plain(spread(cell.macro_f1)),
        Entry::plain(spread(cell.imbalance.filter(|_| cell.role != Role::Unimodal))),
    ]
}
