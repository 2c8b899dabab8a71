//! How much of the spread is the split's.

use crate::document::number::{NONE, spread, value};
use crate::document::{Column, Entry, Row, Table};
use crate::results::analysis::Analysis;
use crate::results::components::spreads;
use crate::results::names;
use crate::task::words;

/// A row per cell that was trained on many splits and on one; `None` without any.
pub fn components(analysis: &Analysis<'_>) -> Option<Table> {
    let spreads = spreads(&analysis.cells);
    let rows = spreads.iter().map(|found| {
        let (drawn, fixed) = (&analysis.cells[found.drawn], &analysis.cells[found.fixed]);
        let metric = drawn.metric();
        let part = |of: Option<f64>| of.map_or(NONE.into(), |x| value(metric, x));
        let words = [drawn.input.dataset.clone(), drawn.fusion().into(), drawn.strategy.clone()];
        let numbers = [
            spread(metric, drawn.value),
            spread(metric, fixed.value),
            part(found.components.map(|components| components.split)),
            part(found.components.map(|components| components.seed)),
        ];
        let entries = words.into_iter().chain(numbers).map(Entry::plain);
        Row { entries: entries.collect(), starts_group: false }
    });
    let rows: Vec<Row> = rows.collect();
    let numbers = ["A split each", "One split", "SD of splits", "SD of seeds"].map(Column::number);
    (!rows.is_empty()).then(|| Table {
        stem: Some(names::COMPONENTS.into()),
        columns: ["Data set", "Fusion", "Strategy"]
            .map(Column::words)
            .into_iter()
            .chain(numbers)
            .collect(),
        rows,
        caption: words::of(
            &analysis.metrics(),
            "test {metric} of replicates that draw their own split and of replicates on one, \
             mean ± standard deviation, and the components: the squares of both add up to that \
             of replicates with a split each. A split has no part where one split happened to \
             spread more.",
        ),
        ..Table::default()
    })
}
