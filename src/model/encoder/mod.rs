//! The encoders and their table.

mod cnn;
mod mlp;
pub mod resnet18;
mod temporal;

use super::hidden::Hidden;
use crate::data::Shape;
use crate::device::Place;
use crate::error::{Error, Result};
use crate::registry::{Domain, Entry, Fallback, Param, Params, Part, find_part};
use crate::suite::catalog::Sizes;
use crate::suite::run::Branch;
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
    pub(super) build: fn(&Params, Shape, &Place) -> Encoder,
}

pub(super) const FEATURES: Param = Param {
    name: "features",
    summary: "length of the feature vector",
    domain: Domain::Int { min: 1, max: 4096 },
    default: Fallback::Int(64),
};

pub(super) const CHANNELS: Param = Param {
    name: "channels",
    summary: "channels of the first convolution; the second has twice as many",
    domain: Domain::Int { min: 1, max: 512 },
    default: Fallback::Int(16),
};

/// The table of encoders, and the encoder as an enum over it, because a burn module cannot be a
/// trait object.
macro_rules! encoders {
    ($($variant:ident in $module:ident,)+) => {
        /// Every encoder, in the order shown to users.
        pub const ENCODERS: &[Entry<Build>] = &[$($module::ENTRY),+];

        /// An encoder of one modality.
        #[derive(Module, Debug)]
        pub enum Encoder {
            $($variant($module::$variant),)+
        }

        impl Encoder {
            /// The encoder as what it does.
            pub fn stages(&self) -> &dyn Stages {
                match self {
                    $(Encoder::$variant(encoder) => encoder,)+
                }
            }
        }
    };
}

encoders! {
    Mlp in mlp,
    Cnn in cnn,
    Temporal in temporal,
    ResNet18 in resnet18,
}

/// Two convolutions, the second after pooling, at the rate of small ones.
pub(super) fn convolutions(shape: Shape, kernel: usize, first: usize) -> f64 {
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

/// The sizes of the encoders of all branches.
///
/// # Errors
/// When there is no such encoder.
pub fn sizes(branches: &[Branch]) -> Result<Vec<Sizes>> {
    let of = |branch: &Branch| {
        let Part { params, .. } = &branch.encoder;
        Ok((find_part("encoder", ENCODERS, &branch.encoder)?.build.sizes)(params))
    };
    branches.iter().map(of).collect()
}

/// Those of two blocks of convolution, the second with twice the channels.
pub(super) fn two_blocks(params: &Params) -> Sizes {
    let first = params.count("channels");
    Sizes { features: params.count("features"), stages: vec![first, 2 * first] }
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
