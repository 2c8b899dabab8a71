//! Figures: pure functions from finished numbers to SVG, and from SVG to what is published.
//!
//! A figure is one file and one line in [`FIGURES`]; the order is the order in a report.

pub mod accuracy;
pub mod axis;
pub mod canvas;
pub mod convert;
pub mod cost;
pub mod data;
pub mod effects;
pub mod forest;
pub mod imbalance;
pub mod legend;
pub mod modality;
pub mod panel;
pub mod probes;
pub mod rho;
pub mod scatter;
pub mod sensitivity;
pub mod strips;
pub mod style;
pub mod variants;

use crate::error::Result;
use data::FigureData;
use style::Width;

/// A kind of figure.
pub struct Figure {
    /// The stem of its files.
    pub name: &'static str,
    pub title: &'static str,
    pub caption: &'static str,
    /// What is lacking where it is left out: completes "there is ...".
    pub needs: &'static str,
    /// Whether a column that is taller than a page is split into one per data set; it is left out
    /// otherwise.
    pub by_dataset: bool,
    /// Draws it at a width; nothing where there is nothing to show.
    pub draw: fn(&FigureData, Width) -> Result<Vec<Drawing>>,
}

/// A drawn figure, or one part of it.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// The fusion method it shows, where a figure has one part per fusion method.
    pub part: Option<String>,
    /// SVG with text as text; see [`convert`].
    pub svg: String,
    /// In points.
    pub height: f64,
}

/// The figures of a report, in order.
pub const FIGURES: &[Figure] = &[
    effects::FIGURE,
    accuracy::FIGURE,
    forest::FIGURE,
    probes::FIGURE,
    rho::FIGURE,
    modality::FIGURE,
    imbalance::FIGURE,
    sensitivity::FIGURE,
    cost::FIGURE,
];
