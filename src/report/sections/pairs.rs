//! Strategies and joint training item by item: which test items one gets right and the other does not.

use super::{SHARE, Section, grouped, names, some};
use crate::document::number::spread;
use crate::document::{Column, Table};
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::names::PAIRS;
use crate::stats::mcnemar::Discordant;
use crate::stats::summary::estimate;

/// The level of the tests that are counted.
const LEVEL: f64 = 0.05;

pub(super) const SECTION: Section = Section {
    title: "Item by item against joint training",
    about: "Items of the test split that only the strategy gets right, and only joint training, under \
            one fusion and with one seed. Told apart: the replicates in which McNemar's exact test of \
            the two models rejects at 5 %, for the strategy and for joint training. It speaks of two \
            trained models on one split, and its errors are not controlled over replicates and cells: \
            whether a strategy is better, the tests of the main table say.",
    needs: "no pair of runs whose items are known",
    tables,
};

fn tables(analysis: &Analysis<'_>) -> Vec<Table> {
    let comparisons = analysis.comparisons.iter();
    let rows =
        comparisons.filter(|of| analysis.cells[of.cell].variant_of.is_none()).filter_map(|of| {
            let (cell, baseline) = (&analysis.cells[of.cell], &analysis.cells[of.baseline]);
            let found = discordant(cell, baseline);
            let share = |of: fn(Discordant) -> usize| {
                let shares = found.iter().map(|(pair, n)| of(*pair) as f64 / *n as f64);
                spread(SHARE, estimate(&shares.collect::<Vec<_>>()))
            };
            let told = |more: fn(Discordant) -> bool| {
                let told = found.iter().filter(|(pair, _)| pair.p() < LEVEL && more(*pair)).count();
                format!("{told} of {}", found.len())
            };
            let mut texts = names(cell).to_vec();
            texts.extend([
                share(|pair| pair.first),
                share(|pair| pair.second),
                told(|pair| pair.second < pair.first),
                told(|pair| pair.first < pair.second),
            ]);
            (!found.is_empty()).then_some(texts)
        });
    let rows: Vec<Vec<String>> = rows.collect();
    let words = ["Data set", "Fusion", "Strategy"].map(Column::words);
    let numbers = ["only strategy (%)", "only joint (%)", "for strategy", "for joint"];
    some(Table {
        stem: Some(PAIRS.into()),
        columns: words.into_iter().chain(numbers.map(Column::number)).collect(),
        rows: grouped(rows, 2),
        caption: "Test items that only the strategy, or only joint training, gets right: mean ± standard \
                  deviation over replicates, and the replicates whose two models McNemar's exact test \
                  tells apart at 5 %, uncorrected."
            .into(),
        blocks: 2,
        ..Table::default()
    })
}

/// Of every seed that both cells have, on the same data, what tells their runs apart, and the items.
fn discordant(cell: &CellResults<'_>, baseline: &CellResults<'_>) -> Vec<(Discordant, usize)> {
    let pairs = cell.runs.iter().filter_map(|run| {
        let other = baseline.runs.iter().find(|other| other.seed() == run.seed())?;
        let of = |cell: &'_ CellResults<'_>| cell.input.items.get(&run.seed()).cloned();
        let (first, second) = (of(cell)?.right, of(baseline)?.right);
        let same = run.record.data_content == other.record.data_content;
        (same && first.len() == second.len())
            .then(|| (Discordant::new(&first, &second), first.len()))
    });
    pairs.collect()
}
