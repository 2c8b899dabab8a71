//! Whether confidence is what accuracy says.

use super::{NUMBER, SHARE, Section, grouped, main_cells, names, some};
use crate::document::number::spread;
use crate::document::{Column, Table};
use crate::results::analysis::Analysis;
use crate::results::items::Items;
use crate::results::names::CALIBRATION;
use crate::stats::summary::estimate;

pub(super) const SECTION: Section = Section {
    title: "Calibration",
    about: "Confidence: the mean probability of the predicted class. Calibration error: the mean over \
            test items of how far accuracy is from confidence, in 15 bins of equal width (Guo et al., \
            ICML 2017). Brier score: the mean squared distance of the probabilities from the truth.",
    needs: "no run that predicts classes and whose items are known",
    tables,
};

fn tables(analysis: &Analysis<'_>) -> Vec<Table> {
    let cells = main_cells(analysis).filter(|cell| !cell.input.items.is_empty());
    let rows = cells.map(|cell| {
        let over = |of: fn(&Items) -> f64| {
            estimate(&cell.input.items.values().map(of).collect::<Vec<_>>())
        };
        let accuracy = |items: &Items| {
            items.right.iter().filter(|right| **right).count() as f64 / items.right.len() as f64
        };
        let mut texts = names(cell).to_vec();
        texts.extend([
            spread(SHARE, over(accuracy)),
            spread(SHARE, over(Items::confidence)),
            spread(SHARE, over(Items::calibration_error)),
            spread(NUMBER, over(|items| items.brier)),
        ]);
        texts
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let words = ["Data set", "Fusion", "Strategy"].map(Column::words);
    let numbers = ["accuracy (%)", "confidence (%)", "calibration error (%)", "Brier score"];
    some(Table {
        stem: Some(CALIBRATION.into()),
        columns: words.into_iter().chain(numbers.map(Column::number)).collect(),
        rows: grouped(rows, 2),
        caption:
            "Accuracy, mean confidence, expected calibration error in 15 bins and Brier score on \
                  the test split at the selected epoch, mean ± standard deviation."
                .into(),
        blocks: 2,
        ..Table::default()
    })
}
