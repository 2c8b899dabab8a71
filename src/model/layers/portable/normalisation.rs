//! Batch normalisation, with or without the positive part after it.

use crate::device::portable::{
    Values, dims, lift, lift_plain, plain, slice, tensor, tracked, with_type_of,
};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, AutodiffBackend, Flex};
use burn::tensor::Tensor;
use portable_kernels::{Float, Normalisation, Statistics};

/// Normalises `[batch, channels, ...]` by the running mean and variance, off the autodiff graph.
pub(in crate::model::layers) fn batch_norm_valid<const D: usize>(
    x: Tensor<D>,
    parameters: [Tensor<1>; 2],
    running: [Tensor<1>; 2],
    epsilon: f64,
    positive: bool,
) -> Tensor<D> {
    let shape = shape(x.dims(), epsilon, positive);
    let x = plain(x).to_contiguous();
    let [weight, bias] = parameters.map(|x| plain(x).to_contiguous());
    let [mean, variance] = running.map(|x| plain(x).to_contiguous());
    let output = with_type_of!(x, T => {
        let statistics = Statistics { mean: slice::<T>(&mean), variance: slice(&variance) };
        let parameters = [slice(&weight), slice(&bias)];
        tensor(shape.forward(slice(&x), parameters, statistics), dims(&x))
    });
    lift_plain(output)
}

/// Normalises `[batch, channels, ...]` by the batch's own statistics. Gives the output, and the
/// running mean and unbiased variance, moved towards the batch's by `momentum`.
pub(in crate::model::layers) fn batch_norm<const D: usize>(
    x: Tensor<D>,
    parameters: [Tensor<1>; 2],
    running: [Tensor<1>; 2],
    momentum: f64,
    epsilon: f64,
    positive: bool,
) -> (Tensor<D>, [Tensor<1>; 2]) {
    let shape = shape(x.dims(), epsilon, positive);
    let x = tracked(x);
    let [weight, bias] = parameters.map(tracked);
    let nodes = [x.node(), weight.node(), bias.node()];
    let step = Normalise.prepare::<NoCheckpointing>(nodes).compute_bound();
    let [x, weight, bias] = [x, weight, bias].map(|x| x.into_primitive().to_contiguous());
    let running = running.map(|x| plain(x.without_autodiff()).to_contiguous());
    let (output, [mean, variance], running) = with_type_of!(x, T => {
        let Statistics { mean: of_mean, variance: of_variance } = shape.statistics(slice::<T>(&x));
        let statistics = Statistics { mean: of_mean.as_slice(), variance: &of_variance };
        let parameters = [slice(&weight), slice(&bias)];
        let output = tensor(shape.forward(slice(&x), parameters, statistics), dims(&x));
        let n = (shape.batch * shape.places) as f64;
        // One value has no unbiased variance.
        let unbiased = n / (n - 1.0).max(1.0);
        let [mean, variance] = &running;
        let channels = vec![shape.channels];
        let moved = |old: &[T], new: &[T], factor: f64| {
            let moved = |(old, new): (&T, &T)| {
                T::of(old.as_f64() * (1.0 - momentum) + factor * new.as_f64() * momentum)
            };
            tensor(old.iter().zip(new).map(moved).collect::<Vec<T>>(), channels.clone())
        };
        let running = [
            moved(slice(mean), &of_mean, 1.0),
            moved(slice(variance), &of_variance, unbiased),
        ];
        (output, [of_mean, of_variance].map(|values| tensor(values, channels.clone())), running)
    });
    let output = match step.stateful() {
        OpsKind::Tracked(step) => step.finish((x, [weight, bias], [mean, variance], shape), output),
        OpsKind::UnTracked(step) => step.finish(output),
    };
    let running = running.map(|x| lift(<Autodiff<Flex>>::from_inner(x)));
    (lift(output), running)
}

#[derive(Debug)]
struct Normalise;

impl Backward<Flex, 3> for Normalise {
    /// Input, parameters, the batch's statistics, and their shape.
    type State = (Values, [Values; 2], [Values; 2], Normalisation);

    fn backward(self, step: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&step.node).to_contiguous();
        let (x, [weight, bias], [mean, variance], shape) = step.state;
        let found = with_type_of!(x, T => {
            let statistics = Statistics { mean: slice::<T>(&mean), variance: slice(&variance) };
            let parameters = [slice(&weight), slice(&bias)];
            let found = shape.backward(slice(&gradient), slice(&x), parameters, statistics);
            let channels = vec![shape.channels];
            [
                tensor(found.input, dims(&x)),
                tensor(found.weight, channels.clone()),
                tensor(found.bias, channels),
            ]
        });
        for (parent, found) in step.parents.into_iter().zip(found) {
            if let Some(parent) = parent {
                gradients.register::<Flex>(parent.id, found);
            }
        }
    }
}

fn shape<const D: usize>(dims: [usize; D], epsilon: f64, positive: bool) -> Normalisation {
    let places = dims[2..].iter().product();
    Normalisation { batch: dims[0], channels: dims[1], places, epsilon, positive }
}
