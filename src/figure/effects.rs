//! The effects of all strategies on all data sets: the answer of a report as a figure.

use crate::error::Result;
use crate::figure::data::FigureData;
use crate::figure::style::Width;
use crate::figure::{Drawing, Figure, forest};

pub const FIGURE: Figure = Figure {
    name: "effects",
    title: "Effects of strategies",
    caption: "Mean difference of test {metric} to joint training, averaged over fusion methods within \
              a replicate, with its unadjusted 95 % t interval; an arrow marks an interval that leaves \
              the panel. Filled: better or worse by Holm's correction over all effects. Hollow: \
              undecided or equivalent. Panels have their own scales.",
    needs: "no comparison with joint training",
    by_dataset: true,
    draw,
};

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    forest::plot(data, &data.effects, width)
}
