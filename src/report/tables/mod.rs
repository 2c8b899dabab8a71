//! The tables of a report: one file per kind.

mod across;
mod cells;
mod components;
mod effects;
mod failures;
mod further;
mod modalities;
mod overall;
mod protocol;
mod selection;

pub use across::overall_effects;
pub use cells::{dataset, variants};
pub use components::components;
pub use effects::{ON_THE_PAGE, beats_alone, effects, effects_in_full, margin};
pub use failures::failures;
pub use further::further;
pub use modalities::modalities;
pub use overall::overall;
pub use protocol::protocol;
pub use selection::{selection, selection_summary};

use crate::document::number::spread;
use crate::document::{Entry, Rank, Table};
use crate::figure::data::Role;
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::verdict::Verdict;
use crate::task::words;

/// How the tables of results are to be read: what each sentence is about, and the sentence.
const READING: &[(&str, &str)] = &[
    (
        "",
        "Test {metric} at the selected epoch, mean ± standard deviation (n − 1) over replicates; \
         fractions in percent, their differences in points.",
    ),
    (
        "best",
        "Bold and underlined: the best and second best mean under one fusion, whether or not they can \
         be told apart.",
    ),
    (
        "†‡",
        "† (‡): better (worse) than joint training by Holm's correction over all cells of the report, \
         where the strategy differs on the data set at all.",
    ),
    ("95 % interval", "Intervals are 95 % t intervals, not adjusted."),
    ("Last epoch", "Last epoch: whatever the selection picks."),
    (
        "Δ joint",
        "Δ joint: mean difference to joint training under the same fusion, paired by replicate.",
    ),
    (
        "Detectable Δ",
        "Detectable Δ: the smallest difference that this test finds four times in five.",
    ),
    ("Imbalance", "Imbalance: largest less smallest Shapley contribution of a modality."),
];

/// How the tables of results of this report are to be read.
pub fn reading(analysis: &Analysis<'_>) -> String {
    sentences(analysis, |_| true)
}

/// The table with a note on how to read it, on paper too: what it has, and nothing else.
fn noted(analysis: &Analysis<'_>, table: Table) -> Table {
    let note = sentences(analysis, |about| match about {
        "" => true,
        "best" => table.rows.iter().flat_map(|row| &row.entries).any(|e| e.rank != Rank::None),
        "†‡" => {
            let mut texts = table.rows.iter().flat_map(|row| &row.entries).map(|e| &e.text);
            texts.any(|text| text.contains(['†', '‡']))
        }
        title => table.columns.iter().any(|column| column.title == title && !column.on_screen),
    });
    Table { note, ..table }
}

fn sentences(analysis: &Analysis<'_>, is_about: impl Fn(&str) -> bool) -> String {
    let metrics = analysis.metrics();
    let known = READING.iter().filter(|(about, _)| is_about(about)).map(|(_, sentence)| *sentence);
    let reading = words::of(&metrics, &known.collect::<Vec<_>>().join(" "));
    if 1 < metrics.len() {
        let of = analysis.datasets().into_iter().filter_map(|dataset| {
            Some(format!("{} on {dataset}", words::title(analysis.metric(dataset)?)))
        });
        let of = of.collect::<Vec<_>>().join(", ");
        return format!("{reading} Performance is {of}.");
    }
    reading
}

/// Mean ± standard deviation, ranked among the cells of the same data set and fusion, and marked
/// where it can be told from joint training.
fn result(analysis: &Analysis<'_>, place: usize, cell: &CellResults<'_>) -> Entry {
    let mark = match analysis.comparison(place).map(|comparison| comparison.judged.verdict) {
        Some(Verdict::Better) => "†",
        Some(Verdict::Worse) => "‡",
        _ => "",
    };
    let text = match cell.value {
        None => "missing".to_string(),
        value => format!("{}{mark}", spread(cell.metric(), value)),
    };
    Entry { text, rank: rank(analysis, cell) }
}

fn rank(analysis: &Analysis<'_>, cell: &CellResults<'_>) -> Rank {
    let is_ranked =
        |cell: &CellResults<'_>| cell.role != Role::Unimodal && cell.variant_of.is_none();
    let Some(own) = cell.value.filter(|_| is_ranked(cell)) else {
        return Rank::None;
    };
    let sign = cell.metric().better.sign();
    let rivals: Vec<f64> = analysis
        .of_dataset(&cell.input.dataset)
        .filter(|(_, other)| is_ranked(other) && other.input.fusion == cell.input.fusion)
        .filter_map(|(_, other)| Some(sign * other.value?.mean))
        .collect();
    let better = rivals.iter().filter(|rival| sign * own.mean < **rival).count();
    match better {
        0 if rivals.len() > 1 => Rank::Best,
        1 if rivals.len() > 2 => Rank::Second,
        _ => Rank::None,
    }
}
