//! The primary metric on the further test splits of a data set, beside the main one.

use crate::document::number::spread;
use crate::document::{Column, Entry, Row, Table};
use crate::figure::data::distinct;
use crate::results::analysis::Analysis;
use crate::results::names;
use crate::task::words;

/// A row per cell that was tested on a further split; `None` without any.
pub fn further(analysis: &Analysis<'_>) -> Option<Table> {
    let cells = || {
        let datasets = analysis.datasets().into_iter();
        let cells = datasets.flat_map(|dataset| analysis.of_dataset(dataset));
        cells.map(|(_, cell)| cell).filter(|cell| !cell.further.is_empty())
    };
    let splits = distinct(cells().flat_map(|cell| cell.further.keys().map(String::as_str)));
    let mut last = None;
    let rows: Vec<Row> = cells()
        .map(|cell| {
            let words = [cell.input.dataset.as_str(), cell.fusion(), &cell.strategy];
            let group = Some((words[0], words[1]));
            let starts_group = std::mem::replace(&mut last, group) != group;
            let numbers =
                splits.iter().map(|split| spread(cell.metric(), cell.further.get(*split).copied()));
            let numbers = std::iter::once(spread(cell.metric(), cell.value)).chain(numbers);
            let entries = words.map(Entry::plain).into_iter().chain(numbers.map(Entry::plain));
            Row { entries: entries.collect(), starts_group }
        })
        .collect();
    let words = ["Data set", "Fusion", "Strategy"].map(Column::words).into_iter();
    let numbers = std::iter::once("test").chain(splits).map(Column::number);
    (!rows.is_empty()).then(|| Table {
        stem: Some(names::FURTHER.into()),
        columns: words.chain(numbers).collect(),
        rows,
        caption: format!(
            "{} on the main test split, which everything else in this report uses, and on further \
             ones, at the same selected epoch, mean ± standard deviation.",
            words::capital(&words::titles(&analysis.metrics()))
        ),
        blocks: 2,
        ..Table::default()
    })
}
