//! The primary metric per strategy, grouped by fusion: one panel per data set.

use crate::error::Result;
use crate::figure::axis::{Axis, range};
use crate::figure::canvas::{Align, Canvas, Pen, fit, text_width};
use crate::figure::data::{FigureData, PlottedCell, Role, distinct, least_reach, metric_of};
use crate::figure::legend::{Key, draw_legend, legend_height};
use crate::figure::panel::{Heading, Multiples, Panel, heading_height, tick_font};
use crate::figure::style::{BAND, Dash, INK, MUTED, Marker, TICK_SIZE, Width, look};
use crate::figure::{Drawing, Figure, canvas};
use crate::task::words;

pub const FIGURE: Figure = Figure {
    name: "accuracy",
    title: "{metric} by strategy and fusion",
    caption: "Test {metric} at the selected epoch. Small dots: seeds. Markers: means with 95 % t \
              intervals; an arrow marks an interval that leaves the panel. Dashed lines: one \
              modality alone. A cross marks missing or diverged runs. Panels have their own \
              scales. Variants of a strategy are in the sensitivity figure.",
    needs: "no finished run",
    by_dataset: true,
    draw,
};

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    if data.cells.iter().all(|cell| cell.value.is_none()) {
        return Ok(Vec::new());
    }
    let (datasets, several) = (data.datasets(), 1 < data.metrics().len());
    let keys = keys(data);
    let headings: Vec<Heading> = datasets.iter().map(|label| Heading::new(label, [])).collect();
    let references = data.cells.iter().filter(|cell| cell.role == Role::Unimodal);
    let widest = references.map(|cell| text_width(&reference_label(cell), TICK_SIZE));
    let multiples = Multiples {
        width,
        max_columns: 2,
        legend_height: legend_height(&keys, width),
        plot_heights: vec![104.0; datasets.len()],
        left: 30.0,
        right: (widest.fold(0.0, f64::max) + 8.0).clamp(8.0, 72.0),
        above: heading_height(&headings),
        below: 20.0,
    };
    let height = multiples.height();
    let svg = canvas::draw(width.points(), height, |canvas| {
        draw_legend(canvas, &keys, width)?;
        for (i, dataset) in datasets.iter().enumerate() {
            let cells = data.main_cells(dataset);
            let panel = Panel {
                area: multiples.area(i),
                x: Axis::linear([0.0, 1.0], 2),
                y: y_axis(&cells),
            };
            panel.heading(canvas, &headings[i], multiples.above)?;
            if cells.iter().all(|cell| cell.value.is_none()) {
                panel.words(canvas, "no finished run")?;
                continue;
            }
            panel.y_grid(canvas)?;
            let metric = metric_of(&cells);
            if multiples.starts_row(i) || several {
                panel.y_title(canvas, &format!("test {}", words::title(metric)), 30.0)?;
            }
            draw_references(canvas, &panel, &cells, multiples.right)?;
            draw_groups(canvas, data, &panel, &cells)?;
        }
        Ok(())
    })?;
    Ok(vec![Drawing { part: None, svg, height }])
}

fn keys(data: &FigureData) -> Vec<Key> {
    let shown = data.datasets().into_iter().flat_map(|dataset| data.main_cells(dataset));
    let multimodal: Vec<&PlottedCell> = shown.filter(|cell| cell.role != Role::Unimodal).collect();
    let mut keys: Vec<Key> = distinct(multimodal.iter().map(|cell| cell.strategy.as_str()))
        .into_iter()
        .map(|strategy| {
            let look = look(data, strategy);
            Key::marker(look.marker, look.colour, strategy)
        })
        .collect();
    if data.cells.iter().any(|cell| cell.role == Role::Unimodal) {
        keys.push(Key::line(MUTED, Dash::Dashed, "one modality alone"));
    }
    if data.cells.iter().any(|cell| cell.n_missing > 0) {
        keys.push(Key::marker(Marker::Cross, INK, "run missing or diverged"));
    }
    keys
}

/// As the metric is shown; covers every seed, and intervals as far as they do not dwarf the seeds.
fn y_axis(cells: &[&PlottedCell]) -> Axis {
    let seeds = || cells.iter().flat_map(|cell| cell.runs.iter().map(|run| run.value));
    let metric = metric_of(cells);
    let (low, high) = range(seeds()).unwrap_or((0.0, 1.0));
    let reach = (high - low).max(least_reach(metric, high));
    let ends = cells.iter().filter_map(|cell| cell.value?.interval).flat_map(|interval| {
        [interval.low.max(low - 0.5 * reach), interval.high.min(high + 0.5 * reach)]
    });
    let shown = seeds().chain(ends).map(|x| metric.shown(x));
    // A strip at the bottom stays free for the marks of missing runs.
    let strip = metric.shown(low - 0.08 * reach);
    Axis::linear(shown.chain([strip]), 5)
}

fn draw_groups(
    canvas: &Canvas,
    data: &FigureData,
    panel: &Panel,
    cells: &[&PlottedCell],
) -> Result<()> {
    let multimodal: Vec<&&PlottedCell> =
        cells.iter().filter(|cell| cell.role != Role::Unimodal).collect();
    let fusions = distinct(multimodal.iter().map(|cell| cell.fusion.as_str()));
    const GAP: f64 = 1.2;
    let n_slots = multimodal.len() as f64 + GAP * fusions.len() as f64;
    let slot = panel.area.width() / n_slots.max(1.0);
    let groups: Vec<(&str, Vec<&&&PlottedCell>)> = fusions
        .iter()
        .map(|fusion| (*fusion, multimodal.iter().filter(|cell| cell.fusion == **fusion).collect()))
        .collect();
    let group_width = |n: usize| slot * (n as f64 + GAP);
    let crowded = groups
        .iter()
        .any(|(fusion, group)| group_width(group.len()) < text_width(fusion, TICK_SIZE) + 2.0);
    let mut left = panel.area.left;
    for (g, (fusion, group)) in groups.iter().enumerate() {
        let span = group_width(group.len());
        // Labels that would touch each other stand on two lines in turn.
        let (room, drop) = if crowded {
            (2.0 * span - 2.0, if g % 2 == 0 { 7.0 } else { 15.0 })
        } else {
            (span, 8.0)
        };
        let at = (left + span / 2.0, panel.area.bottom + drop);
        canvas.text(&fit(fusion, TICK_SIZE, room), at, tick_font(Align::Centre))?;
        for (i, cell) in group.iter().enumerate() {
            draw_cell(canvas, data, panel, cell, left + slot * (GAP / 2.0 + i as f64 + 0.5), slot)?;
        }
        left += span;
        if g + 1 < groups.len() {
            let bottom = panel.area.bottom;
            canvas.line((left, bottom), (left, bottom + 3.0), Pen::solid(MUTED, 0.6))?;
        }
    }
    Ok(())
}

fn draw_cell(
    canvas: &Canvas,
    data: &FigureData,
    panel: &Panel,
    cell: &PlottedCell,
    x: f64,
    slot: f64,
) -> Result<()> {
    let look = look(data, &cell.strategy);
    let Some(estimate) = cell.value else {
        let half = (slot / 2.0).min(5.0);
        let (top, bottom) = (panel.area.top, panel.area.bottom);
        canvas.fill((x - half, top), (x + half, bottom), BAND)?;
        canvas.marker(Marker::Cross, (x, bottom - 5.0), 1.9, look.colour, true)?;
        if slot < TICK_SIZE {
            return Ok(());
        }
        let text = (x, top + 20.0);
        return canvas.upward_text("missing", text, tick_font(Align::Centre));
    };
    if cell.n_missing > 0 {
        canvas.marker(Marker::Cross, (x, panel.area.bottom - 3.0), 1.5, look.colour, true)?;
    }
    if let Some(interval) = estimate.interval {
        let pen = Pen::solid(look.colour, 0.9);
        let [low, high] = [interval.low, interval.high].map(|end| cell.metric.shown(end));
        panel.interval(canvas, x, low, high, pen)?;
    }
    // Seeds stand beside the mean, where there is room.
    let aside = if slot < 3.2 { 0.0 } else { (0.3 * slot).min(3.5) };
    for run in &cell.runs {
        canvas.dot((x + aside, panel.y_at(cell.metric.shown(run.value))), 0.9, look.colour)?;
    }
    let radius = (0.34 * slot).clamp(1.2, 2.1);
    let at = (x, panel.y_at(cell.metric.shown(estimate.mean)));
    canvas.marker(look.marker, at, radius, look.colour, true)
}

fn reference_label(cell: &PlottedCell) -> String {
    let name = cell.modalities.join("+");
    if cell.value.is_none() { format!("{name}: missing") } else { name }
}

/// One modality alone: a dashed line across, its seeds and name at the right.
fn draw_references(
    canvas: &Canvas,
    panel: &Panel,
    cells: &[&PlottedCell],
    gutter: f64,
) -> Result<()> {
    let mut labels = Vec::new();
    for cell in cells.iter().filter(|cell| cell.role == Role::Unimodal) {
        let Some(estimate) = cell.value else {
            labels.push((panel.area.bottom - 3.0, reference_label(cell)));
            continue;
        };
        let y = panel.y_at(cell.metric.shown(estimate.mean));
        let dashed = Pen { colour: MUTED, width: 0.7, dash: Dash::Dashed };
        canvas.line((panel.area.left, y), (panel.area.right, y), dashed)?;
        let x = panel.area.right + 2.5;
        for run in &cell.runs {
            canvas.dot((x, panel.y_at(cell.metric.shown(run.value))), 0.9, MUTED)?;
        }
        labels.push((y, reference_label(cell)));
    }
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    // From the top down, then back up where the last ones would leave the panel.
    for i in 1..labels.len() {
        labels[i].0 = labels[i].0.max(labels[i - 1].0 + TICK_SIZE);
    }
    let mut limit = panel.area.bottom + 2.0;
    for (y, _) in labels.iter_mut().rev() {
        *y = y.min(limit);
        limit = *y - TICK_SIZE;
    }
    for (y, name) in labels {
        let x = panel.area.right + 5.5;
        canvas.text(&fit(&name, TICK_SIZE, gutter - 6.0), (x, y), tick_font(Align::Left))?;
    }
    Ok(())
}
