//! Tensors of the default backend, for kernels of our own on their values.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, DispatchDevice, Flex};
use burn::tensor::{Element, Tensor, TensorData};
use portable_kernels::Float;

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
pub(crate) use with_type_of;

/// The default backend's tensors.
pub(crate) type Values = FloatTensor<Flex>;
/// The same, tracked.
pub(crate) type Tracked = FloatTensor<Autodiff<Flex>>;

/// Whether a tensor is on the default backend.
pub(crate) fn holds<const D: usize>(x: &Tensor<D>) -> bool {
    matches!(x.device().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

pub(crate) fn tracked<const D: usize>(tensor: Tensor<D>) -> Tracked {
    tensor.try_into_primitive::<Autodiff<Flex>>().expect("the caller has asked `holds`")
}

pub(crate) fn plain<const D: usize>(tensor: Tensor<D>) -> Values {
    tensor.try_into_primitive::<Flex>().expect("the caller has asked `holds`")
}

pub(crate) fn lift<const D: usize>(tensor: Tracked) -> Tensor<D> {
    Tensor::from_primitive::<Autodiff<Flex>>(tensor)
}

pub(crate) fn lift_plain<const D: usize>(tensor: Values) -> Tensor<D> {
    Tensor::from_primitive::<Flex>(tensor)
}

/// The values of a contiguous tensor.
pub(crate) fn slice<T: Float + Element>(x: &Values) -> &[T] {
    let from = x.layout().start_offset();
    &x.storage::<T>()[from..from + x.layout().num_elements()]
}

/// The values of a contiguous tensor, which becomes a copy where anything else holds it.
pub(crate) fn slice_mut<T: Float + Element>(x: &mut Values) -> &mut [T] {
    let from = x.layout().start_offset();
    let n = x.layout().num_elements();
    &mut x.storage_mut::<T>()[from..from + n]
}

/// A contiguous tensor of the same values. Where the rows of a matrix lie apart, as those of the
/// gradient of a part of what was concatenated, they are copied one after the other; burn copies
/// single values.
pub(crate) fn contiguous(x: Values) -> Values {
    let (&[rows, columns], &[pitch, 1]) = (dims(&x).as_slice(), x.layout().strides()) else {
        return x.to_contiguous();
    };
    let pitch = match usize::try_from(pitch) {
        Ok(pitch) if columns < pitch => pitch,
        _ => return x.to_contiguous(),
    };
    with_type_of!(x, T => {
        let from = x.storage::<T>()[x.layout().start_offset()..].chunks(pitch);
        let mut values = Vec::with_capacity(rows * columns);
        from.take(rows).for_each(|row| values.extend_from_slice(&row[..columns]));
        tensor(values, dims(&x))
    })
}

pub(crate) fn tensor<T: Element>(values: Vec<T>, dims: Vec<usize>) -> Values {
    Values::from_data(TensorData::new(values, dims))
}

pub(crate) fn dims(x: &Values) -> Vec<usize> {
    x.layout().shape().to_vec()
}
