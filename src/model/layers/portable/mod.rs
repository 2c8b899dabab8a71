//! Layers on the default backend, by kernels whose sums are grouped alike on every machine.
//!
//! burn's own copy an image into columns for a convolution, compose batch normalisation of a dozen
//! operations, and group their sums as a version of it sees fit.

mod convolution;
mod normalisation;
mod pooling;
mod relu;

pub(super) use convolution::convolution;
pub(super) use normalisation::{batch_norm, batch_norm_valid};
pub(super) use pooling::max_pool;
pub(super) use relu::relu;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, DispatchDevice, Flex};
use burn::tensor::{Element, Tensor, TensorData};
use portable_kernels::Float;

/// The default backend's tensors.
type Values = FloatTensor<Flex>;
/// The same, tracked.
type Tracked = FloatTensor<Autodiff<Flex>>;

/// Whether a tensor is on the default backend.
pub(super) fn holds<const D: usize>(x: &Tensor<D>) -> bool {
    matches!(x.device().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

fn tracked<const D: usize>(tensor: Tensor<D>) -> Tracked {
    tensor.try_into_primitive::<Autodiff<Flex>>().expect("the caller has asked `holds`")
}

fn plain<const D: usize>(tensor: Tensor<D>) -> Values {
    tensor.try_into_primitive::<Flex>().expect("the caller has asked `holds`")
}

fn lift<const D: usize>(tensor: Tracked) -> Tensor<D> {
    Tensor::from_primitive::<Autodiff<Flex>>(tensor)
}

fn lift_plain<const D: usize>(tensor: Values) -> Tensor<D> {
    Tensor::from_primitive::<Flex>(tensor)
}

/// The values of a contiguous tensor.
fn slice<T: Float + Element>(x: &Values) -> &[T] {
    let from = x.layout().start_offset();
    &x.storage::<T>()[from..from + x.layout().num_elements()]
}

fn tensor<T: Element>(values: Vec<T>, dims: Vec<usize>) -> Values {
    Values::from_data(TensorData::new(values, dims))
}

fn dims(x: &Values) -> Vec<usize> {
    x.layout().shape().to_vec()
}

/// What an expression gives for a tensor's own float type, which it calls `$type`.
macro_rules! with_type_of {
    ($tensor:expr, $type:ident => $body:expr) => {
        match $tensor.dtype() {
            burn::tensor::DType::F64 => {
                type $type = f64;
                $body
            }
            _ => {
                type $type = f32;
                $body
            }
        }
    };
}
use with_type_of;
