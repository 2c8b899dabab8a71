//! Max pooling.

use crate::device::portable::{
    Values, lift, lift_plain, plain, slice, tensor, tracked, with_type_of,
};
use crate::model::layers::{image, of_image, with_image};
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::tensor::Tensor;
use portable_kernels::Pooling;

/// The maxima of windows of `[batch, channels, time]` or `[batch, channels, height, width]`, which
/// are equal in all directions.
pub(in crate::model::layers) fn max_pool<const D: usize>(
    x: Tensor<D>,
    window: usize,
    stride: usize,
    padding: usize,
) -> Tensor<D> {
    let dims = x.dims();
    let shape = Pooling {
        planes: dims[0] * dims[1],
        size: image(&dims),
        window: of_image::<D>(window, 1),
        stride: of_image::<D>(stride, 1),
        padding: of_image::<D>(padding, 0),
    };
    let pooled = with_image(dims, shape.output_size()).to_vec();
    if !x.is_autodiff() {
        return lift_plain(forward(&shape, pooled, &plain(x).to_contiguous()).0);
    }
    let x = tracked(x);
    let step = Pool.prepare::<NoCheckpointing>([x.node()]).compute_bound();
    let x = x.into_primitive().to_contiguous();
    let (output, chosen) = forward(&shape, pooled, &x);
    lift(match step.stateful() {
        OpsKind::Tracked(step) => step.finish((chosen, dims.to_vec(), shape), output),
        OpsKind::UnTracked(step) => step.finish(output),
    })
}

#[derive(Debug)]
struct Pool;

impl Backward<Flex, 1> for Pool {
    /// Which value of its window each output is, the input's dimensions, and the shape.
    type State = (Vec<u32>, Vec<usize>, Pooling);

    fn backward(self, step: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&step.node).to_contiguous();
        let (chosen, dims, shape) = step.state;
        let [Some(parent)] = step.parents else { return };
        let found = with_type_of!(gradient, T => {
            tensor(shape.backward(slice::<T>(&gradient), &chosen), dims)
        });
        gradients.register::<Flex>(parent.id, found);
    }
}

fn forward(shape: &Pooling, dims: Vec<usize>, x: &Values) -> (Values, Vec<u32>) {
    with_type_of!(x, T => {
        let pooled = shape.forward(slice::<T>(x));
        (tensor(pooled.maxima, dims), pooled.chosen)
    })
}
