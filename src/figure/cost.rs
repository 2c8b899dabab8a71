//! The counted cost of training against the primary metric.

use crate::error::Result;
use crate::figure::data::FigureData;
use crate::figure::scatter::{self, Quantity};
use crate::figure::style::Width;
use crate::figure::{Drawing, Figure};

pub const FIGURE: Figure = Figure {
    name: "cost",
    title: "Cost against {metric}",
    caption: "Multiply-adds of a training run, counted in linear layers and convolutions, against test \
              {metric}; equal on every machine. Runs that a run began from are not in it. Grey dots: \
              runs. Markers: means over seeds.",
    needs: "no finished multimodal run",
    by_dataset: false,
    draw,
};

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    let quantity = Quantity {
        label: |_| "multiply-adds (billions)".into(),
        note: None,
        log: true,
        value: |_, run| run.multiply_adds / 1e9,
    };
    scatter::draw(data, width, &quantity)
}
