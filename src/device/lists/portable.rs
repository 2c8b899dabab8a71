//! Arithmetic on lists of tensors of the default backend: one pass for each operation, in place
//! where nothing else holds the tensor.

use super::{List, Op};
use crate::device::portable::{self, Values, slice, with_type_of};
use burn::tensor::{Element, Tensor};
use portable_kernels::{Float, elementwise};

/// What `op` makes of a list, and of a second one where it takes two.
pub(super) fn apply(op: Op, a: List, b: Option<&List>) -> List {
    let mut others = b.into_iter().flat_map(|list| &list.0).cloned();
    let one = |a: Tensor<1>| {
        let mut a = portable::plain(a).to_contiguous();
        let b = others.next().map(|b| portable::plain(b).to_contiguous());
        with_type_of!(a, T => apply_one::<T>(op, &mut a, b.as_ref()));
        portable::lift_plain(a)
    };
    List(a.0.into_iter().map(one).collect())
}

fn apply_one<T: Float + Element>(op: Op, a: &mut Values, b: Option<&Values>) {
    let a = portable::slice_mut::<T>(a);
    let n = a.len();
    let b = || {
        let b: &[T] = slice(b.expect("a tensor for each of the first list"));
        assert_eq!(b.len(), n, "lists that meet have the same lengths");
        b
    };
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
