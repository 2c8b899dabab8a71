//! Layers that the encoders share, made without random draws.
//!
//! Weights are zeros here; `model::init` fills them from keyed streams.

pub mod count;
#[cfg(feature = "tch")]
mod libtorch;
mod portable;

use crate::device::Place;
use burn::module::{Module, Param, RunningState};
use burn::tensor::Tensor;
use burn::tensor::module::{batch_norm, batch_norm_train, conv1d, conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};

/// A linear layer of `[batch, inputs]`.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[inputs, outputs]`.
    pub weight: Param<Tensor<2>>,
    pub bias: Param<Tensor<1>>,
}

impl Linear {
    pub fn new(inputs: usize, outputs: usize, place: &Place) -> Self {
        Self {
            weight: Param::from_tensor(place.zeros([inputs, outputs])),
            bias: Param::from_tensor(place.zeros([outputs])),
        }
    }

    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        linear(x, self.weight.val(), self.bias.val())
    }

    /// The positive part of [`Linear::forward`].
    pub fn forward_relu(&self, x: Tensor<2>) -> Tensor<2> {
        if portable::holds(&x) {
            count_linear(&x, &self.weight.val());
            return portable::linear(x, self.weight.val(), self.bias.val(), true);
        }
        relu(self.forward(x))
    }
}

/// `x weight + bias` of `[batch, inputs]`, `[inputs, outputs]` and `[outputs]`.
pub fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    count_linear(&x, &weight);
    if portable::holds(&x) {
        return portable::linear(x, weight, bias, false);
    }
    burn::tensor::module::linear(x, weight, Some(bias))
}

fn count_linear(x: &Tensor<2>, weight: &Tensor<2>) {
    let ([batch, inputs], [_, outputs]) = (x.dims(), weight.dims());
    count::add(batch * inputs * outputs, x.is_autodiff());
}

/// The positive part.
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "tch")]
    if libtorch::trains(&x) {
        return libtorch::relu(x);
    }
    if portable::holds(&x) {
        return portable::relu(x);
    }
    burn::tensor::activation::relu(x)
}

/// The maxima of windows of `[batch, channels, time]` or `[batch, channels, height, width]`. Window,
/// stride and padding are equal in all directions, and no more than half of a window is padding.
pub fn max_pool<const D: usize>(
    x: Tensor<D>,
    window: usize,
    stride: usize,
    padding: usize,
) -> Tensor<D> {
    if portable::holds(&x) {
        return portable::max_pool(x, window, stride, padding);
    }
    let dims = x.dims();
    let [above, beside] = of_image::<D>(padding, 0);
    let options = MaxPoolOptions {
        kernel_size: of_image::<D>(window, 1),
        stride: of_image::<D>(stride, 1),
        padding: [(above, above), (beside, beside)],
        dilation: [1, 1],
        ceil_mode: false,
    };
    let [height, width] = image(&dims);
    let pooled = max_pool2d(x.reshape([dims[0], dims[1], height, width]), options);
    let [_, _, height, width] = pooled.dims();
    pooled.reshape(with_image(dims, [height, width]))
}

/// Height and width of `[batch, channels, time]` or `[batch, channels, height, width]`: a sequence is
/// an image of one row.
fn image(dims: &[usize]) -> [usize; 2] {
    match *dims {
        [_, _, time] => [1, time],
        [_, _, height, width] => [height, width],
        _ => unreachable!("a sequence or an image"),
    }
}

/// The dimensions with another height and width.
fn with_image<const D: usize>(mut dims: [usize; D], [height, width]: [usize; 2]) -> [usize; D] {
    dims[D - 1] = width;
    if D == 4 {
        dims[2] = height;
    }
    dims
}

/// A setting that is equal in all directions, as one of an image; `across` is what it is across a
/// sequence.
fn of_image<const D: usize>(setting: usize, across: usize) -> [usize; 2] {
    [if D == 3 { across } else { setting }, setting]
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
        let (trained, window) = (x.is_autodiff(), weight.dims()[1..].iter().product::<usize>());
        let convolved = self.by_device(x, weight, by_burn);
        count::add(convolved.shape().num_elements() * window, trained);
        convolved
    }

    fn by_device(
        &self,
        x: Tensor<D>,
        weight: Tensor<D>,
        by_burn: impl FnOnce(Tensor<D>, Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D> {
        #[cfg(feature = "tch")]
        if libtorch::trains(&x) {
            return libtorch::convolution(x, weight, self.stride, self.padding);
        }
        if portable::holds(&x) {
            return portable::convolution(x, weight, self.stride, self.padding);
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
        if portable::holds(&x) {
            return self.by_portable(x, false);
        }
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
            let (output, new) =
                libtorch::batch_norm(x, [weight, bias], self.running(), MOMENTUM, EPSILON);
            self.update(new);
            return output;
        }
        let result = batch_norm_train(x, weight, bias, EPSILON);
        let n = n as f64;
        let unbiased = result.variance.detach().mul_scalar(n / (n - 1.0).max(1.0));
        let batch = [result.mean.detach(), unbiased];
        let moved = self.running().into_iter().zip(batch).map(|(old, batch)| {
            old.mul_scalar(1.0 - MOMENTUM).add(batch.mul_scalar(MOMENTUM)).detach()
        });
        self.update(moved);
        result.output
    }

    /// The positive part of [`BatchNorm::forward`].
    pub fn forward_relu<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if portable::holds(&x) {
            return self.by_portable(x, true);
        }
        relu(self.forward(x))
    }

    fn by_portable<const D: usize>(&self, x: Tensor<D>, positive: bool) -> Tensor<D> {
        let parameters = [self.weight.val(), self.bias.val()];
        if !x.is_autodiff() {
            let running = [&self.running_mean, &self.running_var].map(RunningState::value);
            return portable::batch_norm_valid(x, parameters, running, EPSILON, positive);
        }
        let (output, new) =
            portable::batch_norm(x, parameters, self.running(), MOMENTUM, EPSILON, positive);
        self.update(new);
        output
    }

    fn running(&self) -> [Tensor<1>; 2] {
        [&self.running_mean, &self.running_var].map(RunningState::value_sync)
    }

    fn update(&self, new: impl IntoIterator<Item = Tensor<1>>) {
        let running = [&self.running_mean, &self.running_var];
        running.into_iter().zip(new).for_each(|(running, new)| running.update(new));
    }
}
