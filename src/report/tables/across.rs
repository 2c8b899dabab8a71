//! Every strategy over all data sets.

use crate::document::number::{NONE, difference, difference_interval, value};
use crate::document::{Column, Entry, Row, Table};
use crate::results::across::{Across, across};
use crate::results::analysis::Analysis;
use crate::results::names;
use crate::task::words;

/// A row per strategy that has effects on several data sets; `None` without any.
pub fn overall_effects(analysis: &Analysis<'_>) -> Option<Table> {
    let (rows, joint) = across(&analysis.effects);
    let rank = |rank: Option<f64>| rank.map_or(NONE.into(), |rank| format!("{rank:.2}"));
    let metric = rows.first()?.metric;
    let of = |row: &Across| {
        let pooled = row.pooled;
        let share = |x: f64| format!("{:.0} %", 100.0 * x);
        let entries = [
            row.strategy.clone(),
            row.n_datasets.to_string(),
            pooled.map_or(NONE.into(), |pooled| difference(metric, pooled.mean)),
            difference_interval(metric, pooled.map(|pooled| pooled.interval)),
            pooled.map_or(NONE.into(), |pooled| value(metric, pooled.tau)),
            row.middle.map_or(NONE.into(), |middle| difference(metric, middle)),
            row.improvement.map_or(NONE.into(), share),
            rank(row.rank),
        ];
        Row { entries: entries.map(Entry::plain).into(), starts_group: false }
    };
    let none = || NONE.to_string();
    let own = ["joint".into(), String::new(), none(), none(), none(), none(), none(), rank(joint)];
    let own = Row { entries: own.map(Entry::plain).into(), starts_group: true };
    let numbers =
        ["Data sets", "Mean Δ", "95 % interval", "Spread", "Middle Δ", "Improves", "Mean rank"];
    Some(Table {
        stem: Some(names::OVERALL_EFFECTS.into()),
        columns: std::iter::once(Column::words("Strategy"))
            .chain(numbers.map(Column::number))
            .collect(),
        rows: rows.iter().map(of).chain([own]).collect(),
        caption: words::of(
            &[metric],
            "strategies over data sets, which are few and were not drawn from any population: a \
             description, not a test. Mean Δ: random-effects mean of the differences of test \
             {metric} to joint training, with Hartung and Knapp's interval; Spread: the standard \
             deviation of the effect between data sets; Middle Δ: interquartile mean over all \
             replicates; Improves: the share of replicates better than joint training, ties \
             half, averaged over data sets; Mean rank: among joint training and all strategies \
             that every data set has, 1 the best.",
        ),
        ..Table::default()
    })
}
