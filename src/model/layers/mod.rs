//! Layers that the encoders share, made without random draws.
//!
//! Weights are zeros here; `model::init` fills them from keyed streams.

#[cfg(feature = "tch")]
mod libtorch;

use crate::device::Place;
use burn::module::{Module, Param, RunningState};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::Tensor;
use burn::tensor::module::{batch_norm, batch_norm_train, conv1d, conv2d};
use burn::tensor::ops::ConvOptions;

pub fn linear(inputs: usize, outputs: usize, place: &Place) -> Linear {
    let mut layer =
        LinearConfig::new(inputs, outputs).with_initializer(Initializer::Zeros).init(&place.device);
    layer.weight = Param::from_tensor(place.zeros([inputs, outputs]));
    layer.bias = Some(Param::from_tensor(place.zeros([outputs])));
    layer
}

/// The positive part.
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "tch")]
    if libtorch::trains(&x) {
        return libtorch::relu(x);
    }
    burn::tensor::activation::relu(x)
}

/// A convolution without bias: batch normalisation follows it. `D` is the rank of its input: 3 for
/// `[batch, channels, time]`, 4 for an image. Kernel, stride and padding are equal in all
/// directions.
#[derive(Module, Debug)]
pub struct Conv<const D: usize> {
    weight: Param<Tensor<D>>,
    stride: usize,
    padding: usize,
}

impl<const D: usize> Conv<D> {
    pub fn new(
        [inputs, outputs]: [usize; 2],
        kernel: usize,
        stride: usize,
        padding: usize,
        place: &Place,
    ) -> Self {
        let mut shape = [kernel; D];
        (shape[0], shape[1]) = (outputs, inputs);
        Self { weight: Param::from_tensor(place.zeros(shape)), stride, padding }
    }

    /// As `by_burn` does with input and weight, or by libtorch's kernels in training there.
    fn convolve(
        &self,
        x: Tensor<D>,
        by_burn: impl FnOnce(Tensor<D>, Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D> {
        let weight = self.weight.val();
        #[cfg(feature = "tch")]
        if libtorch::trains(&x) {
            return libtorch::convolution(x, weight, self.stride, self.padding);
        }
        by_burn(x, weight)
    }
}

impl Conv<3> {
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let options = ConvOptions::new([self.stride], [self.padding], [1], 1);
        self.convolve(x, |x, weight| conv1d(x, weight, None, options))
    }
}

impl Conv<4> {
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let options = ConvOptions::new([self.stride; 2], [self.padding; 2], [1; 2], 1);
        self.convolve(x, |x, weight| conv2d(x, weight, None, options))
    }
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
        let [weight, bias] = [self.weight.val(), self.bias.val()];
        if !x.is_autodiff() {
            let [mean, var] = [&self.running_mean, &self.running_var].map(RunningState::value);
            return batch_norm(x, weight, bias, mean, var, EPSILON);
        }
        let shape = x.dims();
        let n = shape.iter().product::<usize>() / shape[1];
        // Of a single value, libtorch's running variance is no number.
        #[cfg(feature = "tch")]
        if 1 < n && libtorch::trains(&x) {
            let running = [&self.running_mean, &self.running_var];
            let old = running.map(RunningState::value_sync);
            let (output, new) = libtorch::batch_norm(x, [weight, bias], old, MOMENTUM, EPSILON);
            running.into_iter().zip(new).for_each(|(running, new)| running.update(new));
            return output;
        }
        let result = batch_norm_train(x, weight, bias, EPSILON);
        let n = n as f64;
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
