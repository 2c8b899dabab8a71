//! The tables of a report: one file per kind.

mod cells;
mod failures;
mod further;
mod modalities;
mod overall;
mod protocol;
mod selection;
mod verdicts;

pub use cells::{dataset, variants};
pub use failures::failures;
pub use further::further;
pub use modalities::modalities;
pub use overall::overall;
pub use protocol::protocol;
pub use selection::{selection, selection_summary};
pub use verdicts::verdicts;

use crate::document::number::spread;
use crate::document::{Entry, Rank};
use crate::figure::data::Role;
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::comparison::Verdict;

/// How the tables of accuracy are to be read.
pub const READING: &str = "Test accuracy in percent at the selected epoch, mean ± standard \
     deviation (n − 1) over seeds, with 95 % t intervals. Bold and underlined: the highest and \
     second highest mean under one fusion, whether or not they can be told apart. † (‡): higher \
     (lower) than joint training after Holm's correction over all comparisons of the report. Δ \
     joint: mean difference to joint training under the same fusion, paired by seed, in points. \
     Detectable Δ: the smallest difference that a one-sided test at 5 % finds four times in five, \
     before Holm's correction, which asks for more. Imbalance: largest less smallest Shapley \
     contribution of a modality, in points.";

/// Mean ± standard deviation, ranked among the cells of the same data set and fusion, and marked
/// where it can be told from joint training.
fn accuracy(analysis: &Analysis<'_>, place: usize, cell: &CellResults<'_>) -> Entry {
    let mark = match analysis.comparison(place).map(|comparison| comparison.verdict) {
        Some(Verdict::Positive) => "†",
        Some(Verdict::Negative) => "‡",
        _ => "",
    };
    let text = match cell.accuracy {
        None => "missing".to_string(),
        accuracy => format!("{}{mark}", spread(accuracy)),
    };
    Entry { text, rank: rank(analysis, cell) }
}

fn rank(analysis: &Analysis<'_>, cell: &CellResults<'_>) -> Rank {
    let is_ranked =
        |cell: &CellResults<'_>| cell.role != Role::Unimodal && cell.variant_of.is_none();
    let Some(own) = cell.accuracy.filter(|_| is_ranked(cell)) else {
        return Rank::None;
    };
    let rivals: Vec<f64> = analysis
        .of_dataset(&cell.input.dataset)
        .filter(|(_, other)| is_ranked(other) && other.input.fusion == cell.input.fusion)
        .filter_map(|(_, other)| Some(other.accuracy?.mean))
        .collect();
    let better = rivals.iter().filter(|rival| own.mean < **rival).count();
    match better {
        0 if rivals.len() > 1 => Rank::Best,
        1 if rivals.len() > 2 => Rank::Second,
        _ => Rank::None,
    }
}
