//! The positive part.

use crate::device::portable::{
    Tracked, Values, dims, lift, lift_plain, plain, slice, tensor, tracked, with_type_of,
};
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::tensor::Tensor;

/// The positive part.
pub(in crate::model::layers) fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !x.is_autodiff() {
        return lift_plain(positive(&plain(x)));
    }
    let x: Tracked = tracked(x);
    let step = Relu.prepare::<NoCheckpointing>([x.node()]).compute_bound();
    let output = positive(&x.into_primitive());
    lift(match step.stateful() {
        OpsKind::Tracked(step) => step.finish(output.clone(), output),
        OpsKind::UnTracked(step) => step.finish(output),
    })
}

#[derive(Debug)]
struct Relu;

impl Backward<Flex, 1> for Relu {
    /// The output.
    type State = Values;

    fn backward(self, step: Ops<Values, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&step.node).to_contiguous();
        let output = &step.state;
        let [Some(parent)] = step.parents else { return };
        let found = with_type_of!(output, T => {
            tensor(portable_kernels::where_positive(slice::<T>(&gradient), slice(output)), dims(output))
        });
        gradients.register::<Flex>(parent.id, found);
    }
}

fn positive(x: &Values) -> Values {
    let x = x.to_contiguous();
    with_type_of!(x, T => tensor(portable_kernels::positive_part(slice::<T>(&x)), dims(&x)))
}
