//! A drawing surface in points over plotters' SVG backend.

use crate::error::{Error, Result};
use crate::figure::style::{Dash, FONT, Marker};
use crate::text;
use plotters::coord::Shift;
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle};
use plotters::prelude::{DrawingArea, IntoDrawingArea, IntoFont, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};

/// A place or distance in points, from the upper left corner.
pub type Point = (f64, f64);

/// plotters counts in whole units; this many make a point.
const UNITS: f64 = 20.0;
/// plotters writes font sizes divided by this.
const FONT_FACTOR: f64 = 1.24;

/// A line's colour, width in points and pattern.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    pub colour: RGBColor,
    pub width: f64,
    pub dash: Dash,
}

impl Pen {
    pub fn solid(colour: RGBColor, width: f64) -> Self {
        Self { colour, width, dash: Dash::Solid }
    }
}

/// The horizontal place of a text relative to its anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
    Right,
}

/// A text's size in points, colour, weight and place; vertically centred on its anchor.
#[derive(Clone, Copy, Debug)]
pub struct Font {
    pub size: f64,
    pub colour: RGBColor,
    pub bold: bool,
    pub align: Align,
}

/// The surface that a figure draws on.
pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Draws a figure of `width` by `height` points on white; returns it as SVG.
///
/// # Errors
/// When drawing fails.
pub fn draw(width: f64, height: f64, body: impl FnOnce(&Canvas) -> Result<()>) -> Result<String> {
    let size = (unit(width), unit(height));
    let mut svg = String::new();
    {
        let backend = SVGBackend::with_string(&mut svg, (size.0 as u32, size.1 as u32));
        let canvas = Canvas { area: backend.into_drawing_area() };
        canvas.check(canvas.area.fill(&plotters::style::WHITE))?;
        body(&canvas)?;
        canvas.check(canvas.area.present())?;
    }
    // plotters knows no physical size: the opening tag gets one here.
    let content = svg.split_once('>').map_or("", |(_, content)| content);
    Ok(format!(
        "<svg width=\"{width}pt\" height=\"{height}pt\" viewBox=\"0 0 {} {}\" \
         xmlns=\"http://www.w3.org/2000/svg\">{content}",
        size.0, size.1
    ))
}

impl Canvas<'_> {
    /// A line through `points`.
    pub fn path(&self, points: &[Point], pen: Pen) -> Result<()> {
        let points: Vec<(i32, i32)> = points.iter().copied().map(units).collect();
        let style = self.stroke(pen);
        let (on, off) = match pen.dash {
            Dash::Solid => {
                return self.check(self.area.draw(&PathElement::new(points, style)));
            }
            Dash::Dashed => (3.0, 1.6),
            Dash::Dotted => (0.9, 1.2),
        };
        let dashed = DashedPathElement::new(points, unit(on), unit(off), style);
        self.check(self.area.draw(&dashed))
    }

    /// A straight line.
    pub fn line(&self, from: Point, to: Point, pen: Pen) -> Result<()> {
        self.path(&[from, to], pen)
    }

    /// A filled rectangle between two opposite corners.
    pub fn fill(&self, from: Point, to: Point, colour: RGBColor) -> Result<()> {
        self.check(self.area.draw(&Rectangle::new([units(from), units(to)], colour.filled())))
    }

    /// A pale dot: opaque, because translucency swells PDF files.
    pub fn dot(&self, at: Point, radius: f64, colour: RGBColor) -> Result<()> {
        let pale = |channel: u8| 255 - (255 - channel) / 2;
        let style = RGBColor(pale(colour.0), pale(colour.1), pale(colour.2)).filled();
        self.check(self.area.draw(&Circle::new(units(at), unit(radius), style)))
    }

    /// A marker of `radius` points: filled, or an outline on white.
    pub fn marker(
        &self,
        marker: Marker,
        at: Point,
        radius: f64,
        colour: RGBColor,
        filled: bool,
    ) -> Result<()> {
        let corner = |x: f64, y: f64| (at.0 + radius * x, at.1 + radius * y);
        let corners = match marker {
            Marker::Cross => {
                let pen = Pen::solid(colour, 0.9);
                self.line(corner(-0.8, -0.8), corner(0.8, 0.8), pen)?;
                return self.line(corner(-0.8, 0.8), corner(0.8, -0.8), pen);
            }
            // Drawn as polygons too, so that every outline has the same weight.
            Marker::Circle => (0..24)
                .map(|i| f64::from(i) * std::f64::consts::TAU / 24.0)
                .map(|angle| corner(libm::cos(angle), libm::sin(angle)))
                .collect(),
            Marker::Square => [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
                .map(|(x, y)| corner(x, y))
                .to_vec(),
            Marker::Triangle => {
                [(0.0, -1.2), (1.1, 0.75), (-1.1, 0.75)].map(|(x, y)| corner(x, y)).to_vec()
            }
            Marker::Wedge => {
                [(0.0, 1.2), (1.1, -0.75), (-1.1, -0.75)].map(|(x, y)| corner(x, y)).to_vec()
            }
            Marker::Diamond => [(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)]
                .map(|(x, y)| corner(x, y))
                .to_vec(),
        };
        let inside = if filled { colour } else { RGBColor(255, 255, 255) };
        let mut outline: Vec<(i32, i32)> = corners.into_iter().map(units).collect();
        self.check(self.area.draw(&Polygon::new(outline.clone(), inside.filled())))?;
        outline.push(outline[0]);
        let style = self.stroke(Pen::solid(colour, 0.7));
        self.check(self.area.draw(&PathElement::new(outline, style)))
    }

    /// A line of text, vertically centred on `at`.
    pub fn text(&self, text: &str, at: Point, font: Font) -> Result<()> {
        self.turned(text, at, font, FontTransform::None)
    }

    /// A line of text that reads upwards, centred on `at`.
    pub fn upward_text(&self, text: &str, at: Point, font: Font) -> Result<()> {
        self.turned(text, at, font, FontTransform::Rotate270)
    }

    fn turned(&self, text: &str, at: Point, font: Font, turn: FontTransform) -> Result<()> {
        let weight = if font.bold { FontStyle::Bold } else { FontStyle::Normal };
        let horizontal = match font.align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        let style: TextStyle = (FONT, font.size * UNITS * FONT_FACTOR, weight)
            .into_font()
            .transform(turn)
            .color(&font.colour);
        let style = style.pos(Pos::new(horizontal, VPos::Center));
        self.check(self.area.draw_text(&text::line(text), &style, units(at)))
    }

    fn stroke(&self, pen: Pen) -> ShapeStyle {
        pen.colour.stroke_width(unit(pen.width) as u32)
    }

    fn check<E: std::fmt::Display>(&self, drawn: std::result::Result<(), E>) -> Result<()> {
        drawn.map_err(|e| Error::unexpected(format!("cannot draw a figure: {e}")))
    }
}

fn unit(points: f64) -> i32 {
    (points * UNITS).round() as i32
}

fn units(at: Point) -> (i32, i32) {
    (unit(at.0), unit(at.1))
}

/// The width of a text in points, from the rounded advance widths of the font: never less than
/// the drawn width by more than a few percent.
pub fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(ems).sum::<f64>() * size
}

/// The width of a character in ems.
fn ems(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '\'' | '!' | ' ' => 0.28,
        'f' | 'r' | 't' | 's' | '(' | ')' | '[' | ']' | '-' | '/' => 0.38,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.86,
        'A'..='Z' => 0.68,
        'a'..='z' | '0'..='9' => 0.51,
        _ => 0.62,
    }
}

/// `text`, cut to `width` points with an ellipsis where it is longer.
pub fn fit(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_string();
    }
    let mut used = 0.0;
    let fits = |c: &char| {
        used += ems(*c);
        (used + ems('…')) * size <= width
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// `text` on several lines of `width` points, broken after the marks that end a part of a label;
/// a part that is still too long is cut.
pub fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for part in text.split_inclusive(['(', ',', '=', '+', ' ']) {
        match lines.last_mut() {
            Some(line)
                if line.is_empty() || text_width(&format!("{line}{part}"), size) <= width =>
            {
                line.push_str(part);
            }
            _ => lines.push(part.to_string()),
        }
    }
    lines.iter().map(|line| fit(line.trim(), size, width)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_to_the_width_and_short_ones_kept() {
        let cut = fit("modality-dropout(p=0.3)", 7.0, 40.0);
        assert!(cut.ends_with('…') && text_width(&cut, 7.0) <= 40.0, "{cut}");
        assert_eq!(fit("ogm", 7.0, 40.0), "ogm");
        assert_eq!(fit("ogm", 7.0, 1.0), "…");
        assert!(fit(&"label ".repeat(11_000), 7.0, 100.0).starts_with("label label"));
    }

    #[test]
    fn a_label_breaks_after_its_marks() {
        assert_eq!(
            wrap("opm(p_exe=1,rescale=false)", 7.0, 60.0),
            ["opm(p_exe=1,", "rescale=false)"]
        );
        assert_eq!(wrap("ogm", 7.0, 60.0), ["ogm"]);
        assert_eq!(wrap("unbreakable-label", 7.0, 20.0).len(), 1);
    }

    #[test]
    fn a_drawing_has_a_physical_size_and_escapes_its_text() {
        let font = Font { size: 7.0, colour: RGBColor(0, 0, 0), bold: false, align: Align::Left };
        let svg = draw(72.0, 36.0, |canvas| canvas.text("<&>", (1.0, 1.0), font)).unwrap();
        assert!(svg.starts_with("<svg width=\"72pt\" height=\"36pt\" viewBox=\"0 0 1440 720\""));
        assert!(svg.contains("&lt;&amp;&gt;") && svg.trim_end().ends_with("</svg>"), "{svg}");
        // What XML has no character for would make the drawing unreadable.
        let svg =
            draw(72.0, 36.0, |canvas| canvas.text("\u{fffe}\u{1b}", (1.0, 1.0), font)).unwrap();
        assert!(svg.contains("\\ufffe\\u001b"), "{svg}");
    }
}
