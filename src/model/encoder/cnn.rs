//! A small convolutional network on images.

use super::{Build, CHANNELS, Encoder, FEATURES, Stages, convolutions, two_blocks};
use crate::data::Shape;
use crate::device::Place;
use crate::model::hidden::Hidden;
use crate::model::layers::{BatchNorm, Conv, Linear, max_pool};
use crate::registry::{Entry, Params};
use burn::module::Module;
use burn::tensor::Tensor;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "cnn",
    summary: "two 3x3 convolutions with batch normalisation and pooling, on images",
    params: &[CHANNELS, FEATURES],
    revision: 2,
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
};

/// Two blocks of 3x3 convolution, batch normalisation, ReLU and 2x2 max pooling; then a linear
/// layer with ReLU on all that is left of the image, so that position is kept.
#[derive(Module, Debug)]
pub struct Cnn {
    conv1: Conv<4>,
    bn1: BatchNorm,
    conv2: Conv<4>,
    bn2: BatchNorm,
    fc: Linear,
    channels: usize,
    height: usize,
    width: usize,
}

impl Cnn {
    /// `shape` must be an image of at least 4x4.
    pub fn new(params: &Params, shape: Shape, place: &Place) -> Self {
        let Shape::Image { channels, height, width } = shape else {
            unreachable!("the table accepts images only");
        };
        let first = params.count("channels");
        let left = 2 * first * (height / 4) * (width / 4);
        Self {
            conv1: Conv::new([channels, first], 3, 1, 1, place),
            bn1: BatchNorm::new(first, place),
            conv2: Conv::new([first, 2 * first], 3, 1, 1, place),
            bn2: BatchNorm::new(2 * first, place),
            fc: Linear::new(left, params.count("features"), place),
            channels,
            height,
            width,
        }
    }
}

impl Stages for Cnn {
    fn count(&self) -> usize {
        2
    }

    fn enter(&self, x: Tensor<2>) -> Hidden {
        let shape = [-1, self.channels as i32, self.height as i32, self.width as i32];
        Hidden::Map { maps: x.reshape(shape), frames: 1 }
    }

    fn stage(&self, index: usize, x: Hidden) -> Hidden {
        let Hidden::Map { maps, frames } = x else { unreachable!("its stages are maps") };
        let (conv, bn) =
            if index == 0 { (&self.conv1, &self.bn1) } else { (&self.conv2, &self.bn2) };
        Hidden::Map { maps: max_pool(bn.forward_relu(conv.forward(maps)), 2, 2, 0), frames }
    }

    fn leave(&self, x: Hidden) -> Tensor<2> {
        let Hidden::Map { maps, .. } = x else { unreachable!("its stages are maps") };
        self.fc.forward_relu(maps.flatten(1, 3))
    }
}
