//! ResNet-18 without its classifier, as the published code trains it from scratch.
//!
//! Source: OGM-GE_CVPR2022 `models/backbone.py` and `models/basic_model.py` (343dc1d): a 7x7
//! stride-2 stem, four stages of two basic blocks, then the mean over space, and over the frames
//! of a clip, which are folded into the batch before.

use super::{Build, Encoder, Stages};
use crate::data::Shape;
use crate::device::Place;
use crate::model::hidden::Hidden;
use crate::model::layers::{BatchNorm, Conv, max_pool, relu};
use crate::registry::Entry;
use crate::suite::catalog::Sizes;
use burn::module::Module;
use burn::tensor::Tensor;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "resnet18",
    summary: "ResNet-18 from scratch without a head, on images, spectrograms and clips",
    params: &[],
    revision: 2,
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
};

#[derive(Module, Debug)]
pub struct ResNet18 {
    conv1: Conv<4>,
    bn1: BatchNorm,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
    frames: usize,
    channels: usize,
    height: usize,
    width: usize,
}

#[derive(Module, Debug)]
struct BasicBlock {
    conv1: Conv<4>,
    bn1: BatchNorm,
    conv2: Conv<4>,
    bn2: BatchNorm,
    /// The projection of a block whose stride or width changes.
    downsample: Option<(Conv<4>, BatchNorm)>,
}

impl BasicBlock {
    fn new(inputs: usize, outputs: usize, stride: usize, place: &Place) -> Self {
        let projects = stride != 1 || inputs != outputs;
        Self {
            conv1: Conv::new([inputs, outputs], 3, stride, 1, place),
            bn1: BatchNorm::new(outputs, place),
            conv2: Conv::new([outputs, outputs], 3, 1, 1, place),
            bn2: BatchNorm::new(outputs, place),
            downsample: projects.then(|| {
                (Conv::new([inputs, outputs], 1, stride, 0, place), BatchNorm::new(outputs, place))
            }),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.bn1.forward_relu(self.conv1.forward(x.clone()));
        let y = self.bn2.forward(self.conv2.forward(y));
        let shortcut = match &self.downsample {
            Some((conv, bn)) => bn.forward(conv.forward(x)),
            None => x,
        };
        relu(y + shortcut)
    }
}

impl ResNet18 {
    /// The length of the feature vector.
    pub const FEATURES: usize = 512;
    /// The channels that each of the stages gives; the first is the stem and `layer1`.
    pub const STAGES: [usize; 4] = [64, 128, 256, 512];

    /// `shape` must be an image or a clip.
    pub fn new(shape: Shape, place: &Place) -> Self {
        let (frames, channels, height, width) = match shape {
            Shape::Image { channels, height, width } => (1, channels, height, width),
            Shape::Clip { channels, frames, height, width } => (frames, channels, height, width),
            _ => unreachable!("the table accepts images and clips only"),
        };
        let stage = |inputs, outputs, stride| {
            vec![
                BasicBlock::new(inputs, outputs, stride, place),
                BasicBlock::new(outputs, outputs, 1, place),
            ]
        };
        Self {
            conv1: Conv::new([channels, 64], 7, 2, 3, place),
            bn1: BatchNorm::new(64, place),
            layer1: stage(64, 64, 1),
            layer2: stage(64, 128, 2),
            layer3: stage(128, 256, 2),
            layer4: stage(256, 512, 2),
            frames,
            channels,
            height,
            width,
        }
    }
}

/// Images `[C, H, W]` or clips `[C, T, H, W]`, flattened.
impl Stages for ResNet18 {
    fn count(&self) -> usize {
        Self::STAGES.len()
    }

    fn enter(&self, x: Tensor<2>) -> Hidden {
        let [batch, _] = x.dims();
        let maps = x
            .reshape([batch, self.channels, self.frames, self.height, self.width])
            .swap_dims(1, 2)
            .reshape([batch * self.frames, self.channels, self.height, self.width]);
        Hidden::Map { maps, frames: self.frames }
    }

    fn stage(&self, index: usize, x: Hidden) -> Hidden {
        let Hidden::Map { mut maps, frames } = x else { unreachable!("its stages are maps") };
        if index == 0 {
            maps = max_pool(self.bn1.forward_relu(self.conv1.forward(maps)), 3, 2, 1);
        }
        let blocks = [&self.layer1, &self.layer2, &self.layer3, &self.layer4][index];
        let maps = blocks.iter().fold(maps, |maps, block| block.forward(maps));
        Hidden::Map { maps, frames }
    }

    // Means, because the backward pass of adaptive pooling has no deterministic CUDA kernel.
    fn leave(&self, x: Hidden) -> Tensor<2> {
        x.squeeze()
    }
}
