//! The verdicts at a glance: how often each strategy differs from joint training.

use crate::document::{Column, Entry, Row, Table};
use crate::figure::data::distinct;
use crate::results::analysis::Analysis;
use crate::results::comparison::{Comparison, Verdict};

/// A row per strategy, variants left out, and a column per data set; `None` without comparisons.
pub fn verdicts(analysis: &Analysis<'_>) -> Option<Table> {
    let main: Vec<&Comparison> = analysis
        .comparisons
        .iter()
        .filter(|comparison| analysis.cells[comparison.cell].variant_of.is_none())
        .collect();
    let strategy = |comparison: &Comparison| analysis.cells[comparison.cell].strategy.as_str();
    let dataset = |comparison: &Comparison| analysis.cells[comparison.cell].input.dataset.as_str();
    let datasets = distinct(main.iter().map(|comparison| dataset(comparison)));
    let strategies = distinct(main.iter().map(|comparison| strategy(comparison)));
    let rows = strategies.iter().map(|name| {
        let of_strategy = || main.iter().copied().filter(|c| strategy(c) == *name);
        let columns =
            datasets.iter().map(|column| counts(of_strategy().filter(|c| dataset(c) == *column)));
        let entries = columns.chain([counts(of_strategy())]).map(Entry::plain);
        let entries = std::iter::once(Entry::plain(*name)).chain(entries).collect();
        Row { entries, starts_group: false }
    });
    let rows: Vec<Row> = rows.collect();
    let titles = datasets.iter().copied().chain(["all"]).map(Column::number);
    (!rows.is_empty()).then(|| Table {
        stem: None,
        columns: std::iter::once(Column::words("Strategy")).chain(titles).collect(),
        rows,
        note: String::new(),
        caption: "Comparisons with joint training, one per fusion method: positive / negative / \
                  not distinguishable. Those that could not be tested are in none of the three."
            .into(),
    })
}

fn counts<'a>(comparisons: impl Iterator<Item = &'a Comparison>) -> String {
    let verdicts: Vec<Verdict> = comparisons.map(|comparison| comparison.verdict).collect();
    let n = |verdict| verdicts.iter().filter(|known| **known == verdict).count();
    if verdicts.is_empty() {
        return String::new();
    }
    let [positive, negative, neither] =
        [Verdict::Positive, Verdict::Negative, Verdict::NotDistinguishable].map(n);
    format!("{positive} / {negative} / {neither}")
}
