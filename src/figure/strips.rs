//! Stacks of plots over epochs: one column per data set, one strip per quantity.

use crate::error::Result;
use crate::figure::Drawing;
use crate::figure::axis::Axis;
use crate::figure::canvas::{self, Pen, fit};
use crate::figure::data::{FigureData, PlottedCell};
use crate::figure::legend::{Key, draw_legend, legend_height};
use crate::figure::panel::{Heading, Multiples, Panel, Rect, heading_height};
use crate::figure::style::{Dash, MUTED, TEXT_SIZE, Width, look};

/// The series of one data set.
pub struct Stack {
    /// The data set, and under it what the line patterns mean and what is missing.
    pub heading: Heading,
    pub strips: Vec<Strip>,
}

/// One plot of a stack.
pub struct Strip {
    /// What the y axis shows.
    pub label: String,
    pub log: bool,
    /// A level to compare with.
    pub reference: Option<f64>,
    pub lines: Vec<Line>,
}

/// A series over epochs, from the first.
pub struct Line {
    pub values: Vec<f64>,
    pub pen: Pen,
}

/// The points of a line that are drawn at most: more would not be seen at print size.
const MAX_POINTS: usize = 120;
const GAP: f64 = 7.0;

/// Draws stacks of one fusion method side by side, their strips `strip_height` points high.
pub fn draw(
    width: Width,
    fusion: &str,
    stacks: &[Stack],
    keys: &[Key],
    strip_height: f64,
) -> Result<Drawing> {
    let stack_height = |stack: &Stack| stack.strips.len() as f64 * (strip_height + GAP) - GAP;
    let multiples = Multiples {
        width,
        max_columns: 3,
        legend_height: legend_height(keys, width),
        plot_heights: stacks.iter().map(stack_height).collect(),
        left: 36.0,
        right: 6.0,
        above: heading_height(stacks.iter().map(|stack| &stack.heading)),
        below: 26.0,
    };
    let height = multiples.height();
    let svg = canvas::draw(width.points(), height, |canvas| {
        draw_legend(canvas, keys, width)?;
        for (i, stack) in stacks.iter().enumerate() {
            let whole = multiples.area(i);
            let lines = || stack.strips.iter().flat_map(|strip| &strip.lines);
            let n_epochs = lines().map(|line| line.values.len()).max().unwrap_or(1);
            for (s, strip) in stack.strips.iter().enumerate() {
                let top = whole.top + s as f64 * (strip_height + GAP);
                let area = Rect { top, bottom: top + strip_height, ..whole };
                let panel = Panel { area, x: epoch_axis(n_epochs), y: y_axis(strip) };
                if s == 0 {
                    panel.heading(canvas, &stack.heading, multiples.above)?;
                }
                draw_strip(canvas, &panel, strip)?;
                if s + 1 == stack.strips.len() {
                    panel.x_labels(canvas)?;
                    panel.x_title(canvas, "epoch")?;
                }
            }
        }
        Ok(())
    })?;
    Ok(Drawing { part: Some(fusion.to_string()), svg, height })
}

/// Whole epochs, counted from 1.
fn epoch_axis(n_epochs: usize) -> Axis {
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500]
        .into_iter()
        .find(|step| n_epochs <= 5 * step)
        .unwrap_or(1000);
    let marks: Vec<f64> = (1..=n_epochs)
        .filter(|epoch| epoch % step == 0 || *epoch == 1 && step > 1)
        .map(|epoch| epoch as f64)
        .collect();
    Axis::linear([1.0, n_epochs as f64], 2).with_ticks_at(&marks)
}

fn y_axis(strip: &Strip) -> Axis {
    let values = strip.lines.iter().flat_map(|line| line.values.iter().copied());
    let values = values.chain(strip.reference);
    if strip.log { Axis::log(values, 4) } else { Axis::linear(values, 4) }
}

fn draw_strip(canvas: &canvas::Canvas, panel: &Panel, strip: &Strip) -> Result<()> {
    let label = fit(&strip.label, TEXT_SIZE, panel.area.height() + GAP);
    panel.y_title(canvas, &label, 36.0)?;
    if strip.lines.is_empty() {
        return panel.words(canvas, "not traced");
    }
    panel.y_grid(canvas)?;
    if let Some(level) = strip.reference {
        let y = panel.y_at(level);
        let pen = Pen::solid(MUTED, 0.8);
        canvas.line((panel.area.left, y), (panel.area.right, y), pen)?;
    }
    for line in &strip.lines {
        let stride = line.values.len().div_ceil(MAX_POINTS).max(1);
        let finite = line.values.iter().enumerate().step_by(stride);
        let points: Vec<canvas::Point> = finite
            .filter(|(_, value)| value.is_finite())
            .map(|(epoch, value)| panel.at(epoch as f64 + 1.0, *value))
            .collect();
        if points.len() > 1 {
            canvas.path(&points, line.pen)?;
        } else if let Some(at) = points.first() {
            canvas.dot(*at, 1.3, line.pen.colour)?;
        }
    }
    Ok(())
}

/// One key per strategy that occurs among `cells`.
pub fn strategy_keys(data: &FigureData, cells: &[&PlottedCell]) -> Vec<Key> {
    let labels = crate::figure::data::distinct(cells.iter().map(|cell| cell.strategy.as_str()));
    labels
        .into_iter()
        .map(|strategy| Key::line(look(data, strategy).colour, Dash::Solid, strategy))
        .collect()
}

/// "missing: a, b", or that everything is.
pub fn missing_note(cells: &[&PlottedCell]) -> Option<String> {
    if cells.iter().all(|cell| cell.value.is_none()) {
        return Some("no finished run".into());
    }
    let missing: Vec<&str> = cells
        .iter()
        .filter(|cell| cell.value.is_none())
        .map(|cell| cell.strategy.as_str())
        .collect();
    (!missing.is_empty()).then(|| format!("missing: {}", missing.join(", ")))
}
