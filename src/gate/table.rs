//! A check as rows of text, for terminals and pages.

use super::cell::Judgement;
use super::{Check, CheckedCell, Sample};
use crate::document::number::{NONE, difference, p_value, value};
use crate::task::metric::Metric;

/// The columns, and whether they hold numbers.
pub const COLUMNS: [(&str, bool); 7] = [
    ("cell", false),
    ("accepted", true),
    ("found", true),
    ("change", true),
    ("p", true),
    ("would see", true),
    ("verdict", false),
];

/// How to read the columns.
pub const NOTE: &str = "Means with 95 % t intervals over seeds; change for the better; one-sided \
    p value, Holm-corrected; the smallest drop that is found four times in five.";

impl Check {
    /// A row per cell whose roots differ; the others are equal to the bit.
    pub fn rows(&self) -> Vec<[String; 7]> {
        let differing = self.cells.iter().filter(|cell| cell.verdict != Judgement::Equal);
        differing.map(|cell| self.row(cell)).collect()
    }

    fn row(&self, cell: &CheckedCell) -> [String; 7] {
        [
            cell.label.clone(),
            sample(self.metric, &cell.accepted),
            sample(self.metric, &cell.found),
            difference(self.metric, cell.change),
            p_value(cell.p),
            cell.smallest_drop.map_or(NONE.into(), |drop| difference(self.metric, -drop)),
            cell.verdict.name().into(),
        ]
    }
}

/// Mean, half the width of its interval and number of runs: `71.3 ± 1.2 (3)`.
pub fn sample(metric: Metric, sample: &Sample) -> String {
    let half = |half: f64| format!(" ± {}", value(metric, half));
    let interval = sample.interval.map_or(String::new(), half);
    format!("{}{interval} ({})", value(metric, sample.mean), sample.n)
}
