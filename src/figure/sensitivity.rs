//! The primary metric of the variants of a strategy: over the values of one parameter, or side by side.

use crate::error::Result;
use crate::figure::axis::{Axis, range};
use crate::figure::canvas::{self, Align, Canvas, Pen};
use crate::figure::data::{FigureData, PlottedCell, distinct, least_reach};
use crate::figure::legend::{Key, draw_legend, legend_height};
use crate::figure::panel::{Heading, Multiples, Panel, heading_height, tick_font};
use crate::figure::style::{BAND, Dash, INK, MARKERS, MUTED, Marker, Width, look};
use crate::figure::variants::{Group, Kind, Line, groups};
use crate::figure::{Drawing, Figure};
use crate::task::words;
use plotters::style::RGBColor;

pub const FIGURE: Figure = Figure {
    name: "sensitivity",
    title: "Sensitivity to parameters",
    caption: "Test {metric} over the values of one parameter, all others equal, and of other \
              variants. An asterisk marks the default. Small dots: seeds. Markers: means with \
              95 % t intervals. Dashed line and band: joint training with its interval. A cross \
              marks a value whose runs are missing or diverged. Panels of one data set and fusion \
              share their scale.",
    needs: "no variant of a strategy",
    by_dataset: false,
    draw,
};

const LINE: f64 = 8.0;

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    let groups = groups(data);
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let names = distinct(groups.iter().flat_map(|group| &group.lines).map(|line| line.method));
    let mut keys: Vec<Key> = names
        .iter()
        .map(|name| {
            let (marker, colour) = appearance(data, &groups, &names, name);
            Key::marker(marker, colour, name)
        })
        .collect();
    if groups.iter().any(|group| group.baseline(data).is_some()) {
        keys.push(Key::line(INK, Dash::Dashed, "joint"));
    }
    let headings: Vec<Heading> = groups
        .iter()
        .map(|group| Heading::new(group.dataset, [format!("{} fusion", group.fusion)]))
        .collect();
    let several = 1 < data.metrics().len();
    let has_names = groups.iter().any(|group| group.kind == Kind::Named);
    let mut multiples = Multiples {
        width,
        // Names need more room than numbers.
        max_columns: if has_names { 2 } else { 3 },
        legend_height: legend_height(&keys, width),
        plot_heights: vec![90.0; groups.len()],
        left: 32.0,
        right: 8.0,
        above: heading_height(&headings),
        below: 26.0,
    };
    let room = multiples.area(0).width();
    let labels: Vec<Vec<(f64, Vec<String>)>> = groups
        .iter()
        .map(|group| group.labels(room / group.cells().count().max(1) as f64 - 2.0))
        .collect();
    let n_lines = labels.iter().flatten().map(|(_, lines)| lines.len()).max().unwrap_or(0);
    multiples.below = multiples.below.max(8.0 + LINE * n_lines as f64);
    let height = multiples.height();
    let svg = canvas::draw(width.points(), height, |canvas| {
        draw_legend(canvas, &keys, width)?;
        for (i, group) in groups.iter().enumerate() {
            let area = multiples.area(i);
            let panel = Panel { area, x: group.x_axis(), y: y_axis(data, &groups, group) };
            panel.heading(canvas, &headings[i], multiples.above)?;
            if multiples.starts_row(i) || several {
                panel.y_title(canvas, &format!("test {}", words::title(group.metric())), 32.0)?;
            }
            draw_axes(canvas, &panel, group, &labels[i], group.baseline(data))?;
            for line in &group.lines {
                let look = appearance(data, &groups, &names, line.method);
                draw_line(canvas, &panel, line, group.kind != Kind::Named, look)?;
            }
        }
        Ok(())
    })?;
    Ok(vec![Drawing { part: None, svg, height }])
}

fn draw_axes(
    canvas: &Canvas,
    panel: &Panel,
    group: &Group<'_>,
    labels: &[(f64, Vec<String>)],
    joint: Option<&PlottedCell>,
) -> Result<()> {
    let area = panel.area;
    if let Some(interval) = joint.and_then(|joint| joint.value?.interval) {
        let [top, bottom] =
            [interval.high, interval.low].map(|end| panel.y_at(group.metric().shown(end)));
        canvas.fill((area.left, top), (area.right, bottom), BAND)?;
    }
    panel.y_grid(canvas)?;
    match &group.kind {
        Kind::Grid(parameter) => {
            panel.x_grid(canvas)?;
            panel.x_title(canvas, symbol(parameter))?;
        }
        Kind::Named => {
            for (x, lines) in labels {
                for (i, line) in lines.iter().enumerate() {
                    let at = (panel.x_at(*x), area.bottom + 7.0 + LINE * i as f64);
                    canvas.text(line, at, tick_font(Align::Centre))?;
                }
            }
        }
    }
    let Some(estimate) = joint.and_then(|joint| joint.value) else { return Ok(()) };
    let y = panel.y_at(group.metric().shown(estimate.mean));
    let pen = Pen { colour: INK, width: 0.8, dash: Dash::Dashed };
    canvas.line((area.left, y), (area.right, y), pen)
}

/// A method looks as its first cell does elsewhere, where two do not share that look.
fn appearance(
    data: &FigureData,
    groups: &[Group<'_>],
    names: &[&str],
    name: &str,
) -> (Marker, RGBColor) {
    let cells = groups.iter().flat_map(Group::cells).filter(|cell| cell.method == name);
    let label = cells.map(|cell| cell.strategy.as_str()).min_by_key(|label| label.len());
    let at = names.iter().position(|known| *known == name).unwrap_or(0);
    (MARKERS[at % MARKERS.len()], look(data, label.unwrap_or(name)).colour)
}

/// One scale for all that can be compared: the groups of one data set and fusion.
fn y_axis(data: &FigureData, groups: &[Group<'_>], group: &Group<'_>) -> Axis {
    let compared = groups.iter().filter(|g| g.dataset == group.dataset && g.fusion == group.fusion);
    let cells: Vec<&PlottedCell> =
        compared.flat_map(Group::cells).chain(group.baseline(data)).collect();
    let seeds = || cells.iter().flat_map(|cell| cell.runs.iter().map(|run| run.value));
    let (low, high) = range(seeds()).unwrap_or((0.0, 1.0));
    let metric = group.metric();
    let reach = (high - low).max(least_reach(metric, high));
    let ends = cells.iter().filter_map(|cell| cell.value?.interval).flat_map(|interval| {
        [interval.low.max(low - 0.5 * reach), interval.high.min(high + 0.5 * reach)]
    });
    // A strip at the bottom stays free for the marks of missing runs.
    let strip = cells.iter().any(|cell| cell.n_missing > 0).then_some(low - 0.2 * reach);
    Axis::linear(seeds().chain(ends).chain(strip).map(|x| metric.shown(x)), 5)
}

fn draw_line(
    canvas: &Canvas,
    panel: &Panel,
    line: &Line<'_>,
    connected: bool,
    (marker, colour): (Marker, RGBColor),
) -> Result<()> {
    let means: Vec<canvas::Point> = line
        .points
        .iter()
        .filter_map(|(value, cell)| Some(panel.at(*value, cell.metric.shown(cell.value?.mean))))
        .collect();
    if connected && means.len() > 1 {
        canvas.path(&means, Pen::solid(colour, 0.8))?;
    }
    for (value, cell) in &line.points {
        let x = panel.x_at(*value);
        if cell.n_missing > 0 {
            canvas.marker(Marker::Cross, (x, panel.area.bottom - 4.0), 1.8, colour, true)?;
        }
        for run in &cell.runs {
            canvas.dot((x + 3.0, panel.y_at(cell.metric.shown(run.value))), 0.9, MUTED)?;
        }
        let Some(estimate) = cell.value else { continue };
        if let Some(interval) = estimate.interval {
            let pen = Pen::solid(colour, 0.9);
            let [low, high] = [interval.low, interval.high].map(|end| cell.metric.shown(end));
            panel.interval(canvas, x, low, high, pen)?;
        }
        canvas.marker(
            marker,
            (x, panel.y_at(cell.metric.shown(estimate.mean))),
            2.1,
            colour,
            true,
        )?;
    }
    Ok(())
}

/// Parameters as the papers write them.
fn symbol(parameter: &str) -> &str {
    match parameter {
        "alpha" => "α",
        "lambda" => "λ",
        other => other,
    }
}
