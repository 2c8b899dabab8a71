//! Arithmetic on lists of tensors of the default backend: one pass for each operation, in place
//! where nothing else holds the tensor.

use super::{List, Op};
use crate::device::portable::{self, Values, slice, tensor, with_type_of};
use burn::tensor::{DType, Element, Tensor};
use portable_kernels::{Float, deviation, elementwise, sum_of_squares};

/// Whether the tensors are on the default backend. There are none of an empty list.
pub(super) fn holds(list: &List) -> bool {
    list.0.first().is_some_and(portable::holds)
}

/// What `op` makes of a list, and of a second one where it takes two.
pub(super) fn apply(op: Op, a: List, b: Option<&List>) -> List {
    let mut others = b.into_iter().flat_map(|list| &list.0).cloned();
    let one = |a| apply_one(op, a, others.next());
    List(a.0.into_iter().map(one).collect())
}

/// Each tensor times the one of `factors` that `which` names for it.
pub(super) fn scale_each(a: List, factors: &Tensor<1>, which: &[usize]) -> List {
    let factors: Vec<f64> = factors.to_data().iter::<f64>().collect();
    assert_eq!(a.0.len(), which.len(), "a factor for each tensor");
    let one = |(a, i): (_, &usize)| apply_one(Op::Scale(factors[*i]), a, None);
    List(a.0.into_iter().zip(which).map(one).collect())
}

/// The sum of squares of each tensor.
pub(super) fn squares(list: List) -> Tensor<1> {
    reduce(list, sum_of_squares, sum_of_squares)
}

/// The unbiased standard deviation of each tensor.
pub(super) fn deviations(list: List) -> Tensor<1> {
    reduce(list, deviation, deviation)
}

/// What a sum over each tensor gives, in the tensors' own float type.
fn reduce(list: List, single: fn(&[f32]) -> f64, double: fn(&[f64]) -> f64) -> Tensor<1> {
    let list: Vec<Values> = list.0.into_iter().map(lower).collect();
    let n = list.len();
    let reduced = match list[0].dtype() {
        DType::F64 => tensor(list.iter().map(|a| double(slice(a))).collect(), vec![n]),
        _ => tensor(list.iter().map(|a| f32::of(single(slice(a)))).collect(), vec![n]),
    };
    portable::lift_plain(reduced)
}

fn apply_one(op: Op, a: Tensor<1>, b: Option<Tensor<1>>) -> Tensor<1> {
    let (mut a, b) = (lower(a), b.map(lower));
    with_type_of!(a, T => apply_in_place::<T>(op, &mut a, b.as_ref()));
    portable::lift_plain(a)
}

fn apply_in_place<T: Float + Element>(op: Op, a: &mut Values, b: Option<&Values>) {
    let a = portable::slice_mut::<T>(a);
    let b = || slice::<T>(b.expect("a tensor for each of the first list"));
    match op {
        Op::Add => elementwise::add(a, b()),
        Op::AddScaled(factor) => elementwise::add_scaled(a, b(), T::of(factor)),
        Op::Multiply => elementwise::multiply(a, b()),
        Op::Divide => elementwise::divide(a, b()),
        Op::Scale(factor) => elementwise::scale(a, T::of(factor)),
        Op::AddScalar(term) => elementwise::add_scalar(a, T::of(term)),
        Op::Sqrt => elementwise::root(a),
    }
}

fn lower(tensor: Tensor<1>) -> Values {
    portable::plain(tensor).to_contiguous()
}
