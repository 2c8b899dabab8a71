//! Operations that libtorch has in one kernel, and the crate `tch` not at all.

use crate::told;
use std::ffi::{c_char, c_int};
use tch::Tensor;
use torch_sys::C_tensor;

unsafe extern "C" {
    fn portable_torch_convolution_backward(
        grad: *const C_tensor,
        input: *const C_tensor,
        weight: *const C_tensor,
        stride: i64,
        padding: i64,
        with_input: c_int,
        with_weight: c_int,
        input_grad: *mut C_tensor,
        weight_grad: *mut C_tensor,
        out: *mut c_char,
        size: usize,
    ) -> c_int;
    fn portable_torch_batch_norm(
        input: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        running_mean: *const C_tensor,
        running_var: *const C_tensor,
        momentum: f64,
        epsilon: f64,
        output: *mut C_tensor,
        mean: *mut C_tensor,
        inverse_deviation: *mut C_tensor,
        out: *mut c_char,
        size: usize,
    ) -> c_int;
    fn portable_torch_batch_norm_backward(
        grad: *const C_tensor,
        input: *const C_tensor,
        weight: *const C_tensor,
        mean: *const C_tensor,
        inverse_deviation: *const C_tensor,
        epsilon: f64,
        input_grad: *mut C_tensor,
        weight_grad: *mut C_tensor,
        bias_grad: *mut C_tensor,
        out: *mut c_char,
        size: usize,
    ) -> c_int;
}

/// A convolution without bias of `[batch, channels, ...]`. Stride and padding are equal in all
/// directions.
///
/// # Errors
/// What libtorch says.
pub fn convolution(
    input: &Tensor,
    weight: &Tensor,
    [stride, padding]: [usize; 2],
) -> Result<Tensor, String> {
    let n = weight.dim().saturating_sub(2);
    let [strides, paddings] = [stride, padding].map(|value| vec![value as i64; n]);
    let (ones, zeros) = (vec![1; n], vec![0; n]);
    input
        .f_convolution(weight, None::<Tensor>, strides, paddings, ones, false, zeros, 1)
        .map_err(|e| e.to_string())
}

/// The gradients of [`convolution`]: of its input and of its weight, as far as `wanted`.
///
/// # Errors
/// What libtorch says.
pub fn convolution_backward(
    grad: &Tensor,
    input: &Tensor,
    weight: &Tensor,
    [stride, padding]: [usize; 2],
    wanted: [bool; 2],
) -> Result<[Option<Tensor>; 2], String> {
    let [mut input_grad, mut weight_grad] = [Tensor::new(), Tensor::new()];
    // Safety: all tensors outlive the call, and the shim writes within the room.
    told(|out, size| unsafe {
        portable_torch_convolution_backward(
            grad.as_ptr(),
            input.as_ptr(),
            weight.as_ptr(),
            stride as i64,
            padding as i64,
            wanted[0].into(),
            wanted[1].into(),
            input_grad.as_mut_ptr(),
            weight_grad.as_mut_ptr(),
            out,
            size,
        )
    })?;
    Ok([wanted[0].then_some(input_grad), wanted[1].then_some(weight_grad)])
}

/// What [`batch_norm`] gives.
pub struct Normalised {
    pub output: Tensor,
    /// The batch's mean and inverse standard deviation per channel, for the way back.
    pub mean: Tensor,
    pub inverse_deviation: Tensor,
}

/// Normalises `[batch, channels, ...]` by the batch's own statistics, and moves the running mean
/// and unbiased variance towards them by `momentum`, in place.
///
/// # Errors
/// What libtorch says.
pub fn batch_norm(
    input: &Tensor,
    [weight, bias]: [&Tensor; 2],
    [running_mean, running_var]: [&mut Tensor; 2],
    momentum: f64,
    epsilon: f64,
) -> Result<Normalised, String> {
    let [mut output, mut mean, mut inverse_deviation] = std::array::from_fn(|_| Tensor::new());
    // Safety: all tensors outlive the call, and the shim writes within the room.
    told(|out, size| unsafe {
        portable_torch_batch_norm(
            input.as_ptr(),
            weight.as_ptr(),
            bias.as_ptr(),
            running_mean.as_ptr(),
            running_var.as_ptr(),
            momentum,
            epsilon,
            output.as_mut_ptr(),
            mean.as_mut_ptr(),
            inverse_deviation.as_mut_ptr(),
            out,
            size,
        )
    })?;
    Ok(Normalised { output, mean, inverse_deviation })
}

/// The gradients of [`batch_norm`]: of its input, weight and bias. `mean` and `inverse_deviation`
/// are those that it gave.
///
/// # Errors
/// What libtorch says.
pub fn batch_norm_backward(
    grad: &Tensor,
    input: &Tensor,
    weight: &Tensor,
    [mean, inverse_deviation]: [&Tensor; 2],
    epsilon: f64,
) -> Result<[Tensor; 3], String> {
    let mut grads: [Tensor; 3] = std::array::from_fn(|_| Tensor::new());
    let [input_grad, weight_grad, bias_grad] = &mut grads;
    // Safety: all tensors outlive the call, and the shim writes within the room.
    told(|out, size| unsafe {
        portable_torch_batch_norm_backward(
            grad.as_ptr(),
            input.as_ptr(),
            weight.as_ptr(),
            mean.as_ptr(),
            inverse_deviation.as_ptr(),
            epsilon,
            input_grad.as_mut_ptr(),
            weight_grad.as_mut_ptr(),
            bias_grad.as_mut_ptr(),
            out,
            size,
        )
    })?;
    Ok(grads)
}
