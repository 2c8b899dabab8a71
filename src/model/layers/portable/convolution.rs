//! Convolutions.

use crate::device::portable::{
    Values, dims, lift, lift_plain, plain, slice, tensor, tracked, with_type_of,
};
use crate::model::layers::{image, of_image, with_image};
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::tensor::Tensor;
use portable_kernels::Convolution;

/// A convolution without bias of `[batch, channels, time]` or `[batch, channels, height, width]`,
/// with equal stride and padding in all directions.
pub(in crate::model::layers) fn convolution<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<D>,
    stride: usize,
    padding: usize,
) -> Tensor<D> {
    let mut dims = x.dims();
    let shape = Convolution {
        batch: dims[0],
        inputs: dims[1],
        outputs: weight.dims()[0],
        size: image(&dims),
        kernel: image(&weight.dims()),
        stride: of_image::<D>(stride, 1),
        padding: of_image::<D>(padding, 0),
    };
    dims[1] = shape.outputs;
    let dims = with_image(dims, shape.output_size()).to_vec();
    if !x.is_autodiff() {
        let [x, weight] = [x, weight].map(|x| plain(x).to_contiguous());
        return lift_plain(forward(&shape, dims, &x, &weight));
    }
    let [x, weight] = [x, weight].map(tracked);
    let step = Convolve.prepare::<NoCheckpointing>([x.node(), weight.node()]).compute_bound();
    let [x, weight] = [x, weight].map(|x| x.into_primitive().to_contiguous());
    let output = forward(&shape, dims, &x, &weight);
    lift(match step.stateful() {
        OpsKind::Tracked(step) => step.finish((x, weight, shape), output),
        OpsKind::UnTracked(step) => step.finish(output),
    })
}

#[derive(Debug)]
struct Convolve;

impl Backward<Flex, 2> for Convolve {
    /// Input, weight and their shape.
    type State = (Values, Values, Convolution);

    fn backward(self, step: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&step.node).to_contiguous();
        let (x, weight, shape) = step.state;
        let [of_x, of_weight] = step.parents;
        if let Some(parent) = of_x {
            let found = with_type_of!(x, T => {
                tensor(shape.input_gradient(slice::<T>(&gradient), slice(&weight)), dims(&x))
            });
            gradients.register::<Flex>(parent.id, found);
        }
        if let Some(parent) = of_weight {
            let found = with_type_of!(x, T => {
                tensor(shape.weight_gradient(slice::<T>(&x), slice(&gradient)), dims(&weight))
            });
            gradients.register::<Flex>(parent.id, found);
        }
    }
}

fn forward(shape: &Convolution, dims: Vec<usize>, x: &Values, weight: &Values) -> Values {
    with_type_of!(x, T => tensor(shape.forward(slice::<T>(x), slice(weight)), dims))
}
