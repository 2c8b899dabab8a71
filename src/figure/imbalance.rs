//! The degree of imbalance against the primary metric.

use crate::error::Result;
use crate::figure::data::FigureData;
use crate::figure::scatter::{self, Quantity};
use crate::figure::style::Width;
use crate::figure::{Drawing, Figure};
use crate::task::words;

pub const FIGURE: Figure = Figure {
    name: "imbalance",
    title: "Imbalance against {metric}",
    caption: "Degree of imbalance (the largest Shapley contribution of a modality to test \
              {metric} less the smallest) against test {metric}, at the selected epoch. Grey \
              dots: runs. Markers: means over seeds.",
    needs: "no finished multimodal run",
    by_dataset: false,
    draw,
};

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    let quantity = Quantity {
        label: |metric| format!("degree of imbalance ({})", words::unit(metric)),
        note: None,
        log: false,
        value: |metric, run| metric.shown(run.imbalance),
    };
    scatter::draw(data, width, &quantity)
}
