//! The only constants of appearance: sizes in points, fonts, colours and symbols.

use crate::figure::data::{FigureData, Role, distinct};
use plotters::style::RGBColor;

/// The width of a figure in a two-column paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// One column: 3.3 inches.
    Single,
    /// Both columns: 6.9 inches.
    Double,
}

impl Width {
    pub const ALL: [Width; 2] = [Width::Double, Width::Single];

    /// In points, 72 to the inch.
    pub fn points(self) -> f64 {
        match self {
            Width::Single => 3.3 * 72.0,
            Width::Double => 6.9 * 72.0,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Width::Single => "single",
            Width::Double => "double",
        }
    }
}

/// The tallest single-column figure that a page of a paper takes, in points.
pub const PAGE_HEIGHT: f64 = 9.0 * 72.0;

pub const FONT: &str = "Libertinus Serif";
pub const TITLE_SIZE: f64 = 8.0;
pub const TEXT_SIZE: f64 = 7.5;
pub const TICK_SIZE: f64 = 7.0;

pub const INK: RGBColor = RGBColor(0x1a, 0x1a, 0x1a);
pub const MUTED: RGBColor = RGBColor(0x66, 0x66, 0x66);
pub const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
pub const BAND: RGBColor = RGBColor(0xee, 0xee, 0xee);

/// The colour-blind-safe palette of Okabe and Ito (2008, *Color Universal Design*), without the
/// yellow that fades on white, then dark ones of Tol's muted scheme (2021, *Colour Schemes*) and a
/// brown; black stands for joint training, grey for one modality alone.
const PALETTE: [RGBColor; 10] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x33, 0x22, 0x88),
    RGBColor(0x88, 0x22, 0x55),
    RGBColor(0x99, 0x99, 0x33),
    RGBColor(0x6b, 0x3f, 0x1d),
];

/// The shape of a point. Shape repeats what colour says, for print without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Wedge,
    Cross,
}

/// The shapes that tell items apart, in order.
pub const MARKERS: [Marker; 5] =
    [Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Wedge, Marker::Circle];

/// How a line is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    Solid,
    Dashed,
    Dotted,
}

/// The lines that tell the modalities of one data set apart, in order, with their names.
pub const DASHES: [(Dash, &str); 3] =
    [(Dash::Solid, "solid"), (Dash::Dashed, "dashed"), (Dash::Dotted, "dotted")];

/// How a strategy looks, the same in every figure of a report.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub colour: RGBColor,
    pub marker: Marker,
}

/// The look of the strategy labelled `strategy`.
pub fn look(data: &FigureData, strategy: &str) -> Look {
    let cell = data.cells.iter().find(|cell| cell.strategy == strategy);
    match cell.map(|cell| cell.role) {
        Some(Role::Baseline) => return Look { colour: INK, marker: Marker::Circle },
        Some(Role::Unimodal) => return Look { colour: MUTED, marker: Marker::Circle },
        _ => {}
    }
    // A variant looks as what it varies.
    let strategy = cell.and_then(|cell| cell.variant_of.as_deref()).unwrap_or(strategy);
    let at = data.palette.iter().position(|swatch| swatch.strategy == strategy).unwrap_or(0);
    let methods = distinct(data.palette.iter().map(|swatch| swatch.method.as_str()));
    let method = data.palette.get(at).map(|swatch| swatch.method.as_str());
    // Colour tells methods apart, shape also what differs in parameters alone.
    let colour = methods.iter().position(|known| Some(*known) == method).unwrap_or(0);
    Look { colour: PALETTE[colour % PALETTE.len()], marker: MARKERS[at % MARKERS.len()] }
}
