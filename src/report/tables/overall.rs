//! The overview: results of every strategy and fusion on every data set.

use super::{noted, result};
use crate::document::number::{NONE, spread};
use crate::document::{Column, Entry, Row, Table};
use crate::figure::data::{Role, distinct};
use crate::results::analysis::Analysis;
use crate::results::names;
use crate::task::words;

/// A row per fusion and strategy, variants left out, and one for the best modality alone.
pub fn overall(analysis: &Analysis<'_>) -> Table {
    let datasets = analysis.datasets();
    let is_main =
        |role: Role, variant_of: Option<usize>| role != Role::Unimodal && variant_of.is_none();
    let main = analysis.cells.iter().filter(|cell| is_main(cell.role, cell.variant_of));
    let strategies = distinct(main.map(|cell| cell.strategy.as_str()));
    let mut rows = Vec::new();
    for fusion in analysis.fusions() {
        let mut starts_group = true;
        for strategy in &strategies {
            let find = |dataset: &str| {
                analysis.of_dataset(dataset).find(|(_, cell)| {
                    is_main(cell.role, cell.variant_of)
                        && cell.input.fusion == fusion
                        && cell.strategy == *strategy
                })
            };
            let found: Vec<_> = datasets.iter().map(|dataset| find(dataset)).collect();
            if found.iter().all(Option::is_none) {
                continue;
            }
            let mut entries = vec![Entry::plain(fusion), Entry::plain(*strategy)];
            entries.extend(found.into_iter().map(|cell| match cell {
                None => Entry::plain(""),
                Some((place, cell)) => result(analysis, place, cell),
            }));
            rows.push(Row { entries, starts_group });
            starts_group = false;
        }
    }
    rows.extend(best_alone(analysis, &datasets));
    let words = ["Fusion", "Strategy"].map(Column::words);
    let numbers = datasets.iter().map(|dataset| Column::number(&title(analysis, dataset)));
    noted(
        analysis,
        Table {
            stem: Some(names::OVERALL.into()),
            columns: words.into_iter().chain(numbers).collect(),
            rows,
            caption: words::of(
                &analysis.metrics(),
                "test {metric} of every strategy and fusion on every data set, and of the one modality \
             that does best when trained alone. Empty: not planned.",
            ),
            blocks: 1,
            ..Table::default()
        },
    )
}

/// A data set, with what its runs are judged by where that is not the same everywhere.
fn title(analysis: &Analysis<'_>, dataset: &str) -> String {
    match analysis.metric(dataset).filter(|_| 1 < analysis.metrics().len()) {
        Some(metric) => format!("{dataset}, {}", words::title(metric)),
        None => dataset.into(),
    }
}

/// The unimodal run with the best mean on every data set, if there is any.
fn best_alone(analysis: &Analysis<'_>, datasets: &[&str]) -> Option<Row> {
    let best = |dataset: &str| {
        let cell = analysis.best(dataset, |cell| cell.role == Role::Unimodal)?;
        let name = cell.input.spec.branches.first().map(|branch| branch.modality.name.as_str())?;
        Some(format!("{} ({name})", spread(cell.metric(), cell.value)))
    };
    let found: Vec<Option<String>> = datasets.iter().map(|dataset| best(dataset)).collect();
    found.iter().any(Option::is_some).then(|| {
        let words = [NONE, "best modality alone"].map(Entry::plain).into_iter();
        let numbers = found.into_iter().map(|text| Entry::plain(text.unwrap_or_default()));
        Row { entries: words.chain(numbers).collect(), starts_group: true }
    })
}
