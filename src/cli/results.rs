//! Results for people, on a terminal: the cells of every data set, best first, and what cannot be told
//! from the best.

use super::output::{self, Align, Table};
use crate::document::number::{NONE, count, difference, difference_interval, interval, spread};
use crate::error::Result;
use crate::figure::data::Role;
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::input::SuiteInput;
use crate::results::verdict::{Correction, judge};
use crate::stats::paired::{by_seed, paired};
use crate::task::words;

/// The most rows of a data set, unless all are asked for.
const MOST: usize = 8;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The best of every data set.
    Best,
    All,
}

/// Shows the results of a suite beside its progress; nothing where no run is done.
///
/// # Errors
/// When the terminal cannot be written.
pub(super) fn show(input: &SuiteInput, extent: Extent) -> Result<()> {
    let analysis = Analysis::new(input);
    for dataset in analysis.datasets() {
        let Some(metric) = analysis.metric(dataset) else { continue };
        let ranked = ranked(&analysis, dataset);
        if ranked.is_empty() {
            continue;
        }
        let shown = match extent {
            Extent::Best => MOST.min(ranked.len()),
            Extent::All => ranked.len(),
        };
        let mut table = Table::new(&[
            (dataset, Align::Label),
            ("fusion", Align::Left),
            ("n", Align::Right),
            (&words::title(metric), Align::Right),
            ("95 % interval", Align::Right),
            ("to joint", Align::Right),
            ("95 % interval", Align::Right),
            ("verdict", Align::Left),
            ("from the best", Align::Left),
        ]);
        for Ranked { place, cell, tied } in &ranked[..shown] {
            let judged = analysis.comparison(*place).map(|comparison| comparison.judged);
            let change = judged.and_then(|judged| Some(judged.test?.difference));
            table.row([
                cell.strategy.clone(),
                cell.fusion().to_string(),
                cell.runs.len().to_string(),
                spread(metric, cell.value),
                interval(metric, cell.value.and_then(|value| value.interval)),
                change.map_or(NONE.into(), |change| difference(metric, change.mean)),
                difference_interval(metric, change.and_then(|change| change.interval)),
                judged.map_or(NONE, |judged| judged.verdict.words()).to_string(),
                tied.to_string(),
            ]);
        }
        output::note(&table.render());
        if shown < ranked.len() {
            output::note(&format!("and {} more", count(ranked.len() - shown, "cell")));
        }
    }
    Ok(())
}

/// A cell among those of its data set.
struct Ranked<'a, 'b> {
    place: usize,
    cell: &'b CellResults<'a>,
    /// Whether it can be told from the best one.
    tied: &'static str,
}

/// The cells of a data set that have a result, best first. A cell is told from the best by a paired t
/// test at 5 %, after Holm's correction over the cells of the data set.
fn ranked<'a, 'b>(analysis: &'b Analysis<'a>, dataset: &str) -> Vec<Ranked<'a, 'b>> {
    let cells = analysis.of_dataset(dataset);
    let mut known: Vec<_> =
        cells.filter_map(|(place, cell)| Some((place, cell, cell.gain()?))).collect();
    known.sort_by(|a, b| b.2.total_cmp(&a.2));
    let Some((_, best, _)) = known.first().copied() else { return Vec::new() };
    let tests: Vec<_> = known[1..]
        .iter()
        .map(|(_, cell, _)| (paired(&by_seed(&cell.values(), &best.values())), cell.metric()))
        .collect();
    let judged = judge(&tests, analysis.input.margin, Correction::Holm);
    let tied = judged.iter().map(|judged| match judged.verdict {
        verdict if verdict.differs() => "told apart",
        _ => "not told apart",
    });
    let tied = std::iter::once(if best.role == Role::Unimodal { "best, alone" } else { "best" })
        .chain(tied);
    known
        .iter()
        .zip(tied)
        .map(|((place, cell, _), tied)| Ranked { place: *place, cell, tied })
        .collect()
}
