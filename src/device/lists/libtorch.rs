//! Arithmetic on lists of tensors, in few kernels for all of them.

// burn announces the end of this backend; the version is pinned, so that it stays.
#![expect(deprecated)]

use super::{List, Op};
use crate::device::kernels::{self, told};
use burn::backend::LibTorch;
use burn::backend::libtorch::TchTensor;
use burn::tensor::Tensor;
use portable_torch as torch;

/// Whether the tensors are on one of libtorch's devices. There are none of an empty list.
pub(super) fn holds(list: &List) -> bool {
    list.0.first().is_some_and(|tensor| kernels::holds(&tensor.device()))
}

/// What `op` makes of a list, and of a second one where it takes two.
pub(super) fn apply(op: Op, a: List, b: Option<&List>) -> List {
    let a = lower(a);
    let b = b.cloned().map(lower).unwrap_or_default();
    let [a, b] = [&a, &b].map(|list| list.iter().map(|x| &x.tensor).collect::<Vec<_>>());
    lift(match op {
        Op::Add => torch::foreach_add(&a, &b, 1.0),
        Op::AddScaled(factor) => torch::foreach_add(&a, &b, factor),
        Op::Multiply => torch::foreach_mul(&a, &b),
        Op::Divide => torch::foreach_div(&a, &b),
        Op::Scale(factor) => torch::foreach_mul_scalar(&a, factor),
        Op::AddScalar(term) => torch::foreach_add_scalar(&a, term),
        Op::Sqrt => torch::foreach_sqrt(&a),
    })
}

/// The Euclidean norm of each tensor, as one tensor.
pub(super) fn norms(list: List) -> Tensor<1> {
    let list = lower(list);
    let norms = torch::foreach_norm(&list.iter().map(|x| &x.tensor).collect::<Vec<_>>());
    Tensor::from_primitive::<LibTorch>(TchTensor::new(told(norms)))
}

/// The unbiased standard deviation of each tensor.
pub(super) fn deviations(list: List) -> Tensor<1> {
    let deviation = |a: Tensor<1>| match a.dims() {
        [1] => a.zeros_like(),
        _ => a.var(0).sqrt(),
    };
    Tensor::cat(list.0.into_iter().map(deviation).collect(), 0)
}

fn lower(list: List) -> Vec<TchTensor> {
    let lower = |tensor: Tensor<1>| tensor.try_into_primitive::<LibTorch>();
    list.0.into_iter().map(|tensor| lower(tensor).expect("the caller has asked `holds`")).collect()
}

fn lift(made: Result<Vec<torch::Tensor>, String>) -> List {
    let lift = |tensor| Tensor::from_primitive::<LibTorch>(TchTensor::new(tensor));
    List(told(made).into_iter().map(lift).collect())
}
