//! Analyses beside the main result: each a file and a line here.

mod calibration;
mod classes;
mod cost;
mod gradients;
mod missing;
mod noise;
mod pairs;
mod probes;

use crate::document::{Entry, Row, Table};
use crate::figure::data::Role;
use crate::results::analysis::Analysis;
use crate::results::cell::{CellResults, Run};
use crate::stats::summary::{Estimate, estimate};
use crate::task::metric::{ACCURACY, LOSS, Metric};

/// An analysis that a report has a section for.
pub struct Section {
    pub title: &'static str,
    /// What it shows and how it is to be read.
    pub about: &'static str,
    /// What is lacking where it is left out: completes "there is ...".
    pub needs: &'static str,
    /// Its tables; none where there is nothing to show.
    pub tables: fn(&Analysis<'_>) -> Vec<Table>,
}

/// The analyses of a report, in order.
pub const SECTIONS: &[Section] = &[
    missing::SECTION,
    noise::SECTION,
    probes::SECTION,
    gradients::SECTION,
    pairs::SECTION,
    classes::SECTION,
    calibration::SECTION,
    cost::SECTION,
];

/// Shares that are no metric of a task are shown as an accuracy is.
const SHARE: Metric = ACCURACY;
/// Numbers that are none are shown as a loss is.
const NUMBER: Metric = LOSS;

/// Multimodal cells that vary no other, by data set and fusion.
fn main_cells<'a>(analysis: &'a Analysis<'a>) -> impl Iterator<Item = &'a CellResults<'a>> {
    let cells = analysis.datasets().into_iter().flat_map(|dataset| analysis.of_dataset(dataset));
    cells
        .map(|(_, cell)| cell)
        .filter(|cell| cell.role != Role::Unimodal && cell.variant_of.is_none())
}

/// The cell of one modality alone on the data set of another.
fn alone<'a>(
    analysis: &'a Analysis<'a>,
    cell: &CellResults<'_>,
    modality: &str,
) -> Option<&'a CellResults<'a>> {
    let cells = analysis.of_dataset(&cell.input.dataset).map(|(_, cell)| cell);
    cells
        .filter(|other| other.role == Role::Unimodal)
        .find(|other| other.input.spec.modalities() == [modality])
}

/// The estimate over a cell's runs of what `value` gives for those that have it.
fn over<'a>(cell: &CellResults<'a>, value: impl Fn(&Run<'a>) -> Option<f64>) -> Option<Estimate> {
    estimate(&cell.runs.iter().filter_map(value).collect::<Vec<_>>())
}

/// The names of a cell: data set, fusion, strategy.
fn names(cell: &CellResults<'_>) -> [String; 3] {
    [cell.input.dataset.clone(), cell.fusion().into(), cell.strategy.clone()]
}

/// Rows of texts, with a rule wherever the first `n` differ from those before.
fn grouped(rows: impl IntoIterator<Item = Vec<String>>, n: usize) -> Vec<Row> {
    let mut last: Vec<String> = Vec::new();
    let row = |texts: Vec<String>| {
        let starts_group = last != texts[..n];
        last = texts[..n].to_vec();
        Row { entries: texts.into_iter().map(Entry::plain).collect(), starts_group }
    };
    rows.into_iter().map(row).collect()
}

/// The table, where it has a row.
fn some(table: Table) -> Vec<Table> {
    if table.rows.is_empty() { Vec::new() } else { vec![table] }
}

#[cfg(test)]
mod tests;
