//! The answer: what every strategy does on every data set.

use crate::document::number::{NONE, count, difference, difference_interval, p_value, value};
use crate::document::{Column, Entry, Rank, Row, Table};
use crate::figure::data::distinct;
use crate::registry::Value;
use crate::results::analysis::Analysis;
use crate::results::effect::Effect;
use crate::results::names;
use crate::results::verdict::{Judged, Verdict};
use crate::task::metric::Metric;
use crate::task::words;

/// A row per strategy, a column per data set; `None` without comparisons.
pub fn effects(analysis: &Analysis<'_>) -> Option<Table> {
    let effects = &analysis.effects;
    let datasets = distinct(effects.iter().map(|effect| effect.dataset.as_str()));
    let strategies = distinct(effects.iter().map(|effect| effect.strategy.as_str()));
    let rows = strategies.iter().map(|strategy| {
        let of = |dataset: &&str| {
            let is = |effect: &&Effect| effect.dataset == *dataset && effect.strategy == *strategy;
            effects.iter().find(is).map_or(Entry::plain(""), entry)
        };
        let entries = std::iter::once(Entry::plain(*strategy)).chain(datasets.iter().map(of));
        Row { entries: entries.collect(), starts_group: false }
    });
    let rows: Vec<Row> = rows.collect();
    let titles = datasets.iter().map(|dataset| Column::number(dataset));
    (!rows.is_empty()).then(|| Table {
        stem: Some(names::EFFECTS.into()),
        columns: std::iter::once(Column::words("Strategy")).chain(titles).collect(),
        rows,
        caption: words::of(
            &analysis.metrics(),
            "mean difference of test {metric} to joint training, averaged over fusion methods, ± \
             half of its 95 % t interval, which is not adjusted; fractions in percentage points. \
             ↑ better, ↓ worse, ≈ equivalent, by Holm's correction over the table; without a \
             sign undecided. *: better than the best modality alone. Empty: not planned.",
        ),
        ..Table::default()
    })
}

/// The margin in words: `1 point`.
pub fn margin(analysis: &Analysis<'_>) -> String {
    let points = Value::Float(100.0 * analysis.input.margin).to_string();
    if points == "1" { "1 point".into() } else { format!("{points} points") }
}

/// Whether a strategy is better than the best single modality.
pub fn beats_alone(effect: &Effect) -> bool {
    effect.alone.as_ref().is_some_and(|alone| alone.judged.verdict == Verdict::Better)
}

fn entry(effect: &Effect) -> Entry {
    let Judged { test: Some(test), verdict, .. } = effect.judged else {
        return Entry::plain("missing");
    };
    let half = test.difference.interval.map_or(String::new(), |interval| {
        format!(" ± {}", value(effect.metric, interval.high - test.difference.mean))
    });
    let sign = match verdict {
        Verdict::Better => " ↑",
        Verdict::Worse => " ↓",
        Verdict::Equivalent => " ≈",
        Verdict::Undecided | Verdict::Untested => "",
    };
    let star = if beats_alone(effect) { "*" } else { "" };
    let text = format!("{}{half}{sign}{star}", difference(effect.metric, test.difference.mean));
    let rank = if verdict == Verdict::Better { Rank::Best } else { Rank::None };
    Entry { text, rank }
}

/// The mean difference with its interval.
fn shown(judged: &Judged, metric: Metric) -> String {
    let Some(test) = judged.test else { return "missing".into() };
    let mean = difference(metric, test.difference.mean);
    match test.difference.interval {
        None => mean,
        interval => format!("{mean} {}", difference_interval(metric, interval)),
    }
}

/// What only the page shows of the table below.
pub const ON_THE_PAGE: &str = "One sign: where all replicates agree in the sign of the \
                               difference. Δ best alone: the same against the modality that does \
                               best when trained alone, judged as a family of its own.";

/// A row per effect, with all that its verdict stands on.
pub fn effects_in_full(analysis: &Analysis<'_>) -> Option<Table> {
    let mut last = None;
    let rows = analysis.effects.iter().map(|effect| {
        let Judged { test, p, equivalence, detectable, verdict } = effect.judged;
        let starts_group = last.replace(&effect.dataset) != Some(&effect.dataset);
        let n = test.map_or(0, |test| test.difference.n);
        let side = if test.is_some_and(|test| test.one_sided) {
            format!("{n} of {n}")
        } else {
            String::new()
        };
        let alone = effect.alone.as_ref().map_or([NONE.to_string(), NONE.to_string()], |alone| {
            [shown(&alone.judged, effect.metric), alone.judged.verdict.words().to_string()]
        });
        let words = [effect.dataset.clone(), effect.strategy.clone()];
        let numbers = [
            effect.pairs.len().to_string(),
            n.to_string(),
            shown(&effect.judged, effect.metric),
            side,
            p_value(p),
            p_value(equivalence),
            detectable.map_or(NONE.into(), |x| value(effect.metric, x)),
            verdict.words().to_string(),
        ];
        let entries = words.into_iter().chain(numbers).chain(alone).map(Entry::plain);
        Row { entries: entries.collect(), starts_group }
    });
    let rows: Vec<Row> = rows.collect();
    let columns = [
        Column::words("Data set"),
        Column::words("Strategy"),
        Column::number("Fusions").on_screen(),
        Column::number("n"),
        Column::number("Δ joint"),
        Column::number("One sign").on_screen(),
        Column::number("p"),
        Column::number("p equivalent"),
        Column::number("Detectable Δ"),
        Column::words("Verdict"),
        Column::number("Δ best alone").on_screen(),
        Column::words("Verdict").on_screen(),
    ];
    (!rows.is_empty()).then(|| Table {
        stem: Some(names::EFFECTS_IN_FULL.into()),
        columns: columns.into(),
        rows,
        caption: format!(
            "The primary family, {}. Δ joint: mean over n replicates of the difference to joint \
             training, averaged over fusion methods. p and p equivalent: of a difference, and of \
             one below the margin of {}, by Holm's correction over the family. Detectable Δ: \
             what the test finds four times in five as the next finding of the family.",
            count(analysis.effects.len(), "test"),
            margin(analysis),
        ),
        blocks: 1,
        ..Table::default()
    })
}
