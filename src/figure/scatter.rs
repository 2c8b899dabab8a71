//! The primary metric against another quantity of the same runs: one panel per data set.

use crate::error::Result;
use crate::figure::axis::Axis;
use crate::figure::data::{FigureData, PlottedCell, Role, Run, distinct, metric_of};
use crate::figure::legend::{Key, draw_legend, legend_height};
use crate::figure::panel::{Heading, Multiples, Panel, heading_height};
use crate::figure::strips::missing_note;
use crate::figure::style::{MARKERS, MUTED, Marker, Width, look};
use crate::figure::{Drawing, canvas};
use crate::stats::summary::mean;
use crate::task::metric::Metric;
use crate::task::words;

/// The quantity on the x axis.
pub struct Quantity {
    pub label: fn(Metric) -> String,
    /// What else must be said on the figure itself.
    pub note: Option<&'static str>,
    pub log: bool,
    pub value: fn(Metric, &Run) -> f64,
}

/// Draws the scatter of the primary metric against `quantity` over multimodal runs.
pub fn draw(data: &FigureData, width: Width, quantity: &Quantity) -> Result<Vec<Drawing>> {
    let panels: Vec<(&str, Vec<&PlottedCell>)> = data
        .datasets()
        .into_iter()
        .map(|dataset| {
            let cells = data.main_cells(dataset).into_iter();
            (dataset, cells.filter(|cell| cell.role != Role::Unimodal).collect())
        })
        .filter(|(_, cells): &(_, Vec<&PlottedCell>)| !cells.is_empty())
        .collect();
    if panels.iter().all(|(_, cells)| cells.iter().all(|cell| cell.runs.is_empty())) {
        return Ok(Vec::new());
    }
    let shown: Vec<&PlottedCell> =
        panels.iter().flat_map(|(_, cells)| cells.iter().copied()).collect();
    let fusions = distinct(shown.iter().map(|cell| cell.fusion.as_str()));
    let mut keys = keys(data, &shown, &fusions);
    keys.extend(quantity.note.map(Key::note));
    let headings: Vec<Heading> = panels
        .iter()
        .map(|(dataset, cells)| Heading::new(dataset, missing_by_fusion(cells)))
        .collect();
    let multiples = Multiples {
        width,
        max_columns: 3,
        legend_height: legend_height(&keys, width),
        plot_heights: vec![100.0; panels.len()],
        left: 32.0,
        right: 8.0,
        above: heading_height(&headings),
        below: 26.0,
    };
    let several = 1 < data.metrics().len();
    let height = multiples.height();
    let svg = canvas::draw(width.points(), height, |canvas| {
        draw_legend(canvas, &keys, width)?;
        for (i, (_, cells)) in panels.iter().enumerate() {
            let runs = || cells.iter().flat_map(|cell| &cell.runs);
            let metric = metric_of(cells);
            let x_value = |run: &Run| (quantity.value)(metric, run);
            let x_values = runs().map(x_value);
            let panel = Panel {
                area: multiples.area(i),
                x: if quantity.log { Axis::log(x_values, 5) } else { Axis::linear(x_values, 5) },
                y: Axis::linear(runs().map(|run| metric.shown(run.value)), 5),
            };
            panel.heading(canvas, &headings[i], multiples.above)?;
            if runs().next().is_none() {
                panel.words(canvas, "no finished run")?;
                continue;
            }
            panel.x_grid(canvas)?;
            panel.y_grid(canvas)?;
            panel.x_title(canvas, &(quantity.label)(metric))?;
            if multiples.starts_row(i) || several {
                panel.y_title(canvas, &format!("test {}", words::title(metric)), 32.0)?;
            }
            for run in runs() {
                let at = panel.at(x_value(run), metric.shown(run.value));
                canvas.dot(at, 0.8, MUTED)?;
            }
            for cell in cells {
                let xs: Vec<f64> = cell.runs.iter().map(x_value).collect();
                let (Some(x), Some(estimate)) = (mean(&xs), cell.value) else { continue };
                let at = panel.at(x, metric.shown(estimate.mean));
                let colour = look(data, &cell.strategy).colour;
                canvas.marker(shape(&fusions, &cell.fusion), at, 2.2, colour, true)?;
            }
        }
        Ok(())
    })?;
    Ok(vec![Drawing { part: None, svg, height }])
}

/// Colour tells strategies apart, shape fusion methods.
fn keys(data: &FigureData, cells: &[&PlottedCell], fusions: &[&str]) -> Vec<Key> {
    let strategies = distinct(cells.iter().map(|cell| cell.strategy.as_str()));
    let colours = strategies
        .into_iter()
        .map(|label| Key::marker(Marker::Circle, look(data, label).colour, label));
    let shapes = fusions.iter().map(|fusion| Key::marker(shape(fusions, fusion), MUTED, fusion));
    // A single fusion method needs no shapes.
    colours.chain(shapes.filter(|_| fusions.len() > 1)).collect()
}

fn shape(fusions: &[&str], fusion: &str) -> Marker {
    let at = fusions.iter().position(|known| *known == fusion).unwrap_or(0);
    MARKERS[at % MARKERS.len()]
}

/// At most one line: what is missing, by fusion method; nothing where all is, which is said in
/// the plot.
fn missing_by_fusion(cells: &[&PlottedCell]) -> Option<String> {
    if cells.iter().all(|cell| cell.runs.is_empty()) {
        return None;
    }
    let fusions = distinct(cells.iter().map(|cell| cell.fusion.as_str()));
    let notes = fusions.into_iter().filter_map(|fusion| {
        let of_fusion: Vec<&PlottedCell> =
            cells.iter().copied().filter(|cell| cell.fusion == fusion).collect();
        Some(format!("{} ({fusion})", missing_note(&of_fusion)?))
    });
    let line = notes.collect::<Vec<_>>().join("; ");
    (!line.is_empty()).then_some(line)
}
