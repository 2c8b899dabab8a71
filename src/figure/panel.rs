//! One plot: its place on the page, axes and titles.

use crate::error::Result;
use crate::figure::axis::Axis;
use crate::figure::canvas::{Align, Canvas, Font, Pen, Point, fit, text_width};
use crate::figure::style::{BAND, GRID, INK, MUTED, TEXT_SIZE, TICK_SIZE, TITLE_SIZE, Width};

/// A rectangle in points.
#[derive(Clone, Copy, Debug)]
pub struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// A plot with its axes.
#[derive(Debug)]
pub struct Panel {
    pub area: Rect,
    pub x: Axis,
    pub y: Axis,
}

impl Panel {
    /// Where a value pair lies on the page.
    pub fn at(&self, x: f64, y: f64) -> Point {
        (self.x_at(x), self.y_at(y))
    }

    pub fn x_at(&self, x: f64) -> f64 {
        self.area.left + self.x.place(x) * self.area.width()
    }

    pub fn y_at(&self, y: f64) -> f64 {
        self.area.bottom - self.y.place(y) * self.area.height()
    }

    /// Horizontal grid lines with the labels of the y axis, and the line below.
    pub fn y_grid(&self, canvas: &Canvas) -> Result<()> {
        let Rect { left, right, bottom, .. } = self.area;
        for (value, label) in &self.y.ticks {
            let y = self.y_at(*value);
            canvas.line((left, y), (right, y), Pen::solid(GRID, 0.5))?;
            canvas.text(label, (left - 3.0, y), tick_font(Align::Right))?;
        }
        canvas.line((left, bottom), (right, bottom), Pen::solid(MUTED, 0.6))
    }

    /// Tick marks with the labels of the x axis, and vertical grid lines.
    pub fn x_grid(&self, canvas: &Canvas) -> Result<()> {
        let Rect { top, bottom, left, right } = self.area;
        for (value, _) in &self.x.ticks {
            let x = self.x_at(*value);
            canvas.line((x, top), (x, bottom), Pen::solid(GRID, 0.5))?;
            canvas.line((x, bottom), (x, bottom + 2.0), Pen::solid(MUTED, 0.6))?;
        }
        canvas.line((left, bottom), (right, bottom), Pen::solid(MUTED, 0.6))?;
        self.x_labels(canvas)
    }

    /// The labels of the x axis, without those that would touch their left neighbour.
    pub fn x_labels(&self, canvas: &Canvas) -> Result<()> {
        let mut free_from = f64::NEG_INFINITY;
        for (value, label) in &self.x.ticks {
            let (x, half) = (self.x_at(*value), text_width(label, TICK_SIZE) / 2.0);
            if free_from <= x - half {
                canvas.text(label, (x, self.area.bottom + 7.0), tick_font(Align::Centre))?;
                free_from = x + half + 3.0;
            }
        }
        Ok(())
    }

    /// The heading, `above` points over the plot; see [`heading_height`].
    pub fn heading(&self, canvas: &Canvas, heading: &Heading, above: f64) -> Result<()> {
        let Rect { left, top, right, .. } = self.area;
        let bold = Font { size: TITLE_SIZE, colour: INK, bold: true, align: Align::Left };
        let y = top - above + 11.0;
        canvas.text(&fit(&heading.title, TITLE_SIZE * 1.06, right - left), (left, y), bold)?;
        for (i, note) in heading.notes.iter().enumerate() {
            let at = (left, y + 9.0 + i as f64 * NOTE_HEIGHT);
            canvas.text(&fit(note, TICK_SIZE, right - left), at, tick_font(Align::Left))?;
        }
        Ok(())
    }

    /// Words in the middle of a plot that has nothing else to show.
    pub fn words(&self, canvas: &Canvas, text: &str) -> Result<()> {
        let Rect { left, top, right, bottom } = self.area;
        canvas.fill((left, top), (right, bottom), BAND)?;
        let at = ((left + right) / 2.0, (top + bottom) / 2.0);
        canvas.text(&fit(text, TICK_SIZE, right - left), at, tick_font(Align::Centre))
    }

    /// A vertical interval from `low` to `high`, with an arrow where it leaves the plot.
    pub fn interval(&self, canvas: &Canvas, x: f64, low: f64, high: f64, pen: Pen) -> Result<()> {
        canvas.line((x, self.y_at(low)), (x, self.y_at(high)), pen)?;
        for (end, inwards) in [(low, -2.0), (high, 2.0)] {
            if !self.y.holds(end) {
                let tip = self.y_at(end);
                let arrow = [(x - 1.4, tip + inwards), (x, tip), (x + 1.4, tip + inwards)];
                canvas.path(&arrow, pen)?;
            }
        }
        Ok(())
    }

    /// What the x axis shows.
    pub fn x_title(&self, canvas: &Canvas, text: &str) -> Result<()> {
        let centre = (self.area.left + self.area.right) / 2.0;
        canvas.text(text, (centre, self.area.bottom + 16.5), axis_font())
    }

    /// What the y axis shows.
    pub fn y_title(&self, canvas: &Canvas, text: &str, gutter: f64) -> Result<()> {
        let middle = (self.area.top + self.area.bottom) / 2.0;
        canvas.upward_text(text, (self.area.left - gutter + 4.0, middle), axis_font())
    }
}

/// What stands above a plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Heading {
    pub title: String,
    /// Smaller lines under the title.
    pub notes: Vec<String>,
}

impl Heading {
    /// The heading of a plot about `label`, whose parameters, in parentheses, become a note: the
    /// whole would seldom fit above a small plot.
    pub fn new(label: &str, notes: impl IntoIterator<Item = String>) -> Self {
        let parts = label.strip_suffix(')').and_then(|label| label.split_once('('));
        let (title, params) = match parts {
            Some((name, params)) if !name.trim().is_empty() => (name.trim_end(), Some(params)),
            _ => (label, None),
        };
        let params = params.map(str::to_string);
        Self { title: title.into(), notes: params.into_iter().chain(notes).collect() }
    }
}

const NOTE_HEIGHT: f64 = 8.0;

/// The room that the tallest of `headings` takes: all take the same, so that titles of one row
/// stand on one line.
pub fn heading_height<'a>(headings: impl IntoIterator<Item = &'a Heading>) -> f64 {
    let n_notes = headings.into_iter().map(|heading| heading.notes.len()).max().unwrap_or(0);
    18.0 + n_notes as f64 * NOTE_HEIGHT
}

/// The font of tick labels and notes.
pub fn tick_font(align: Align) -> Font {
    Font { size: TICK_SIZE, colour: MUTED, bold: false, align }
}

fn axis_font() -> Font {
    Font { size: TEXT_SIZE, colour: INK, bold: false, align: Align::Centre }
}

/// Panels of one width in rows, under a legend.
#[derive(Clone, Debug)]
pub struct Multiples {
    pub width: Width,
    /// The number of panels side by side, at most, in a double column.
    pub max_columns: usize,
    /// The height of the legend above all panels.
    pub legend_height: f64,
    /// The height of each plot; a row is as high as its highest.
    pub plot_heights: Vec<f64>,
    /// Room around each plot for labels and titles.
    pub left: f64,
    pub right: f64,
    pub above: f64,
    pub below: f64,
}

impl Multiples {
    /// The number of panels side by side: one in a single column.
    pub fn columns(&self) -> usize {
        match (self.width, self.plot_heights.len()) {
            (Width::Single, _) => 1,
            // Two rows of two rather than a row of three and a lonely one.
            (Width::Double, 4) => self.max_columns.min(2),
            (Width::Double, n) => n.clamp(1, self.max_columns),
        }
    }

    /// The height of the whole figure.
    pub fn height(&self) -> f64 {
        self.top(self.plot_heights.len().div_ceil(self.columns()))
    }

    /// The plot area of panel `i`.
    pub fn area(&self, i: usize) -> Rect {
        let columns = self.columns();
        let pitch = self.width.points() / columns as f64;
        let left = pitch * (i % columns) as f64;
        let top = self.top(i / columns) + self.above;
        Rect {
            left: left + self.left,
            right: left + pitch - self.right,
            top,
            bottom: top + self.plot_heights[i],
        }
    }

    /// Where row `row` begins, which is where the one before ends.
    fn top(&self, row: usize) -> f64 {
        let rows = self.plot_heights.chunks(self.columns()).take(row);
        let heights =
            rows.map(|row| self.above + row.iter().copied().fold(0.0, f64::max) + self.below);
        self.legend_height + heights.sum::<f64>()
    }

    /// Whether panel `i` is the first of its row.
    pub fn starts_row(&self, i: usize) -> bool {
        i.is_multiple_of(self.columns())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_a_label_stand_under_its_name() {
        let note = || ["missing: ogm".to_string()];
        let long = Heading::new("cg-mnist(test=200,train=600)", note());
        assert_eq!(long.title, "cg-mnist");
        assert_eq!(long.notes, ["test=200,train=600", "missing: ogm"]);
        let plain = Heading::new("watch", []);
        assert_eq!((plain.title.as_str(), plain.notes.len()), ("watch", 0));
        assert_eq!(Heading::new("(odd)", []).title, "(odd)");
        assert_eq!(heading_height([&long, &plain]), heading_height([&long]));
    }

    #[test]
    fn panels_stay_on_the_page_and_apart() {
        for (width, n_panels) in [(Width::Single, 2), (Width::Double, 4), (Width::Double, 7)] {
            let multiples = Multiples {
                width,
                max_columns: 3,
                legend_height: 20.0,
                plot_heights: (0..n_panels).map(|i| 50.0 + i as f64).collect(),
                left: 20.0,
                right: 5.0,
                above: 15.0,
                below: 20.0,
            };
            let areas: Vec<Rect> = (0..n_panels).map(|i| multiples.area(i)).collect();
            for (i, a) in areas.iter().enumerate() {
                assert!(0.0 < a.left && a.right < width.points() && a.left < a.right);
                assert!(20.0 < a.top && a.bottom < multiples.height());
                for b in &areas[i + 1..] {
                    assert!(a.right <= b.left || b.right <= a.left || a.bottom <= b.top);
                }
            }
        }
    }
}
