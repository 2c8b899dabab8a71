//! Forest plot: every strategy's difference to joint training with its interval.

use crate::error::Result;
use crate::figure::axis::{Axis, range};
use crate::figure::canvas::{Align, Canvas, Font, Pen, fit, text_width};
use crate::figure::data::{Comparison, FigureData, distinct};
use crate::figure::legend::{Key, draw_legend, legend_height};
use crate::figure::panel::{Multiples, Panel, tick_font};
use crate::figure::style::{INK, MUTED, Marker, TEXT_SIZE, TICK_SIZE, Width, look};
use crate::figure::{Drawing, Figure, canvas};

pub const FIGURE: Figure = Figure {
    name: "forest",
    title: "Differences to joint training",
    caption: "Mean difference of test accuracy to joint training under the same fusion, paired \
              by seed, in percentage points, with its unadjusted 95 % t interval; an arrow marks \
              an interval that leaves the panel. Filled: distinguishable from zero after Holm's \
              correction over all comparisons of the report. Hollow: not distinguishable.",
    needs: "no comparison with joint training",
    draw,
};

const ROW: f64 = 8.0;

/// A line of the plot: the name of a fusion method, or a comparison.
enum Row<'a> {
    Fusion(&'a str),
    Comparison(&'a Comparison),
}

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    let datasets = distinct(data.comparisons.iter().map(|c| c.dataset.as_str()));
    if data.comparisons.iter().all(|comparison| comparison.mean.is_none()) {
        return Ok(Vec::new());
    }
    let panels: Vec<(&str, Vec<Row<'_>>)> =
        datasets.into_iter().map(|dataset| (dataset, rows(data, dataset))).collect();
    let labels = data.comparisons.iter().map(|c| text_width(&c.strategy, TICK_SIZE));
    let fusions = data.comparisons.iter().map(|c| text_width(&c.fusion, TEXT_SIZE));
    let widest = labels.map(|width| width + 16.0).chain(fusions.map(|width| width + 10.0));
    let widest = widest.fold(0.0, f64::max);
    let hollow = Key {
        marker: Some((Marker::Circle, INK, false)),
        line: None,
        text: "not distinguishable from joint".into(),
    };
    let keys =
        [Key::marker(Marker::Circle, INK, "distinguishable after Holm's correction"), hollow];
    let multiples = Multiples {
        width,
        legend_height: legend_height(&keys, width),
        plot_heights: panels.iter().map(|(_, rows)| rows.len() as f64 * ROW + 4.0).collect(),
        left: widest.min(if width == Width::Single { 100.0 } else { 72.0 }),
        right: 6.0,
        above: 16.0,
        below: 26.0,
    };
    let height = multiples.height();
    let svg = canvas::draw(width.points(), height, |canvas| {
        draw_legend(canvas, &keys, width)?;
        for (i, (dataset, rows)) in panels.iter().enumerate() {
            let area = multiples.area(i);
            let panel = Panel { area, x: x_axis(rows), y: Axis::linear([0.0, 1.0], 2) };
            panel.x_grid(canvas)?;
            panel.x_title(canvas, "difference to joint (points)")?;
            let zero = panel.x_at(0.0);
            canvas.line((zero, area.top), (zero, area.bottom), Pen::solid(MUTED, 0.8))?;
            let title = Font { size: 8.0, colour: INK, bold: true, align: Align::Left };
            let room = area.right - area.left + multiples.left - 4.0;
            let at = (area.left - multiples.left + 4.0, area.top - 7.0);
            canvas.text(&fit(dataset, 8.5, room), at, title)?;
            for (r, row) in rows.iter().enumerate() {
                let y = area.top + (r as f64 + 0.5) * ROW + 2.0;
                draw_row(canvas, data, &panel, row, y, multiples.left)?;
            }
        }
        Ok(())
    })?;
    Ok(vec![Drawing { part: None, svg, height }])
}

fn rows<'a>(data: &'a FigureData, dataset: &str) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let of_dataset = data.comparisons.iter().filter(|c| c.dataset == dataset);
    for comparison in of_dataset {
        let known =
            |row: &Row<'_>| matches!(row, Row::Comparison(c) if c.fusion == comparison.fusion);
        if !rows.last().is_some_and(known) {
            rows.push(Row::Fusion(&comparison.fusion));
        }
        rows.push(Row::Comparison(comparison));
    }
    rows
}

/// Percentage points; covers zero, every mean, and intervals as far as they do not dwarf the means.
fn x_axis(rows: &[Row<'_>]) -> Axis {
    let shown: Vec<&Comparison> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Comparison(comparison) => Some(*comparison),
            Row::Fusion(_) => None,
        })
        .collect();
    let means = || shown.iter().filter_map(|c| c.mean).chain([0.0]);
    let (low, high) = range(means()).unwrap_or((0.0, 0.0));
    let reach = (high - low).max(0.02);
    let ends = shown
        .iter()
        .filter_map(|c| c.interval)
        .flat_map(|interval| [interval.low.max(low - reach), interval.high.min(high + reach)]);
    Axis::linear(means().chain(ends).map(|x| 100.0 * x), 5)
}

fn draw_row(
    canvas: &Canvas,
    data: &FigureData,
    panel: &Panel,
    row: &Row<'_>,
    y: f64,
    gutter: f64,
) -> Result<()> {
    let left = panel.area.left - gutter;
    let comparison = match row {
        Row::Fusion(name) => {
            let font = Font { size: TEXT_SIZE, colour: INK, bold: false, align: Align::Left };
            return canvas.text(&fit(name, TEXT_SIZE, gutter - 6.0), (left + 4.0, y), font);
        }
        Row::Comparison(comparison) => comparison,
    };
    let label = fit(&comparison.strategy, TICK_SIZE, gutter - 12.0);
    canvas.text(&label, (left + 10.0, y), tick_font(Align::Left))?;
    let Some(mean) = comparison.mean else {
        // On the side where the line at zero leaves more room.
        let middle = (panel.area.left + panel.area.right) / 2.0;
        let (x, align) = if panel.x_at(0.0) < middle {
            (panel.area.right - 2.0, Align::Right)
        } else {
            (panel.area.left + 2.0, Align::Left)
        };
        return canvas.text("missing", (x, y), tick_font(align));
    };
    let look = look(data, &comparison.strategy);
    if let Some(interval) = comparison.interval {
        let ends = [100.0 * interval.low, 100.0 * interval.high];
        let pen = Pen::solid(look.colour, 0.9);
        canvas.line((panel.x_at(ends[0]), y), (panel.x_at(ends[1]), y), pen)?;
        for (end, inwards) in ends.into_iter().zip([2.0, -2.0]) {
            if !panel.x.holds(end) {
                let tip = panel.x_at(end);
                let arrow = [(tip + inwards, y - 1.4), (tip, y), (tip + inwards, y + 1.4)];
                canvas.path(&arrow, pen)?;
            }
        }
    }
    let at = (panel.x_at(100.0 * mean), y);
    canvas.marker(look.marker, at, 2.0, look.colour, comparison.distinguishable)
}
