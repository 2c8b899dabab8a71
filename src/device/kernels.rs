//! What libtorch's devices have kernels of their own for.

use burn::backend::DispatchDevice;
use burn::tensor::Device;
use std::fmt::Display;

/// Whether a device is one of libtorch's.
pub(crate) fn holds(device: &Device) -> bool {
    matches!(device.as_dispatch(), DispatchDevice::LibTorch(_))
}

/// Panics as burn's operations do, for the worker to tell what has failed.
pub(crate) fn told<T>(result: Result<T, impl Display>) -> T {
    result.unwrap_or_else(|message| panic!("libtorch: {message}"))
}
