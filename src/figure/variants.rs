//! What a sensitivity figure shows: grids over one parameter, and variants that are none.

use crate::figure::axis::{Axis, range};
use crate::figure::canvas::{text_width, wrap};
use crate::figure::data::{FigureData, PlottedCell, Role};
use crate::figure::style::TICK_SIZE;
use crate::task::metric::{ACCURACY, Metric};

/// The plot of one parameter, or of what is no parameter grid, on one data set under one fusion.
#[derive(Debug)]
pub struct Group<'a> {
    pub dataset: &'a str,
    pub fusion: &'a str,
    pub kind: Kind,
    pub lines: Vec<Line<'a>>,
}

/// What the x axis of a group stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The values of the parameter of this name.
    Grid(String),
    /// Cells side by side.
    Named,
}

/// The cells of one method, each at its place on the x axis.
#[derive(Debug)]
pub struct Line<'a> {
    pub method: &'a str,
    pub points: Vec<(f64, &'a PlottedCell)>,
}

/// The grids in the order of the suite, then the other variants. Groups without a finished run
/// are left out.
pub fn groups(data: &FigureData) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut in_grid: Vec<&PlottedCell> = Vec::new();
    for series in data.series() {
        let Some((_, first)) = series.points.first() else { continue };
        in_grid.extend(series.points.iter().map(|(_, cell)| *cell));
        let kind = Kind::Grid(series.parameter);
        add(&mut groups, kind, Line { method: &first.method, points: series.points });
    }
    for cell in &data.cells {
        let Some(main) = &cell.variant_of else { continue };
        if in_grid.iter().any(|known| std::ptr::eq(*known, cell)) {
            continue;
        }
        let main = data.cells.iter().find(|other| {
            other.dataset == cell.dataset && other.fusion == cell.fusion && other.strategy == *main
        });
        let lines = main.into_iter().chain([cell]);
        for cell in lines {
            add(&mut groups, Kind::Named, Line { method: &cell.method, points: vec![(0.0, cell)] });
        }
    }
    for group in groups.iter_mut().filter(|group| group.kind == Kind::Named) {
        group.gather();
    }
    groups.retain(|group| group.cells().any(|cell| cell.value.is_some()));
    groups
}

fn add<'a>(groups: &mut Vec<Group<'a>>, kind: Kind, line: Line<'a>) {
    let Some((_, first)) = line.points.first() else { return };
    let (dataset, fusion) = (first.dataset.as_str(), first.fusion.as_str());
    let known = groups
        .iter_mut()
        .find(|group| group.dataset == dataset && group.fusion == fusion && group.kind == kind);
    match known {
        Some(group) => group.lines.push(line),
        None => groups.push(Group { dataset, fusion, kind, lines: vec![line] }),
    }
}

impl<'a> Group<'a> {
    /// One line per method, its cells side by side, each once.
    fn gather(&mut self) {
        let mut lines: Vec<Line<'a>> = Vec::new();
        for (_, cell) in self.lines.drain(..).flat_map(|line| line.points) {
            match lines.iter_mut().find(|line| line.method == cell.method) {
                None => lines.push(Line { method: &cell.method, points: vec![(0.0, cell)] }),
                Some(line) if line.points.iter().any(|(_, known)| std::ptr::eq(*known, cell)) => {}
                Some(line) => line.points.push((0.0, cell)),
            }
        }
        for (place, (x, _)) in lines.iter_mut().flat_map(|line| &mut line.points).enumerate() {
            *x = place as f64;
        }
        self.lines = lines;
    }

    pub fn cells(&self) -> impl Iterator<Item = &'a PlottedCell> {
        self.lines.iter().flat_map(|line| &line.points).map(|(_, cell)| *cell)
    }

    /// The metric that its cells are judged by.
    pub fn metric(&self) -> Metric {
        self.cells().next().map_or(ACCURACY, |cell| cell.metric)
    }

    /// Joint training under the same fusion.
    pub fn baseline(&self, data: &'a FigureData) -> Option<&'a PlottedCell> {
        data.cells.iter().find(|cell| {
            cell.role == Role::Baseline
                && cell.dataset == self.dataset
                && cell.fusion == self.fusion
                && cell.value.is_some()
        })
    }

    pub fn x_axis(&self) -> Axis {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let mut values: Vec<f64> = points().map(|(value, _)| *value).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        if self.kind == Kind::Named {
            // Half a place of room at both ends.
            let room = 0.44 * (values.len() as f64 / values.len().saturating_sub(1).max(1) as f64);
            let last = values.last().copied().unwrap_or(0.0);
            return Axis::linear([-room, last + room], 2).with_ticks_at(&values);
        }
        // Values that spread over more than a decade are spaced by their ratios.
        let ends = range(values.iter().copied());
        let wide = ends.is_some_and(|(low, high)| 0.0 < low && 12.0 < high / low);
        let all = values.iter().copied();
        let axis = if wide { Axis::log(all, 5) } else { Axis::linear(all, 5) };
        let is_default =
            |value: f64| points().any(|(at, cell)| *at == value && cell.strategy == cell.method);
        axis.with_ticks_at(&values).labelled(|value, text| {
            if is_default(value) { format!("{text}*") } else { text.into() }
        })
    }

    /// The places of named cells with the lines of their labels, `width` points wide at most.
    pub fn labels(&self, width: f64) -> Vec<(f64, Vec<String>)> {
        if self.kind != Kind::Named {
            return Vec::new();
        }
        let points = self.lines.iter().flat_map(|line| &line.points);
        points.map(|(x, cell)| (*x, wrap(short(cell), TICK_SIZE, width))).collect()
    }
}

/// What sets a variant apart: its parameters without the name, which colour and place tell.
fn short(cell: &PlottedCell) -> &str {
    let params = cell.strategy.strip_prefix(cell.method.as_str());
    let params = params.and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
    params.filter(|text| 0.0 < text_width(text, TICK_SIZE)).unwrap_or(&cell.strategy)
}
