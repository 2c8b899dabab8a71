//! Layers compute the same on every backend.

use crate::made::backend;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};
use counterpoise::device::{self, Place};
use counterpoise::model::layers::{BatchNorm, Conv, relu};

/// Fills parameters with made values.
struct Fill;

impl ModuleMapper for Fill {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let place = Place { device: tensor.device(), dtype: tensor.dtype() };
            made(tensor.dims(), &place, 7).require_grad()
        })
    }
}

fn made<const D: usize>(shape: [usize; D], place: &Place, step: usize) -> Tensor<D> {
    let n: usize = shape.iter().product();
    let values = (0..n).map(|i| ((i * step) % 31) as f64 / 31.0 - 0.4).collect::<Vec<_>>();
    Tensor::from_data(TensorData::new(values, shape), (&place.device, place.dtype))
}

/// Collects the gradients of parameters.
struct Collect<'a>(&'a Gradients, Vec<Vec<f64>>);

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // Running statistics have none.
        self.1.extend(param.val().grad(self.0).map(numbers));
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Output, gradients and running statistics of a convolution of rank `D`, its normalisation and
/// ReLU.
fn told<const D: usize>(
    device: &Device,
    dtype: DType,
    shape: [usize; D],
    convolve: fn(&Conv<D>, Tensor<D>) -> Tensor<D>,
) -> Vec<Vec<f64>> {
    let place = Place { device: device.clone().autodiff(), dtype };
    let conv = Conv::<D>::new([shape[1], 4], 3, 2, 1, &place).map(&mut Fill);
    let norm = BatchNorm::new(4, &place).map(&mut Fill);
    let x = made(shape, &place, 5).require_grad();
    let y = relu(norm.forward(convolve(&conv, x.clone())));
    let weights = made(y.dims(), &place, 3);
    let gradients = device::sum(y.clone() * weights).backward();
    let mut of_parameters = Collect(&gradients, Vec::new());
    conv.visit(&mut of_parameters);
    norm.visit(&mut of_parameters);
    assert_eq!(of_parameters.1.len(), 3, "the convolution's weight, then the norm's two");
    let valid = norm.valid();
    let mut told = vec![
        numbers(y),
        numbers(x.grad(&gradients).unwrap()),
        numbers(valid.running_mean.value()),
        numbers(valid.running_var.value()),
    ];
    told.extend(of_parameters.1);
    told
}

fn compare<const D: usize>(shape: [usize; D], convolve: fn(&Conv<D>, Tensor<D>) -> Tensor<D>) {
    let backends = [device::open("cpu").unwrap(), backend()];
    let dtype = device::widest(&backends[1].device);
    let tolerance = |x: f64| if dtype == DType::F64 { 1e-9 } else { 1e-5 * x.abs().max(1.0) };
    let [there, here] = backends.map(|backend| told(&backend.device, dtype, shape, convolve));
    for (there, here) in there.iter().zip(&here) {
        assert_eq!(there.len(), here.len());
        for (a, b) in there.iter().zip(here) {
            assert!((a - b).abs() <= tolerance(*a), "{shape:?}: {there:?} and {here:?}");
        }
    }
}

#[test]
fn layers_compute_what_they_do_on_the_default_backend() {
    // The last leaves a single value per channel to normalise.
    for shape in [[6, 2, 9], [1, 3, 8], [1, 2, 1]] {
        compare(shape, Conv::<3>::forward);
    }
    for shape in [[6, 2, 9, 5], [1, 3, 8, 4], [1, 2, 1, 1]] {
        compare(shape, Conv::<4>::forward);
    }
}
