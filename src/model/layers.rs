//! Layers that the encoders share: constructors without random draws, and batch normalisation.
//!
//! Weights are zeros here; `model::init` fills them from keyed streams.

use burn::module::{Module, Param, RunningState};
use burn::nn::conv::{Conv1d, Conv1dConfig, Conv2d, Conv2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig, PaddingConfig1d, PaddingConfig2d};
use burn::tensor::{DType, Device, Tensor};

/// Where a module is made, and in which float type.
#[derive(Clone, Debug)]
pub struct Place {
    pub device: Device,
    pub dtype: DType,
}

impl Place {
    pub fn zeros<const D: usize>(&self, shape: [usize; D]) -> Tensor<D> {
        Tensor::zeros(shape, (&self.device, self.dtype))
    }

    pub fn ones<const D: usize>(&self, shape: [usize; D]) -> Tensor<D> {
        Tensor::ones(shape, (&self.device, self.dtype))
    }
}

pub fn linear(inputs: usize, outputs: usize, place: &Place) -> Linear {
    let mut layer =
        LinearConfig::new(inputs, outputs).with_initializer(Initializer::Zeros).init(&place.device);
    layer.weight = Param::from_tensor(place.zeros([inputs, outputs]));
    layer.bias = Some(Param::from_tensor(place.zeros([outputs])));
    layer
}

/// A square convolution without bias: batch normalisation follows it.
pub fn conv2d(
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    padding: usize,
    place: &Place,
) -> Conv2d {
    let mut layer = Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .with_bias(false)
        .with_initializer(Initializer::Zeros)
        .init(&place.device);
    layer.weight = Param::from_tensor(place.zeros([channels[1], channels[0], kernel, kernel]));
    layer
}

/// A convolution over time without bias, keeping the length for an odd kernel.
pub fn conv1d(channels: [usize; 2], kernel: usize, place: &Place) -> Conv1d {
    let mut layer = Conv1dConfig::new(channels[0], channels[1], kernel)
        .with_padding(PaddingConfig1d::Explicit(kernel / 2, kernel / 2))
        .with_bias(false)
        .with_initializer(Initializer::Zeros)
        .init(&place.device);
    layer.weight = Param::from_tensor(place.zeros([channels[1], channels[0], kernel]));
    layer
}

/// Batch normalisation as PyTorch defines it: normalises by the biased variance of the batch and
/// keeps a running *unbiased* variance, both with momentum 0.1 and epsilon 1e-5. burn's own layer
/// keeps the biased one.
#[derive(Module, Debug)]
pub struct BatchNorm {
    pub weight: Param<Tensor<1>>,
    pub bias: Param<Tensor<1>>,
    pub running_mean: RunningState<Tensor<1>>,
    pub running_var: RunningState<Tensor<1>>,
}

const MOMENTUM: f64 = 0.1;
const EPSILON: f64 = 1e-5;

impl BatchNorm {
    pub fn new(channels: usize, place: &Place) -> Self {
        Self {
            weight: Param::from_tensor(place.ones([channels])),
            bias: Param::from_tensor(place.zeros([channels])),
            running_mean: RunningState::new(place.zeros([channels])),
            running_var: RunningState::new(place.ones([channels])),
        }
    }

    /// Normalises `[batch, channels, ...]` over everything but the channels: by the batch's own
    /// statistics on an autodiff device, by the running ones otherwise.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if !x.is_autodiff() {
            return burn::tensor::module::batch_norm(
                x,
                self.weight.val(),
                self.bias.val(),
                self.running_mean.value(),
                self.running_var.value(),
                EPSILON,
            );
        }
        let shape = x.dims();
        let n = (shape.iter().product::<usize>() / shape[1]) as f64;
        let result =
            burn::tensor::module::batch_norm_train(x, self.weight.val(), self.bias.val(), EPSILON);
        let unbiased = result.variance.detach().mul_scalar(n / (n - 1.0).max(1.0));
        update(&self.running_mean, result.mean.detach());
        update(&self.running_var, unbiased);
        result.output
    }
}

fn update(running: &RunningState<Tensor<1>>, batch: Tensor<1>) {
    let old = running.value_sync();
    running.update(old.mul_scalar(1.0 - MOMENTUM).add(batch.mul_scalar(MOMENTUM)).detach());
}
