//! The degree of imbalance against accuracy.

use crate::error::Result;
use crate::figure::data::FigureData;
use crate::figure::scatter::{self, Quantity};
use crate::figure::style::Width;
use crate::figure::{Drawing, Figure};

pub const FIGURE: Figure = Figure {
    name: "imbalance",
    title: "Imbalance against accuracy",
    caption: "Degree of imbalance (the largest Shapley contribution of a modality to test \
              accuracy less the smallest) against test accuracy, at the selected epoch. Grey \
              dots: runs. Markers: means over seeds.",
    needs: "no finished multimodal run",
    by_dataset: false,
    draw,
};

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    let quantity = Quantity {
        label: "degree of imbalance (points)",
        note: None,
        log: false,
        value: |run| 100.0 * run.imbalance,
    };
    scatter::draw(data, width, &quantity)
}
