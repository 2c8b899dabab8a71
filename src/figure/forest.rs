//! Forest plot: every strategy's difference to joint training with its interval.

use crate::error::Result;
use crate::figure::axis::{Axis, range};
use crate::figure::canvas::{Align, Canvas, Font, Pen, fit, text_width, wrap};
use crate::figure::data::{Comparison, FigureData, distinct, least_reach};
use crate::figure::legend::{Key, draw_legend, legend_height};
use crate::figure::panel::{Heading, Multiples, Panel, Rect, heading_height, tick_font};
use crate::figure::style::{INK, MUTED, Marker, TEXT_SIZE, TICK_SIZE, Width, look};
use crate::figure::{Drawing, Figure, canvas};
use crate::task::metric::{ACCURACY, Metric};
use crate::task::words;

pub const FIGURE: Figure = Figure {
    name: "forest",
    title: "Differences to joint training",
    caption: "Mean difference of test {metric} to joint training under the same fusion, paired \
              by seed, with its unadjusted 95 % t interval; an arrow marks an interval that \
              leaves the panel. Filled: better or worse by Holm's correction over all cells of \
              the report, and only where the strategy differs on the data set at all; variants \
              by a false discovery rate of 5 %. Hollow: undecided or equivalent. Panels have \
              their own scales.",
    needs: "no comparison with joint training",
    by_dataset: true,
    draw,
};

const ROW: f64 = 8.0;

/// The plot of one data set, or of the variants on it.
struct Group<'a> {
    heading: Heading,
    rows: Vec<Row<'a>>,
}

/// A line of the plot: the name of a fusion method, or a comparison.
enum Row<'a> {
    Fusion(&'a str),
    Comparison(&'a Comparison),
}

impl Row<'_> {
    /// The lines of its label, in a gutter so wide.
    fn label(&self, gutter: f64) -> Vec<String> {
        match self {
            Row::Fusion(name) => vec![fit(name, TEXT_SIZE, gutter - 6.0)],
            Row::Comparison(comparison) => wrap(&comparison.strategy, TICK_SIZE, gutter - 13.0),
        }
    }

    fn height(&self, gutter: f64) -> f64 {
        ROW * self.label(gutter).len() as f64
    }
}

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    plot(data, &data.comparisons, width)
}

/// Some comparisons, by data set and, where they have one, by fusion method.
pub(super) fn plot(
    data: &FigureData,
    comparisons: &[Comparison],
    width: Width,
) -> Result<Vec<Drawing>> {
    if comparisons.iter().all(|comparison| comparison.mean.is_none()) {
        return Ok(Vec::new());
    }
    let groups = groups(comparisons);
    let main = comparisons.iter().filter(|comparison| !comparison.is_variant);
    let labels = main.map(|c| text_width(&c.strategy, TICK_SIZE) + 16.0);
    let fusions = comparisons.iter().map(|c| text_width(&c.fusion, TEXT_SIZE) + 10.0);
    let widest = labels.chain(fusions).fold(0.0, f64::max);
    let hollow = Key {
        marker: Some((Marker::Circle, INK, false)),
        line: None,
        text: "undecided or equivalent".into(),
    };
    let keys = [Key::marker(Marker::Circle, INK, "better or worse than joint training"), hollow];
    let gutter = widest.min(if width == Width::Single { 100.0 } else { 80.0 });
    let heights = groups
        .iter()
        .map(|group| 4.0 + group.rows.iter().map(|row| row.height(gutter)).sum::<f64>());
    let multiples = Multiples {
        width,
        max_columns: 3,
        legend_height: legend_height(&keys, width),
        plot_heights: heights.collect(),
        left: gutter,
        right: 6.0,
        above: heading_height(groups.iter().map(|group| &group.heading)) - 2.0,
        below: 26.0,
    };
    let height = multiples.height();
    let svg = canvas::draw(width.points(), height, |canvas| {
        draw_legend(canvas, &keys, width)?;
        for (i, Group { heading, rows }) in groups.iter().enumerate() {
            let area = multiples.area(i);
            // The heading stands over the labels too.
            let whole = Rect { left: area.left - gutter + 4.0, ..area };
            let y = Axis::linear([0.0, 1.0], 2);
            Panel { area: whole, x: y.clone(), y: y.clone() }.heading(
                canvas,
                heading,
                multiples.above,
            )?;
            let panel = Panel { area, x: x_axis(rows), y };
            panel.x_grid(canvas)?;
            let title = format!("difference to joint ({})", words::signed_unit(metric_of(rows)));
            panel.x_title(canvas, &title)?;
            let zero = panel.x_at(0.0);
            canvas.line((zero, area.top), (zero, area.bottom), Pen::solid(MUTED, 0.8))?;
            let mut top = area.top + 2.0;
            for row in rows {
                draw_row(canvas, data, &panel, row, top, gutter)?;
                top += row.height(gutter);
            }
        }
        Ok(())
    })?;
    Ok(vec![Drawing { part: None, svg, height }])
}

/// The comparisons of every data set, then the variants of every data set that has any.
fn groups(comparisons: &[Comparison]) -> Vec<Group<'_>> {
    let datasets = distinct(comparisons.iter().map(|c| c.dataset.as_str()));
    let mut groups = Vec::new();
    for variants in [false, true] {
        for dataset in &datasets {
            let of_dataset = comparisons.iter().filter(|c| c.dataset == *dataset);
            let rows = rows(of_dataset.filter(|c| c.is_variant == variants));
            if !rows.is_empty() {
                let note = variants.then(|| "variants".to_string());
                groups.push(Group { heading: Heading::new(dataset, note), rows });
            }
        }
    }
    groups
}

/// Every fusion method with its comparisons, also where a suite lists some of them later.
fn rows<'a>(comparisons: impl Iterator<Item = &'a Comparison>) -> Vec<Row<'a>> {
    let comparisons: Vec<&Comparison> = comparisons.collect();
    let fusions = distinct(comparisons.iter().map(|comparison| comparison.fusion.as_str()));
    let of = |fusion: &'a str| {
        let under = comparisons.iter().copied().filter(move |c| c.fusion == fusion);
        let name = (!fusion.is_empty()).then_some(Row::Fusion(fusion));
        name.into_iter().chain(under.map(Row::Comparison))
    };
    fusions.into_iter().flat_map(of).collect()
}

/// The metric of the comparisons of one data set.
fn metric_of(rows: &[Row<'_>]) -> Metric {
    let metrics = rows.iter().filter_map(|row| match row {
        Row::Comparison(comparison) => Some(comparison.metric),
        Row::Fusion(_) => None,
    });
    metrics.into_iter().next().unwrap_or(ACCURACY)
}

/// As the metric's differences are shown; covers zero, every mean, and intervals as far as they do not dwarf the means.
fn x_axis(rows: &[Row<'_>]) -> Axis {
    let shown: Vec<&Comparison> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Comparison(comparison) => Some(*comparison),
            Row::Fusion(_) => None,
        })
        .collect();
    if shown.iter().all(|c| c.mean.is_none()) {
        return Axis::linear([-1.0, 1.0], 5);
    }
    let means = || shown.iter().filter_map(|c| c.mean).chain([0.0]);
    let (low, high) = range(means()).unwrap_or((0.0, 0.0));
    let metric = metric_of(rows);
    let reach = (high - low).max(least_reach(metric, high.max(-low)));
    let ends = shown
        .iter()
        .filter_map(|c| c.interval)
        .flat_map(|interval| [interval.low.max(low - reach), interval.high.min(high + reach)]);
    Axis::linear(means().chain(ends).map(|x| metric.shown(x)), 5)
}

fn draw_row(
    canvas: &Canvas,
    data: &FigureData,
    panel: &Panel,
    row: &Row<'_>,
    top: f64,
    gutter: f64,
) -> Result<()> {
    let left = panel.area.left - gutter;
    for (i, line) in row.label(gutter).iter().enumerate() {
        let y = top + (i as f64 + 0.5) * ROW;
        match row {
            Row::Fusion(_) => {
                let font = Font { size: TEXT_SIZE, colour: INK, bold: false, align: Align::Left };
                canvas.text(line, (left + 4.0, y), font)?;
            }
            Row::Comparison(_) => {
                let indent = if i == 0 { 10.0 } else { 13.0 };
                canvas.text(line, (left + indent, y), tick_font(Align::Left))?;
            }
        }
    }
    let Row::Comparison(comparison) = row else { return Ok(()) };
    let y = top + row.height(gutter) / 2.0;
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
        let ends = [interval.low, interval.high].map(|end| comparison.metric.shown(end));
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
    let at = (panel.x_at(comparison.metric.shown(mean)), y);
    canvas.marker(look.marker, at, 2.0, look.colour, comparison.differs)
}
