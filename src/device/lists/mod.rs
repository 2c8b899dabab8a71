//! Arithmetic on lists of flattened tensors, element by element and off the autodiff graph.
//!
//! A model has dozens of small tensors, and on a GPU every operation on one of them is a kernel to
//! launch. libtorch has kernels that take a whole list.

mod composed;
#[cfg(feature = "tch")]
mod libtorch;
mod portable;

use burn::tensor::Tensor;
use std::ops::{Add, Div, Mul};

/// Tensors of any lengths. Two lists that meet have the same lengths.
#[derive(Clone, Debug)]
pub struct List(pub Vec<Tensor<1>>);

/// What is done with each tensor `a` of a list, or with each pair `a` and `b` of two.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Add,
    AddScaled(f64),
    Multiply,
    Divide,
    Scale(f64),
    AddScalar(f64),
    Sqrt,
}

impl List {
    /// `a + factor b`.
    pub fn add_scaled(self, b: &List, factor: f64) -> List {
        self.apply(Op::AddScaled(factor), Some(b))
    }

    /// `factor a`.
    pub fn scale(self, factor: f64) -> List {
        self.apply(Op::Scale(factor), None)
    }

    /// `a + term`.
    pub fn add_scalar(self, term: f64) -> List {
        self.apply(Op::AddScalar(term), None)
    }

    /// The square roots.
    pub fn sqrt(self) -> List {
        self.apply(Op::Sqrt, None)
    }

    /// Each tensor times the one of `factors` that `which` names for it.
    pub fn scale_each(self, factors: &Tensor<1>, which: &[usize]) -> List {
        if portable::holds(&self) {
            return portable::scale_each(self, factors, which);
        }
        composed::scale_each(self, factors, which)
    }

    /// The sum of squares of each tensor, as one tensor; none of an empty list.
    pub fn squares(self) -> Option<Tensor<1>> {
        if self.0.is_empty() {
            return None;
        }
        #[cfg(feature = "tch")]
        if libtorch::holds(&self) {
            let norms = libtorch::norms(self);
            return Some(norms.clone() * norms);
        }
        if portable::holds(&self) {
            return Some(portable::squares(self));
        }
        Some(composed::squares(self))
    }

    /// The unbiased standard deviation of each tensor's values, 0 of a single value, as one tensor;
    /// none of an empty list.
    pub fn deviations(self) -> Option<Tensor<1>> {
        if self.0.is_empty() {
            return None;
        }
        #[cfg(feature = "tch")]
        if libtorch::holds(&self) {
            return Some(libtorch::deviations(self));
        }
        if portable::holds(&self) {
            return Some(portable::deviations(self));
        }
        Some(composed::deviations(self))
    }

    fn apply(self, op: Op, other: Option<&List>) -> List {
        #[cfg(feature = "tch")]
        if libtorch::holds(&self) {
            return libtorch::apply(op, self, other);
        }
        if portable::holds(&self) {
            return portable::apply(op, self, other);
        }
        composed::apply(op, self, other)
    }
}

/// `a + b` of each pair.
impl Add<&List> for List {
    type Output = List;

    fn add(self, b: &List) -> List {
        self.apply(Op::Add, Some(b))
    }
}

/// `a b` of each pair.
impl Mul<&List> for List {
    type Output = List;

    fn mul(self, b: &List) -> List {
        self.apply(Op::Multiply, Some(b))
    }
}

/// `a / b` of each pair.
impl Div<&List> for List {
    type Output = List;

    fn div(self, b: &List) -> List {
        self.apply(Op::Divide, Some(b))
    }
}
