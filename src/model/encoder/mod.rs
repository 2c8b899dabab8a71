//! The encoders and their table.

mod cnn;
mod mlp;
pub mod resnet18;
mod temporal;

use super::encoder::cnn::Cnn;
use super::encoder::mlp::Mlp;
use super::encoder::resnet18::ResNet18;
use super::encoder::temporal::Temporal;
use crate::data::Shape;
use crate::device::Place;
use crate::error::{Error, Result};
use crate::registry::{Domain, Entry, Fallback, Param, Params, Part, find_part};
use burn::module::Module;
use burn::tensor::Tensor;

/// How an encoder is made and what it takes.
pub struct Build {
    /// What is wrong with a shape, if anything.
    pub accepts: fn(Shape) -> std::result::Result<(), String>,
    /// The length of the feature vector.
    pub feature_size: fn(&Params) -> usize,
    /// The seconds that training on one example takes on one core, to a factor of two, from the
    /// multiply-adds and the rates that `cargo bench` shows.
    pub seconds: fn(&Params, Shape) -> f64,
    build: fn(&Params, Shape, &Place) -> Encoder,
}

const FEATURES: Param = Param {
    name: "features",
    summary: "length of the feature vector",
    domain: Domain::Int { min: 1, max: 4096 },
    default: Fallback::Int(64),
};

const CHANNELS: Param = Param {
    name: "channels",
    summary: "channels of the first convolution; the second has twice as many",
    domain: Domain::Int { min: 1, max: 512 },
    default: Fallback::Int(16),
};

/// Every encoder, in the order shown to users.
pub const ENCODERS: &[Entry<Build>] = &[
    Entry {
        name: "mlp",
        summary: "fully connected layers with ReLU, on the flattened input",
        params: &[
            Param {
                name: "hidden",
                summary: "width of the hidden layers",
                domain: Domain::Int { min: 1, max: 4096 },
                default: Fallback::Int(64),
            },
            Param {
                name: "depth",
                summary: "number of hidden layers",
                domain: Domain::Int { min: 0, max: 8 },
                default: Fallback::Int(1),
            },
            FEATURES,
        ],
        revision: 1,
        build: Build {
            accepts: |_| Ok(()),
            feature_size: |params| params.count("features"),
            seconds: |params, shape| {
                let hidden = params.count("hidden");
                let inner = hidden * params.count("depth").saturating_sub(1);
                1.5e-10 * (hidden * (shape.size() + inner + params.count("features"))) as f64
            },
            build: |params, shape, place| Encoder::Mlp(Mlp::new(params, shape, place)),
        },
    },
    Entry {
        name: "cnn",
        summary: "two 3x3 convolutions with batch normalisation and pooling, on images",
        params: &[CHANNELS, FEATURES],
        revision: 1,
        build: Build {
            accepts: |shape| match shape {
                Shape::Image { height, width, .. } if height >= 4 && width >= 4 => Ok(()),
                Shape::Image { .. } => Err("an image of at least 4x4 is needed".into()),
                _ => Err("it reads images only".into()),
            },
            feature_size: |params| params.count("features"),
            seconds: |params, shape| {
                let first = params.count("channels");
                convolutions(shape, 9, first) + 1.5e-10 * (first * shape.size() * 8) as f64
            },
            build: |params, shape, place| Encoder::Cnn(Cnn::new(params, shape, place)),
        },
    },
    Entry {
        name: "temporal",
        summary: "two 1-D convolutions with batch normalisation and pooling, on sequences",
        params: &[CHANNELS, FEATURES],
        revision: 1,
        build: Build {
            accepts: |shape| match shape {
                Shape::Sequence { length, .. } if length >= 4 => Ok(()),
                Shape::Sequence { .. } => Err("a sequence of at least 4 steps is needed".into()),
                _ => Err("it reads sequences only".into()),
            },
            feature_size: |params| params.count("features"),
            seconds: |params, shape| convolutions(shape, 5, params.count("channels")),
            build: |params, shape, place| Encoder::Temporal(Temporal::new(params, shape, place)),
        },
    },
    Entry {
        name: "resnet18",
        summary: "ResNet-18 from scratch without a head, on images, spectrograms and clips",
        params: &[],
        revision: 1,
        build: Build {
            accepts: |shape| match shape {
                Shape::Image { .. } | Shape::Clip { .. } => Ok(()),
                _ => Err("it reads images, spectrograms and clips only".into()),
            },
            feature_size: |_| ResNet18::FEATURES,
            // 60 ms an example of 3x64x64, in proportion to the pixels.
            seconds: |_, shape| 5e-6 * shape.size() as f64,
            build: |_, shape, place| Encoder::ResNet18(ResNet18::new(shape, place)),
        },
    },
];

/// Two convolutions, the second after pooling, at the rate of small ones.
fn convolutions(shape: Shape, kernel: usize, first: usize) -> f64 {
    let (channels, positions) = match shape {
        Shape::Image { channels, height, width } => (channels, height * width),
        Shape::Sequence { channels, length } => (channels, length),
        Shape::Clip { .. } | Shape::Vector { .. } => (0, 0),
    };
    8e-10 * (kernel * positions * first * (channels + first)) as f64
}

/// The encoder used where a suite names none.
pub fn default_for(shape: Shape) -> &'static str {
    match shape {
        Shape::Vector { .. } => "mlp",
        Shape::Image { .. } => "cnn",
        Shape::Sequence { .. } => "temporal",
        Shape::Clip { .. } => "resnet18",
    }
}

/// The length of an encoder's feature vector.
///
/// # Errors
/// When there is no such encoder.
pub fn feature_size(part: &Part) -> Result<usize> {
    Ok((find_part("encoder", ENCODERS, part)?.build.feature_size)(&part.params))
}

/// An encoder of one modality. An enum, because a burn module cannot be a trait object.
#[derive(Module, Debug)]
pub enum Encoder {
    Mlp(Mlp),
    Cnn(Cnn),
    Temporal(Temporal),
    ResNet18(ResNet18),
}

impl Encoder {
    /// # Errors
    /// When there is no such encoder or it cannot read the shape.
    pub fn build(part: &Part, shape: Shape, place: &Place) -> Result<Self> {
        let entry = find_part("encoder", ENCODERS, part)?;
        (entry.build.accepts)(shape)
            .map_err(|why| Error::input(format!("encoder `{}`: {why}", part.name)))?;
        Ok((entry.build.build)(&part.params, shape, place))
    }

    /// Features `[batch, feature]` of flattened inputs `[batch, value]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Encoder::Mlp(encoder) => encoder.forward(x),
            Encoder::Cnn(encoder) => encoder.forward(x),
            Encoder::Temporal(encoder) => encoder.forward(x),
            Encoder::ResNet18(encoder) => encoder.forward(x),
        }
    }
}
