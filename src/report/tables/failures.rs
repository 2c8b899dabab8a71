//! The planned runs without a usable result.

use crate::document::{Column, Entry, Row, Table};
use crate::results::analysis::Analysis;

/// A row per cell and reason; `None` where every run finished.
pub fn failures(analysis: &Analysis<'_>) -> Option<Table> {
    let mut rows: Vec<Row> = Vec::new();
    for cell in &analysis.cells {
        let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
        for (seed, why) in &cell.failures {
            match reasons.iter_mut().find(|(known, _)| known == why) {
                Some((_, seeds)) => seeds.push(seed.to_string()),
                None => reasons.push((why, vec![seed.to_string()])),
            }
        }
        for (why, seeds) in reasons {
            let seeds = seeds.join(", ");
            let words = [cell.input.dataset.as_str(), cell.fusion(), &cell.strategy, &seeds, why];
            rows.push(Row { entries: words.map(Entry::plain).into(), starts_group: false });
        }
    }
    let titles = ["Data set", "Fusion", "Strategy", "Seeds", "Reason"];
    (!rows.is_empty()).then(|| Table {
        stem: None,
        columns: titles.map(Column::words).into(),
        rows,
        caption: "Runs without a usable result.".into(),
        ..Table::default()
    })
}
