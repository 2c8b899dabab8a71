//! Data sets: modalities, splits, preparation and digests.

use crate::hash::Digest;
use serde::{Deserialize, Serialize};

/// The shape of one example of one modality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A feature vector.
    Vector { size: usize },
    /// An image or spectrogram, stored channel first, then rows, then columns.
    Image { channels: usize, height: usize, width: usize },
    /// A few frames of a video, stored channel first, then time, rows, columns.
    Clip { channels: usize, frames: usize, height: usize, width: usize },
    /// A sequence, stored channel first, then time.
    Sequence { channels: usize, length: usize },
}

impl Shape {
    /// The number of values of one example.
    pub fn size(self) -> usize {
        match self {
            Shape::Vector { size } => size,
            Shape::Image { channels, height, width } => channels * height * width,
            Shape::Clip { channels, frames, height, width } => channels * frames * height * width,
            Shape::Sequence { channels, length } => channels * length,
        }
    }
}

/// A modality of a data set. The order of a data set's modalities is significant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modality {
    pub name: String,
    pub shape: Shape,
}

/// Examples with all their modalities, in a fixed order.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// One row-major array per modality: `len() * shape.size()` values.
    pub features: Vec<Vec<f32>>,
    /// The class of every example.
    pub labels: Vec<u32>,
}

impl Split {
    /// The number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// A loaded data set: standardised, split, checked.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub modalities: Vec<Modality>,
    /// The class names, in label order.
    pub classes: Vec<String>,
    pub train: Split,
    pub validation: Split,
    pub test: Split,
    /// Further test splits that are reported beside the main one, such as `test-matched-colour`.
    pub further: Vec<(String, Split)>,
    /// The digest of every array and label above, in order.
    pub content: Digest,
}
