//! A small temporal convolutional network on sequences.

use super::{Build, CHANNELS, Encoder, FEATURES, Stages, convolutions, two_blocks};
use crate::data::Shape;
use crate::device::Place;
use crate::model::hidden::Hidden;
use crate::model::layers::{BatchNorm, Conv, Linear, max_pool};
use crate::registry::{Entry, Params};
use burn::module::Module;
use burn::tensor::Tensor;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "temporal",
    summary: "two 1-D convolutions with batch normalisation and pooling, on sequences",
    params: &[CHANNELS, FEATURES],
    revision: 2,
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
};

/// Two blocks of convolution over 5 steps, batch normalisation and ReLU, with max pooling by 2
/// between them; then the mean over time and a linear layer with ReLU.
#[derive(Module, Debug)]
pub struct Temporal {
    conv1: Conv<3>,
    bn1: BatchNorm,
    conv2: Conv<3>,
    bn2: BatchNorm,
    fc: Linear,
    channels: usize,
    length: usize,
}

impl Temporal {
    /// `shape` must be a sequence of at least 4 steps.
    pub fn new(params: &Params, shape: Shape, place: &Place) -> Self {
        let Shape::Sequence { channels, length } = shape else {
            unreachable!("the table accepts sequences only");
        };
        let first = params.count("channels");
        Self {
            conv1: Conv::new([channels, first], 5, 1, 2, place),
            bn1: BatchNorm::new(first, place),
            conv2: Conv::new([first, 2 * first], 5, 1, 2, place),
            bn2: BatchNorm::new(2 * first, place),
            fc: Linear::new(2 * first, params.count("features"), place),
            channels,
            length,
        }
    }
}

impl Stages for Temporal {
    fn count(&self) -> usize {
        2
    }

    fn enter(&self, x: Tensor<2>) -> Hidden {
        Hidden::Series(x.reshape([-1, self.channels as i32, self.length as i32]))
    }

    fn stage(&self, index: usize, x: Hidden) -> Hidden {
        let Hidden::Series(x) = x else { unreachable!("its stages are series") };
        Hidden::Series(match index {
            0 => max_pool(self.bn1.forward_relu(self.conv1.forward(x)), 2, 2, 0),
            _ => self.bn2.forward_relu(self.conv2.forward(x)),
        })
    }

    fn leave(&self, x: Hidden) -> Tensor<2> {
        self.fc.forward_relu(x.squeeze())
    }
}
