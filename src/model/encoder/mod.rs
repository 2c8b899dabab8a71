//! The encoders and their table.

mod cnn;
mod mlp;
pub mod resnet18;
mod temporal;

use super::encoder::cnn::Cnn;
use super::encoder::mlp::Mlp;
use super::encoder::resnet18::ResNet18;
use super::encoder::temporal::Temporal;
use super::hidden::Hidden;
use crate::data::Shape;
use crate::device::Place;
use crate::error::{Error, Result};
use crate::registry::{Domain, Entry, Fallback, Param, Params, Part, find_part};
use crate::suite::catalog::Sizes;
use burn::module::Module;
use burn::tensor::Tensor;

/// How an encoder is made and what it takes.
pub struct Build {
    /// What is wrong with a shape, if anything.
    pub accepts: fn(Shape) -> std::result::Result<(), String>,
    /// The lengths of the feature vector and of what its stages give.
    pub sizes: fn(&Params) -> Sizes,
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
            sizes: |params| Sizes {
                features: params.count("features"),
                stages: vec![params.count("hidden"); params.count("depth")],
            },
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
            sizes: two_blocks,
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
            sizes: two_blocks,
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
            sizes: |_| Sizes { features: ResNet18::FEATURES, stages: ResNet18::STAGES.to_vec() },
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

/// The sizes of an encoder.
///
/// # Errors
/// When there is no such encoder.
pub fn sizes(part: &Part) -> Result<Sizes> {
    Ok((find_part("encoder", ENCODERS, part)?.build.sizes)(&part.params))
}

/// Those of two blocks of convolution, the second with twice the channels.
fn two_blocks(params: &Params) -> Sizes {
    let first = params.count("channels");
    Sizes { features: params.count("features"), stages: vec![first, 2 * first] }
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

    /// The encoder as what it does.
    pub fn stages(&self) -> &dyn Stages {
        match self {
            Encoder::Mlp(encoder) => encoder,
            Encoder::Cnn(encoder) => encoder,
            Encoder::Temporal(encoder) => encoder,
            Encoder::ResNet18(encoder) => encoder,
        }
    }
}

/// The way through an encoder: in, stage by stage, out. A fusion may act between the stages.
pub trait Stages {
    /// The number of stages.
    fn count(&self) -> usize;

    /// Flattened inputs `[batch, value]` in the shape that the first stage reads.
    fn enter(&self, x: Tensor<2>) -> Hidden;

    /// The stage with this index.
    fn stage(&self, index: usize, x: Hidden) -> Hidden;

    /// Features `[batch, feature]` of what the last stage gives.
    fn leave(&self, x: Hidden) -> Tensor<2>;

    /// The whole way: features `[batch, feature]` of flattened inputs `[batch, value]`.
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = (0..self.count()).fold(self.enter(x), |x, index| self.stage(index, x));
        self.leave(x)
    }
}
