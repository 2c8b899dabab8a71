//! Convolutions.

use crate::device::portable::{
    Values, dims, lift, lift_plain, plain, slice, tensor, tracked, with_type_of,
};
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
    let shape = shape(x.dims(), weight.dims(), stride, padding);
    if !x.is_autodiff() {
        let [x, weight] = [x, weight].map(|x| plain(x).to_contiguous());
        return lift_plain(forward(&shape, D, &x, &weight));
    }
    let [x, weight] = [x, weight].map(tracked);
    let step = Convolve.prepare::<NoCheckpointing>([x.node(), weight.node()]).compute_bound();
    let [x, weight] = [x, weight].map(|x| x.into_primitive().to_contiguous());
    let output = forward(&shape, D, &x, &weight);
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

fn shape<const D: usize>(
    x: [usize; D],
    weight: [usize; D],
    stride: usize,
    padding: usize,
) -> Convolution {
    // A sequence is an image of one row.
    let [size, kernel] = [x, weight].map(|dims| match D {
        3 => [1, dims[2]],
        _ => [dims[2], dims[3]],
    });
    let [stride, padding] = match D {
        3 => [[1, stride], [0, padding]],
        _ => [[stride; 2], [padding; 2]],
    };
    Convolution { batch: x[0], inputs: x[1], outputs: weight[0], size, kernel, stride, padding }
}

fn forward(shape: &Convolution, rank: usize, x: &Values, weight: &Values) -> Values {
    let [height, width] = shape.output_size();
    let dims = match rank {
        3 => vec![shape.batch, shape.outputs, width],
        _ => vec![shape.batch, shape.outputs, height, width],
    };
    with_type_of!(x, T => tensor(shape.forward(slice::<T>(x), slice(weight)), dims))
}
