//! Legends: what colours, shapes and lines stand for, above the plots.

use crate::error::Result;
use crate::figure::canvas::{Align, Canvas, Font, Pen, fit, text_width};
use crate::figure::style::{Dash, INK, Marker, TEXT_SIZE, Width};
use plotters::style::RGBColor;

/// An entry of a legend: a line, a marker or both, and what they stand for.
#[derive(Clone, Debug)]
pub struct Key {
    pub line: Option<Pen>,
    pub marker: Option<(Marker, RGBColor, bool)>,
    pub text: String,
}

impl Key {
    /// A filled marker.
    pub fn marker(marker: Marker, colour: RGBColor, text: &str) -> Self {
        Self { line: None, marker: Some((marker, colour, true)), text: text.into() }
    }

    /// Words alone.
    pub fn note(text: &str) -> Self {
        Self { line: None, marker: None, text: text.into() }
    }

    /// A piece of line.
    pub fn line(colour: RGBColor, dash: Dash, text: &str) -> Self {
        Self { line: Some(Pen { colour, width: 1.1, dash }), marker: None, text: text.into() }
    }

    fn swatch(&self) -> f64 {
        if self.line.is_none() && self.marker.is_none() { 0.0 } else { SWATCH }
    }

    fn width(&self) -> f64 {
        self.swatch() + text_width(&self.text, TEXT_SIZE) + 9.0
    }
}

const SWATCH: f64 = 15.0;
const KEY_HEIGHT: f64 = 11.0;

/// The height that a legend takes at the top of a figure.
pub fn legend_height(keys: &[Key], width: Width) -> f64 {
    let rows = places(keys, width).last().map_or(0, |(row, _)| row + 1);
    rows as f64 * KEY_HEIGHT + 4.0
}

/// Draws a legend at the top of a figure, in as many rows as it needs.
pub fn draw_legend(canvas: &Canvas, keys: &[Key], width: Width) -> Result<()> {
    for (key, (row, left)) in keys.iter().zip(places(keys, width)) {
        let y = 8.0 + row as f64 * KEY_HEIGHT;
        if let Some(pen) = key.line {
            canvas.line((left, y), (left + 11.0, y), pen)?;
        }
        if let Some((marker, colour, filled)) = key.marker {
            canvas.marker(marker, (left + 5.5, y), 2.1, colour, filled)?;
        }
        let font = Font { size: TEXT_SIZE, colour: INK, bold: false, align: Align::Left };
        let start = left + key.swatch();
        let room = width.points() - start;
        canvas.text(&fit(&key.text, TEXT_SIZE, room), (start, y), font)?;
    }
    Ok(())
}

/// The row and left edge of every key.
fn places(keys: &[Key], width: Width) -> Vec<(usize, f64)> {
    let (mut row, mut left) = (0, 4.0);
    keys.iter()
        .map(|key| {
            if left > 4.0 && width.points() < left + key.width() {
                (row, left) = (row + 1, 4.0);
            }
            let place = (row, left);
            left += key.width();
            place
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_legend_wraps() {
        let keys: Vec<Key> =
            (0..9).map(|_| Key::marker(Marker::Circle, INK, "a strategy with a name")).collect();
        assert!(legend_height(&keys[..1], Width::Single) < legend_height(&keys, Width::Single));
        for (_, left) in places(&keys, Width::Single) {
            assert!(left + keys[0].width() < Width::Single.points() + 9.0);
        }
    }
}
