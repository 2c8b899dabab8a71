//! Layers in training on libtorch's devices, by its own kernels there and back.
//!
//! burn's backend has the gradient of a convolution's weight from a second convolution with its
//! axes exchanged, composes batch normalisation of some forty operations, and sends ReLU's gradient
//! through a mask. The numbers are equal but for rounding.

// burn announces the end of this backend; the version is pinned, so that it stays.
#![expect(deprecated)]

use crate::device::kernels::{self, told};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::libtorch::TchTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{AutodiffBackend, LibTorch};
use burn::tensor::Tensor;

type Autodiff = burn::backend::Autodiff<LibTorch>;

/// Whether a tensor is on one of libtorch's devices, and tracked.
pub(super) fn trains<const D: usize>(x: &Tensor<D>) -> bool {
    let device = x.device();
    device.is_autodiff() && kernels::holds(&device.without_autodiff())
}

/// A convolution without bias of `[batch, channels, ...]`, with equal stride and padding in all
/// directions.
pub(super) fn convolution<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<D>,
    stride: usize,
    padding: usize,
) -> Tensor<D> {
    let [x, weight] = [x, weight].map(lower);
    let geometry = [stride, padding];
    let step = Convolution.prepare::<NoCheckpointing>([x.node(), weight.node()]).compute_bound();
    let [x, weight] = [x, weight].map(|tensor| tensor.into_primitive());
    let output = portable_torch::convolution(&x.tensor, &weight.tensor, geometry);
    let output = TchTensor::new(told(output));
    lift(match step.stateful() {
        OpsKind::Tracked(step) => step.finish((x, weight, geometry), output),
        OpsKind::UnTracked(step) => step.finish(output),
    })
}

#[derive(Debug)]
struct Convolution;

impl Backward<LibTorch, 2> for Convolution {
    /// Input, weight, stride and padding.
    type State = (TchTensor, TchTensor, [usize; 2]);

    fn backward(self, step: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<LibTorch>(&step.node);
        let (x, weight, geometry) = step.state;
        let [of_x, of_weight] = step.parents;
        let (gradient, x, weight) = (&gradient.tensor, &x.tensor, &weight.tensor);
        let wanted = [of_x.is_some(), of_weight.is_some()];
        let found = portable_torch::convolution_backward(gradient, x, weight, geometry, wanted);
        for (parent, gradient) in [of_x, of_weight].into_iter().zip(told(found)) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<LibTorch>(parent.id, TchTensor::new(gradient));
            }
        }
    }
}

/// Normalises `[batch, channels, ...]` by the batch's own statistics. Gives the output, and the
/// running mean and unbiased variance, moved towards the batch's by `momentum`.
pub(super) fn batch_norm<const D: usize>(
    x: Tensor<D>,
    parameters: [Tensor<1>; 2],
    running: [Tensor<1>; 2],
    momentum: f64,
    epsilon: f64,
) -> (Tensor<D>, [Tensor<1>; 2]) {
    let x = lower(x);
    let [weight, bias] = parameters.map(lower);
    let nodes = [x.node(), weight.node(), bias.node()];
    let step = Normalisation.prepare::<NoCheckpointing>(nodes).compute_bound();
    let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.into_primitive());
    let [mut mean, mut var] = running.map(|tensor| lower(tensor).into_primitive().tensor.copy());
    let result = portable_torch::batch_norm(
        &x.tensor,
        [&weight.tensor, &bias.tensor],
        [&mut mean, &mut var],
        momentum,
        epsilon,
    );
    let result = told(result);
    let output = TchTensor::new(result.output);
    let statistics = [result.mean, result.inverse_deviation].map(TchTensor::new);
    let output = match step.stateful() {
        OpsKind::Tracked(step) => step.finish((x, weight, statistics, epsilon), output),
        OpsKind::UnTracked(step) => step.finish(output),
    };
    let running = [mean, var].map(|x| lift(Autodiff::from_inner(TchTensor::new(x))));
    (lift(output), running)
}

#[derive(Debug)]
struct Normalisation;

impl Backward<LibTorch, 3> for Normalisation {
    /// Input, weight, the batch's mean and inverse standard deviation, epsilon.
    type State = (TchTensor, TchTensor, [TchTensor; 2], f64);

    fn backward(self, step: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<LibTorch>(&step.node);
        let (x, weight, [mean, inverse_deviation], epsilon) = step.state;
        let statistics = [&mean.tensor, &inverse_deviation.tensor];
        let (gradient, x, weight) = (&gradient.tensor, &x.tensor, &weight.tensor);
        let found = portable_torch::batch_norm_backward(gradient, x, weight, statistics, epsilon);
        for (parent, gradient) in step.parents.into_iter().zip(told(found)) {
            if let Some(parent) = parent {
                gradients.register::<LibTorch>(parent.id, TchTensor::new(gradient));
            }
        }
    }
}

/// The positive part.
pub(super) fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let x = lower(x);
    let step = Relu.prepare::<NoCheckpointing>([x.node()]).compute_bound();
    let x = x.into_primitive();
    let output = TchTensor::new(told(x.tensor.f_relu()));
    lift(match step.stateful() {
        OpsKind::Tracked(step) => step.finish(output.clone(), output),
        OpsKind::UnTracked(step) => step.finish(output),
    })
}

#[derive(Debug)]
struct Relu;

impl Backward<LibTorch, 1> for Relu {
    type State = TchTensor;

    fn backward(self, step: Ops<TchTensor, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<LibTorch>(&step.node);
        let found = step.state.tensor.f_threshold_backward(&gradient.tensor, 0.0);
        if let [Some(parent)] = step.parents {
            gradients.register::<LibTorch>(parent.id, TchTensor::new(told(found)));
        }
    }
}

fn lower<const D: usize>(tensor: Tensor<D>) -> FloatTensor<Autodiff> {
    tensor.try_into_primitive::<Autodiff>().expect("the caller has asked `trains`")
}

fn lift<const D: usize>(tensor: FloatTensor<Autodiff>) -> Tensor<D> {
    Tensor::from_primitive::<Autodiff>(tensor)
}
