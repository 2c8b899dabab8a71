//! The main tables: a row per cell, with its comparison to joint training.

use super::{noted, result};
use crate::document::number::{
    NONE, difference, difference_interval, interval, p_value, spread, value,
};
use crate::document::{Column, Entry, Row, Table};
use crate::figure::data::Role;
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::names;
use crate::task::metric::Metric;
use crate::task::{Task, words};

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
    noted(
        analysis,
        Table {
            stem: Some(analysis.dataset_stems.of(dataset)),
            rows: rows.collect(),
            columns: columns(
                &tasks(analysis.of_dataset(dataset).map(|(_, cell)| cell)),
                "p (Holm)",
            ),
            caption: format!("{dataset}: every strategy and fusion."),
            blocks: 1,
            ..Table::default()
        },
    )
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
    let mut columns = columns(&tasks(analysis.cells.iter()), "p (FDR)");
    columns.insert(0, Column::words("Data set"));
    (!rows.is_empty()).then(|| {
        noted(
            analysis,
            Table {
                stem: Some(names::VARIANTS.into()),
                columns,
                rows,
                caption: "Variants of strategies, with what they vary and joint training: an \
                  exploration. The p values of variants are corrected for the share of false \
                  findings among them (FDR), those of the others as in their own tables."
                    .into(),
                blocks: 2,
                ..Table::default()
            },
        )
    })
}

/// The tasks of cells, one of those that have the same columns, in order.
fn tasks<'a, 'b: 'a>(cells: impl Iterator<Item = &'a CellResults<'b>>) -> Vec<Task> {
    cells.fold(Vec::new(), |mut known: Vec<Task>, cell| {
        let task = cell.input.task;
        let is_like = |other: &Task| (other.primary, other.beside) == (task.primary, task.beside);
        if !known.iter().any(is_like) {
            known.push(task);
        }
        known
    })
}

/// `p` says what its p values are corrected for.
fn columns(tasks: &[Task], p: &str) -> Vec<Column> {
    let title = |of: fn(&Task) -> Metric, several: &str| match tasks {
        [task] => words::capital(&words::title(of(task))),
        _ => several.into(),
    };
    vec![
        Column::words("Fusion"),
        Column::words("Strategy"),
        Column::number("n"),
        Column::number(&title(|task| task.primary, "Primary metric")),
        Column::number("95 % interval").on_screen(),
        Column::number("Last epoch"),
        Column::number("Δ joint"),
        Column::number("95 % interval"),
        Column::number(p),
        Column::number("Detectable Δ").on_screen(),
        Column::words("Verdict"),
        Column::number(&title(|task| task.beside, "Second metric")).on_screen(),
        Column::number("Imbalance").on_screen(),
    ]
}

fn entries(analysis: &Analysis<'_>, place: usize, cell: &CellResults<'_>) -> Vec<Entry> {
    let comparison = analysis.comparison(place);
    let judged = comparison.map(|comparison| comparison.judged);
    let change = judged.and_then(|judged| Some(judged.test?.difference));
    let detectable = judged.and_then(|judged| judged.detectable);
    let metric = cell.metric();
    let planned = cell.runs.len() + cell.failures.len();
    let n = match cell.failures.len() {
        0 => planned.to_string(),
        _ => format!("{} of {planned}", cell.runs.len()),
    };
    vec![
        Entry::plain(cell.fusion()),
        Entry::plain(&cell.strategy),
        Entry::plain(n),
        result(analysis, place, cell),
        Entry::plain(interval(metric, cell.value.and_then(|value| value.interval))),
        Entry::plain(spread(metric, cell.by_selection[0])),
        Entry::plain(change.map_or(NONE.into(), |change| difference(metric, change.mean))),
        Entry::plain(difference_interval(metric, change.and_then(|change| change.interval))),
        Entry::plain(p_value(judged.and_then(|judged| judged.p))),
        Entry::plain(detectable.map_or(NONE.into(), |x| value(metric, x))),
        Entry::plain(judged.map_or(NONE, |judged| judged.verdict.words())),
        Entry::plain(spread(cell.input.task.beside, cell.beside)),
        Entry::plain(spread(metric, cell.imbalance.filter(|_| cell.role != Role::Unimodal))),
    ]
}
