//! Sums of all values of a tensor.

use burn::tensor::Tensor;

/// The sum of all values.
///
/// burn's own adds atomically on a GPU that can, in the order in which threads come: other bits
/// every time. So there it is one of rows, and of these.
pub fn sum<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    #[cfg(feature = "wgpu")]
    if super::wgpu::holds(&x) {
        return super::wgpu::sum(x);
    }
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    x.sum()
}
