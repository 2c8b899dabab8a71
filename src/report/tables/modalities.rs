//! What each modality can do: trained alone, and inside the jointly trained model.

use crate::document::number::{NONE, spread};
use crate::document::{Column, Entry, Row, Table};
use crate::figure::data::{Role, distinct};
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::names;
use crate::stats::summary::Estimate;
use crate::task::metric::ACCURACY;
use crate::task::words;

/// The primary metric by each modality alone on one data set, variants left out.
pub fn modalities(analysis: &Analysis<'_>, dataset: &str) -> Table {
    let cells: Vec<&CellResults<'_>> = analysis.of_dataset(dataset).map(|(_, cell)| cell).collect();
    let metric = analysis.metric(dataset).unwrap_or(ACCURACY);
    let shown = |estimate: Option<Estimate>| spread(metric, estimate);
    let branches = cells.iter().flat_map(|cell| &cell.input.spec.branches);
    let names = distinct(branches.map(|branch| branch.modality.name.as_str()));
    let alone = |name: &str| {
        let cells = cells.iter().filter(|cell| cell.role == Role::Unimodal);
        cells.into_iter().find(|cell| of(cell, name).is_some())?.value
    };
    let mut rows = Vec::new();
    if cells.iter().any(|cell| cell.role == Role::Unimodal) {
        let words = [NONE, "trained alone", NONE].map(Entry::plain).into_iter();
        let numbers = names.iter().map(|name| Entry::plain(shown(alone(name))));
        rows.push(Row { entries: words.chain(numbers).collect(), starts_group: true });
    }
    let mut last_fusion = "";
    for cell in &cells {
        if cell.role == Role::Unimodal || cell.variant_of.is_some() {
            continue;
        }
        let fusion = cell.input.fusion.as_str();
        let starts_group = last_fusion != fusion;
        last_fusion = fusion;
        let words = [fusion, &cell.strategy, &shown(cell.value)].map(Entry::plain).into_iter();
        let numbers = names.iter().map(|name| Entry::plain(shown(of(cell, name))));
        rows.push(Row { entries: words.chain(numbers).collect(), starts_group });
    }
    let multimodal = cells.iter().filter(|cell| cell.role != Role::Unimodal);
    let estimators = distinct(multimodal.map(|cell| cell.input.spec.scores.name.as_str()));
    let words = ["Fusion", "Strategy"].map(Column::words).into_iter();
    let numbers = std::iter::once("all").chain(names.iter().copied()).map(Column::number);
    Table {
        stem: Some(names::modalities(&analysis.dataset_stems.of(dataset))),
        columns: words.chain(numbers).collect(),
        rows,
        caption: format!(
            "{dataset}: test {} with all modalities, and by each alone inside the \
             jointly trained model (score estimator: {}), mean ± standard deviation. Trained \
             alone: the same encoder trained on that modality only.",
            words::title(metric),
            estimators.join(", ")
        ),
        blocks: 1,
        ..Table::default()
    }
}

/// The primary metric by the modality called `name` in a cell.
fn of(cell: &CellResults<'_>, name: &str) -> Option<Estimate> {
    let at = cell.input.spec.branches.iter().position(|branch| branch.modality.name == name)?;
    cell.by_modality.get(at).copied().flatten()
}
