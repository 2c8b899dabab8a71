//! Accuracy over the values of one parameter, where a suite has a grid over it.

use crate::error::Result;
use crate::figure::axis::{Axis, range};
use crate::figure::canvas::{self, Canvas, Pen};
use crate::figure::data::{Cell, FigureData, Role, Series, distinct};
use crate::figure::legend::{Key, draw_legend, legend_height};
use crate::figure::panel::{Multiples, Panel, title_height};
use crate::figure::style::{BAND, Dash, INK, MARKERS, MUTED, Marker, Width, look};
use crate::figure::{Drawing, Figure};
use plotters::style::RGBColor;

pub const FIGURE: Figure = Figure {
    name: "sensitivity",
    title: "Sensitivity to parameters",
    caption: "Test accuracy over the values of one parameter, all others equal. Small dots: \
              seeds. Markers: means with 95 % t intervals. Dashed line and band: joint training \
              with its interval. A cross marks a value whose runs are missing or diverged.",
    needs: "no grid over a numeric parameter",
    draw,
};

/// The series of one parameter on one data set under one fusion.
struct Group<'a> {
    dataset: &'a str,
    fusion: &'a str,
    parameter: String,
    series: Vec<Series<'a>>,
}

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    let groups = groups(data);
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let names = distinct(groups.iter().flat_map(|group| &group.series).map(method));
    let mut keys: Vec<Key> = names
        .iter()
        .map(|name| {
            let (marker, colour) = appearance(data, &groups, &names, name);
            Key::marker(marker, colour, name)
        })
        .collect();
    if groups.iter().any(|group| baseline(data, group).is_some()) {
        keys.push(Key::line(INK, Dash::Dashed, "joint"));
    }
    let multiples = Multiples {
        width,
        legend_height: legend_height(&keys, width),
        plot_heights: vec![90.0; groups.len()],
        left: 32.0,
        right: 8.0,
        above: title_height(0),
        below: 26.0,
    };
    let height = multiples.height();
    let svg = canvas::draw(width.points(), height, |canvas| {
        draw_legend(canvas, &keys, width)?;
        for (i, group) in groups.iter().enumerate() {
            let joint = baseline(data, group);
            let area = multiples.area(i);
            let panel = Panel { area, x: x_axis(group), y: y_axis(group, joint) };
            if let Some(interval) = joint.and_then(|joint| joint.accuracy?.interval) {
                let (low, high) = (100.0 * interval.low, 100.0 * interval.high);
                let (top, bottom) = (panel.y_at(high), panel.y_at(low));
                canvas.fill((area.left, top), (area.right, bottom), BAND)?;
            }
            panel.y_grid(canvas)?;
            panel.x_grid(canvas)?;
            panel.title(canvas, &format!("{}, {}", group.dataset, group.fusion), &[])?;
            panel.x_title(canvas, &symbol(&group.parameter))?;
            if multiples.starts_row(i) {
                panel.y_title(canvas, "test accuracy (%)", 32.0)?;
            }
            if let Some(accuracy) = joint.and_then(|joint| joint.accuracy) {
                let y = panel.y_at(100.0 * accuracy.mean);
                let pen = Pen { colour: INK, width: 0.8, dash: Dash::Dashed };
                canvas.line((area.left, y), (area.right, y), pen)?;
            }
            for series in &group.series {
                let look = appearance(data, &groups, &names, method(series));
                draw_series(canvas, &panel, series, look)?;
            }
        }
        Ok(())
    })?;
    Ok(vec![Drawing { part: None, svg, height }])
}

fn groups(data: &FigureData) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for series in data.series() {
        let Some((_, first)) = series.points.first() else { continue };
        let known = groups.iter_mut().find(|group| {
            group.dataset == first.dataset
                && group.fusion == first.fusion
                && group.parameter == series.parameter
        });
        match known {
            Some(group) => group.series.push(series),
            None => groups.push(Group {
                dataset: &first.dataset,
                fusion: &first.fusion,
                parameter: series.parameter.clone(),
                series: vec![series],
            }),
        }
    }
    groups.retain(|group| {
        let points = group.series.iter().flat_map(|series| &series.points);
        points.into_iter().any(|(_, cell)| cell.accuracy.is_some())
    });
    groups
}

fn method<'a>(series: &Series<'a>) -> &'a str {
    series.points.first().map_or("", |(_, cell)| cell.method.as_str())
}

/// A method looks as its first cell does elsewhere, where two do not share that look.
fn appearance(
    data: &FigureData,
    groups: &[Group<'_>],
    names: &[&str],
    name: &str,
) -> (Marker, RGBColor) {
    let points = groups.iter().flat_map(|group| &group.series).flat_map(|one| &one.points);
    let labels = points.into_iter().filter(|(_, cell)| cell.method == name);
    let label = labels.map(|(_, cell)| cell.strategy.as_str()).min_by_key(|label| label.len());
    let at = names.iter().position(|known| *known == name).unwrap_or(0);
    (MARKERS[at % MARKERS.len()], look(data, label.unwrap_or(name)).colour)
}

fn baseline<'a>(data: &'a FigureData, group: &Group<'_>) -> Option<&'a Cell> {
    data.cells.iter().find(|cell| {
        cell.role == Role::Baseline
            && cell.dataset == group.dataset
            && cell.fusion == group.fusion
            && cell.accuracy.is_some()
    })
}

fn x_axis(group: &Group<'_>) -> Axis {
    let points = group.series.iter().flat_map(|series| &series.points);
    let mut values: Vec<f64> = points.map(|(value, _)| *value).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    // Values that spread over more than a decade are spaced by their ratios.
    let wide =
        range(values.iter().copied()).is_some_and(|(low, high)| 0.0 < low && 12.0 < high / low);
    let axis = if wide {
        Axis::log(values.iter().copied(), 5)
    } else {
        Axis::linear(values.iter().copied(), 5)
    };
    axis.with_ticks_at(&values)
}

fn y_axis(group: &Group<'_>, joint: Option<&Cell>) -> Axis {
    let points = group.series.iter().flat_map(|series| &series.points);
    let cells: Vec<&Cell> = points.map(|(_, cell)| *cell).chain(joint).collect();
    let seeds = || cells.iter().flat_map(|cell| cell.runs.iter().map(|run| run.accuracy));
    let (low, high) = range(seeds()).unwrap_or((0.0, 1.0));
    let reach = (high - low).max(0.02);
    let ends = cells.iter().filter_map(|cell| cell.accuracy?.interval).flat_map(|interval| {
        [interval.low.max(low - 0.5 * reach), interval.high.min(high + 0.5 * reach)]
    });
    // A strip at the bottom stays free for the marks of missing runs.
    let strip = cells.iter().any(|cell| cell.n_missing > 0).then_some(low - 0.6 * reach);
    Axis::linear(seeds().chain(ends).chain(strip).map(|x| 100.0 * x), 5)
}

fn draw_series(
    canvas: &Canvas,
    panel: &Panel,
    series: &Series<'_>,
    (marker, colour): (Marker, RGBColor),
) -> Result<()> {
    let means: Vec<canvas::Point> = series
        .points
        .iter()
        .filter_map(|(value, cell)| Some(panel.at(*value, 100.0 * cell.accuracy?.mean)))
        .collect();
    if means.len() > 1 {
        canvas.path(&means, Pen::solid(colour, 0.8))?;
    }
    for (value, cell) in &series.points {
        let x = panel.x_at(*value);
        if cell.n_missing > 0 {
            canvas.marker(Marker::Cross, (x, panel.area.bottom - 4.0), 1.8, colour, true)?;
        }
        for run in &cell.runs {
            canvas.dot((x + 3.0, panel.y_at(100.0 * run.accuracy)), 0.9, MUTED)?;
        }
        let Some(accuracy) = cell.accuracy else { continue };
        if let Some(interval) = accuracy.interval {
            let pen = Pen::solid(colour, 0.9);
            panel.interval(canvas, x, 100.0 * interval.low, 100.0 * interval.high, pen)?;
        }
        canvas.marker(marker, (x, panel.y_at(100.0 * accuracy.mean)), 2.1, colour, true)?;
    }
    Ok(())
}

/// Parameters as the papers write them.
fn symbol(parameter: &str) -> String {
    match parameter {
        "alpha" => "α".into(),
        "lambda" => "λ".into(),
        other => other.replace('_', " "),
    }
}
