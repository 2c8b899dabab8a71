//! Linear layers, with or without the positive part after them.

use crate::device::portable::{
    Values, contiguous, dims, lift, lift_plain, plain, slice, tensor, tracked, with_type_of,
};
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::tensor::Tensor;
use portable_kernels::{Linear, where_positive};

/// `x weight + bias` of `[rows, inputs]`, `[inputs, outputs]` and `[outputs]`.
pub(in crate::model::layers) fn linear(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    positive: bool,
) -> Tensor<2> {
    let [[rows, inputs], [_, outputs]] = [x.dims(), weight.dims()];
    let shape = Linear { rows, inputs, outputs, positive };
    if !x.is_autodiff() {
        let [x, weight] = [x, weight].map(|x| plain(x).to_contiguous());
        return lift_plain(forward(&shape, &x, &weight, &plain(bias).to_contiguous()));
    }
    let ([x, weight], bias) = ([x, weight].map(tracked), tracked(bias));
    let nodes = [x.node(), weight.node(), bias.node()];
    let step = Line.prepare::<NoCheckpointing>(nodes).compute_bound();
    let [x, weight, bias] = [x, weight, bias].map(|x| x.into_primitive().to_contiguous());
    let output = forward(&shape, &x, &weight, &bias);
    lift(match step.stateful() {
        OpsKind::Tracked(step) => step.finish((x, weight, output.clone(), shape), output),
        OpsKind::UnTracked(step) => step.finish(output),
    })
}

#[derive(Debug)]
struct Line;

impl Backward<Flex, 3> for Line {
    /// Input, weight, output and their shape.
    type State = (Values, Values, Values, Linear);

    fn backward(self, step: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let mut gradient = contiguous(gradients.consume::<Flex>(&step.node));
        let (x, weight, output, shape) = step.state;
        let [of_x, of_weight, of_bias] = step.parents;
        with_type_of!(x, T => {
            if shape.positive {
                let through = where_positive(slice::<T>(&gradient), slice(&output));
                gradient = tensor(through, dims(&output));
            }
            let gradient = slice::<T>(&gradient);
            if let Some(parent) = of_x {
                let found = shape.input_gradient(gradient, slice(&weight));
                gradients.register::<Flex>(parent.id, tensor(found, dims(&x)));
            }
            if of_weight.is_some() || of_bias.is_some() {
                let [weights, bias] = shape.weight_gradient(slice(&x), gradient);
                if let Some(parent) = of_weight {
                    gradients.register::<Flex>(parent.id, tensor(weights, dims(&weight)));
                }
                if let Some(parent) = of_bias {
                    gradients.register::<Flex>(parent.id, tensor(bias, vec![shape.outputs]));
                }
            }
        });
    }
}

fn forward(shape: &Linear, x: &Values, weight: &Values, bias: &Values) -> Values {
    let dims = vec![shape.rows, shape.outputs];
    with_type_of!(x, T => {
        tensor(shape.forward(slice::<T>(x), slice(weight), slice(bias)), dims)
    })
}
