//! The measured cost of training against the primary metric.

use crate::error::Result;
use crate::figure::data::FigureData;
use crate::figure::scatter::{self, Quantity};
use crate::figure::style::Width;
use crate::figure::{Drawing, Figure};

pub const FIGURE: Figure = Figure {
    name: "cost",
    title: "Cost against {metric}",
    caption: "Wall time of a training run against test {metric}. Measured, not part of the root: \
              it depends on the machine and on what else ran there. Grey dots: runs. Markers: \
              means over seeds.",
    needs: "no finished multimodal run",
    by_dataset: false,
    draw,
};

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    let quantity = Quantity {
        label: |_| "training time (s)".into(),
        note: Some("measured, not part of the root"),
        log: true,
        value: |_, run| run.seconds,
    };
    scatter::draw(data, width, &quantity)
}
