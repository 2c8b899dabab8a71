//! Layers compute the same on every backend.

use crate::made::backend;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use counterpoise::model::layers::{BatchNorm, Conv, Place, relu};
use counterpoise::train::device;

/// Fills parameters with made values.
struct Fill;

impl ModuleMapper for Fill {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| made(tensor.dims(), &tensor.device(), 7).require_grad())
    }
}

fn made<const D: usize>(shape: [usize; D], device: &Device, step: usize) -> Tensor<D> {
    let n: usize = shape.iter().product();
    let values = (0..n).map(|i| ((i * step) % 31) as f64 / 31.0 - 0.4).collect::<Vec<_>>();
    Tensor::from_data(TensorData::new(values, shape), (device, DType::F64))
}

/// Output, gradients and running statistics of a convolution, its normalisation and ReLU.
fn told(device: Device, shape: [usize; 3]) -> Vec<Vec<f64>> {
    let place = Place { device: device.autodiff(), dtype: DType::F64 };
    let conv = Conv::<3>::new([shape[1], 4], 3, 2, 1, &place).map(&mut Fill);
    let norm = BatchNorm::new(4, &place).map(&mut Fill);
    let x = made(shape, &place.device, 5).require_grad();
    let y = relu(norm.forward(conv.forward(x.clone())));
    let weights = made(y.dims(), &place.device, 3);
    let gradients = (y.clone() * weights).sum().backward();
    let numbers = |data: TensorData| data.iter::<f64>().collect();
    let of = |tensor: Tensor<1>| numbers(tensor.grad(&gradients).unwrap().into_data());
    let valid = norm.valid();
    vec![
        numbers(y.into_data()),
        numbers(x.grad(&gradients).unwrap().into_data()),
        of(norm.weight.val()),
        of(norm.bias.val()),
        numbers(valid.running_mean.value().into_data()),
        numbers(valid.running_var.value().into_data()),
    ]
}

#[test]
fn layers_compute_what_they_do_on_the_default_backend() {
    let [default, other] = [device::open("cpu").unwrap(), backend()].map(|backend| backend.device);
    // The last leaves a single value per channel to normalise.
    for shape in [[6, 2, 9], [1, 3, 8], [1, 2, 1]] {
        let [there, here] = [&default, &other].map(|device| told(device.clone(), shape));
        for (there, here) in there.iter().zip(&here) {
            assert_eq!(there.len(), here.len());
            for (a, b) in there.iter().zip(here) {
                assert!((a - b).abs() <= 1e-9, "{shape:?}: {there:?} and {here:?}");
            }
        }
    }
}
