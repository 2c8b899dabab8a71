//! Operations on lists of tensors, which libtorch has in few kernels for the whole list.

use crate::told;
use std::ffi::{c_char, c_int};
use tch::Tensor;
use torch_sys::C_tensor;

unsafe extern "C" {
    fn portable_torch_foreach(
        op: c_int,
        n: usize,
        a: *const *const C_tensor,
        b: *const *const C_tensor,
        number: f64,
        made: *const *mut C_tensor,
        out: *mut c_char,
        size: usize,
    ) -> c_int;
}

/// As the shim numbers them.
#[derive(Clone, Copy)]
enum Op {
    Add,
    Mul,
    Div,
    AddScalar,
    MulScalar,
    Sqrt,
    Norm,
}

fn foreach(
    op: Op,
    a: &[&Tensor],
    b: Option<&[&Tensor]>,
    number: f64,
) -> Result<Vec<Tensor>, String> {
    if b.is_some_and(|b| b.len() != a.len()) {
        return Err("lists of different lengths".into());
    }
    let pointers = |list: &[&Tensor]| list.iter().map(|x| x.as_ptr()).collect::<Vec<_>>();
    let (a, b) = (pointers(a), pointers(b.unwrap_or_default()));
    let mut made: Vec<Tensor> = a.iter().map(|_| Tensor::new()).collect();
    let places: Vec<*mut C_tensor> = made.iter_mut().map(Tensor::as_mut_ptr).collect();
    // Safety: all tensors outlive the call, the lists have `n` of them where the operation reads
    // them, and the shim writes within the room.
    told(|out, size| unsafe {
        let (a, b) = (a.as_ptr().cast(), b.as_ptr().cast());
        portable_torch_foreach(op as c_int, places.len(), a, b, number, places.as_ptr(), out, size)
    })?;
    Ok(made)
}

/// `a + factor b` of each pair.
///
/// # Errors
/// What libtorch says.
pub fn foreach_add(a: &[&Tensor], b: &[&Tensor], factor: f64) -> Result<Vec<Tensor>, String> {
    foreach(Op::Add, a, Some(b), factor)
}

/// `a b` of each pair.
///
/// # Errors
/// What libtorch says.
pub fn foreach_mul(a: &[&Tensor], b: &[&Tensor]) -> Result<Vec<Tensor>, String> {
    foreach(Op::Mul, a, Some(b), 0.0)
}

/// `a / b` of each pair.
///
/// # Errors
/// What libtorch says.
pub fn foreach_div(a: &[&Tensor], b: &[&Tensor]) -> Result<Vec<Tensor>, String> {
    foreach(Op::Div, a, Some(b), 0.0)
}

/// `a + number` of each.
///
/// # Errors
/// What libtorch says.
pub fn foreach_add_scalar(a: &[&Tensor], number: f64) -> Result<Vec<Tensor>, String> {
    foreach(Op::AddScalar, a, None, number)
}

/// `number a` of each.
///
/// # Errors
/// What libtorch says.
pub fn foreach_mul_scalar(a: &[&Tensor], number: f64) -> Result<Vec<Tensor>, String> {
    foreach(Op::MulScalar, a, None, number)
}

/// The square root of each.
///
/// # Errors
/// What libtorch says.
pub fn foreach_sqrt(a: &[&Tensor]) -> Result<Vec<Tensor>, String> {
    foreach(Op::Sqrt, a, None, 0.0)
}

/// The Euclidean norm of each, as one tensor.
///
/// # Errors
/// What libtorch says; that the list is empty.
pub fn foreach_norm(a: &[&Tensor]) -> Result<Tensor, String> {
    Tensor::f_stack(&foreach(Op::Norm, a, None, 0.0)?, 0).map_err(|e| e.to_string())
}
