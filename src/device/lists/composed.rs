//! Arithmetic on lists of tensors by burn's own operations, one tensor after the other.

use super::{List, Op};
use crate::device::sum;
use burn::tensor::Tensor;

/// What `op` makes of a list, and of a second one where it takes two.
pub(super) fn apply(op: Op, a: List, b: Option<&List>) -> List {
    let mut others = b.into_iter().flat_map(|list| &list.0).cloned();
    let mut b = || others.next().expect("a tensor for each of the first list");
    let one = |a: Tensor<1>| match op {
        Op::Add => a + b(),
        Op::AddScaled(factor) => a + b().mul_scalar(factor),
        Op::Multiply => a * b(),
        Op::Divide => a / b(),
        Op::Scale(factor) => a.mul_scalar(factor),
        Op::AddScalar(term) => a.add_scalar(term),
        Op::Sqrt => a.sqrt(),
    };
    List(a.0.into_iter().map(one).collect())
}

/// Each tensor times the one of `factors` that `which` names for it.
pub(super) fn scale_each(a: List, factors: &Tensor<1>, which: &[usize]) -> List {
    let factor = |a: &Tensor<1>, i: usize| factors.clone().slice(i..i + 1).cast(a.dtype());
    List(a.0.into_iter().zip(which).map(|(a, i)| factor(&a, *i) * a).collect())
}

/// The sum of squares of each tensor.
pub(super) fn squares(list: List) -> Tensor<1> {
    Tensor::cat(list.0.into_iter().map(|a| sum(a.clone() * a)).collect(), 0)
}

/// The unbiased standard deviation of each tensor.
pub(super) fn deviations(list: List) -> Tensor<1> {
    let deviation = |a: Tensor<1>| match a.dims() {
        [1] => a.zeros_like(),
        [n] => {
            let mean = sum(a.clone()).div_scalar(n as f64);
            let apart = a - mean;
            sum(apart.clone() * apart).div_scalar((n - 1) as f64).sqrt()
        }
    };
    Tensor::cat(list.0.into_iter().map(deviation).collect(), 0)
}
