//! How much the rule that selects the epoch moves the numbers.

use crate::document::number::{NONE, difference, spread, value};
use crate::document::{Column, Entry, Row, Table};
use crate::figure::data::Role;
use crate::results::analysis::Analysis;
use crate::results::cell::SELECTIONS;
use crate::results::names;
use crate::stats::summary::mean;
use crate::task::metric::{ACCURACY, Better};
use crate::task::words;

/// What is said of best-test wherever its numbers stand.
const OPTIMISTIC: &str =
    "best-test is optimistic: selected on test, for comparison with old papers only.";

/// The primary metric of every cell under each selection rule.
pub fn selection(analysis: &Analysis<'_>) -> Table {
    let mut last_dataset = None;
    let rows = analysis.cells.iter().map(|cell| {
        let words = [cell.input.dataset.as_str(), cell.fusion(), cell.strategy.as_str()];
        let numbers =
            cell.by_selection.into_iter().map(|of| Entry::plain(spread(cell.metric(), of)));
        let starts_group = last_dataset.replace(words[0].to_string()) != Some(words[0].into());
        Row { entries: words.map(Entry::plain).into_iter().chain(numbers).collect(), starts_group }
    });
    let words = ["Data set", "Fusion", "Strategy"].map(Column::words).into_iter();
    Table {
        stem: Some(names::SELECTION.into()),
        rows: rows.collect(),
        columns: words.chain(rules()).collect(),
        caption: format!(
            "Test {} of the same runs by the rule that selects the epoch, mean ± standard \
             deviation. {OPTIMISTIC}",
            words::titles(&analysis.metrics())
        ),
        blocks: 2,
        ..Table::default()
    }
}

/// The same for whole data sets: means over their multimodal cells.
pub fn selection_summary(analysis: &Analysis<'_>) -> Table {
    let rows = analysis.datasets().into_iter().map(|dataset| {
        let means: Vec<[f64; 3]> = analysis
            .of_dataset(dataset)
            .filter(|(_, cell)| cell.role != Role::Unimodal)
            .filter_map(|(_, cell)| {
                let [last, val, test] = cell.by_selection;
                Some([last?.mean, val?.mean, test?.mean])
            })
            .collect();
        let over = |level: fn(&[f64; 3]) -> f64| means.iter().map(level).collect::<Vec<f64>>();
        let metric = analysis.metric(dataset).unwrap_or(ACCURACY);
        let gains = over(|[_, val, test]| test - val);
        let better = |a: f64, b: f64| match metric.better {
            Better::Higher => a.max(b),
            Better::Lower => a.min(b),
        };
        let largest = gains.iter().copied().reduce(better);
        let levels = [over(|m| m[0]), over(|m| m[1]), over(|m| m[2])].map(|of| mean(&of));
        let mut entries = vec![Entry::plain(dataset), Entry::plain(means.len().to_string())];
        entries.extend(
            levels.map(|level| Entry::plain(level.map_or(NONE.into(), |x| value(metric, x)))),
        );
        let gains = [mean(&gains), largest];
        entries.extend(
            gains.map(|gain| Entry::plain(gain.map_or(NONE.into(), |x| difference(metric, x)))),
        );
        Row { entries, starts_group: false }
    });
    let mut columns = vec![Column::words("Data set"), Column::number("Cells")];
    columns.extend(rules());
    columns.extend(["Mean gain", "Largest gain"].map(Column::number));
    Table {
        stem: None,
        rows: rows.collect(),
        columns,
        caption: format!(
            "Test {} of the same runs by the rule that selects the epoch, averaged over the \
             multimodal cells of a data set, and what best-test gains over best-val. {OPTIMISTIC}",
            words::titles(&analysis.metrics())
        ),
        ..Table::default()
    }
}

fn rules() -> impl Iterator<Item = Column> {
    SELECTIONS
        .into_iter()
        .zip(["", "", " (optimistic)"])
        .map(|(selection, warning)| Column::number(&format!("{}{warning}", selection.name())))
}
