//! What the crates of `src/portable/` promise, seen from where it matters: burn's kernels and the
//! standard library's functions.

use burn::tensor::{Device, Distribution, Tensor, TensorData};
use counterpoise::stream::Stream;
use proptest::prelude::*;
use std::hint::black_box;

/// The longest inner dimension that the kernels of `gemm` take whole on every machine.
const BLOCK: usize = 512;

fn matrix(rows: usize, columns: usize, purpose: &str) -> Tensor<2> {
    let mut stream = Stream::new(7, purpose);
    let values: Vec<f32> = (0..rows * columns).map(|_| stream.normal() as f32).collect();
    Tensor::from_data(TensorData::new(values, [rows, columns]), &Device::flex())
}

fn bits(tensor: Tensor<2>) -> Vec<u32> {
    tensor.into_data().iter::<f32>().map(f32::to_bits).collect()
}

/// The product summed block by block, with blocks that no cache splits further.
fn by_blocks(a: &Tensor<2>, b: &Tensor<2>) -> Tensor<2> {
    let [_, k] = a.dims();
    let block = k.div_ceil(k.div_ceil(BLOCK));
    let products = (0..k).step_by(block).map(|from| {
        let to = k.min(from + block);
        a.clone()
            .slice([0..a.dims()[0], from..to])
            .matmul(b.clone().slice([from..to, 0..b.dims()[1]]))
    });
    products.reduce(|sum, product| sum + product).unwrap()
}

#[test]
fn long_sums_are_grouped_in_blocks_of_the_inner_dimension_alone() {
    // Small results and large ones take different ways through the kernels.
    for (m, n) in [(3, 5), (64, 64), (65, 20), (20, 65), (130, 130)] {
        for k in [1, 511, 512, 513, 1024, 1025, 1300, 2700] {
            let (a, b) = (matrix(m, k, "a"), matrix(k, n, "b"));
            let expected = bits(by_blocks(&a, &b));
            assert_eq!(bits(a.clone().matmul(b.clone())), expected, "{m} x {k} x {n}");
            // The same product of transposed memory: strides do not matter either.
            let transposed = b.transpose().matmul(a.transpose()).transpose();
            assert_eq!(bits(transposed), expected, "{m} x {k} x {n}, transposed");
        }
    }
}

#[test]
fn products_are_right_for_reversed_memory() {
    let (a, b) = (matrix(4, 700, "a"), matrix(700, 3, "b"));
    let product = a.clone().flip([1]).matmul(b.clone().flip([0]));
    let difference = (product - a.matmul(b)).abs().max().into_data();
    assert!(difference.iter::<f32>().all(|x| x < 1e-4));
}

/// Every function whose last bit C libraries disagree about, as the standard library calls it and
/// as the `libm` crate has it.
macro_rules! agree {
    ($x:expr, $y:expr; $($method:ident($($argument:expr),*) = $function:ident;)+) => {
        $(
            let called = black_box($x).$method($($argument),*);
            let wanted = libm::$function($x $(, $argument)*);
            prop_assert!(
                called.to_bits() == wanted.to_bits() || (called.is_nan() && wanted.is_nan()),
                "{}({}): {called:e}, not {wanted:e}", stringify!($function), $x
            );
        )+
    };
}

proptest! {
    #[test]
    fn single_precision_functions_are_those_of_the_libm_crate(x in -90.0f32..90.0, y in -9.0f32..9.0) {
        agree!(x, y;
            exp() = expf; exp2() = exp2f; exp_m1() = expm1f; ln() = logf; log2() = log2f;
            log10() = log10f; ln_1p() = log1pf; powf(y) = powf; sin() = sinf; cos() = cosf;
            tan() = tanf; sinh() = sinhf; cosh() = coshf; tanh() = tanhf; asin() = asinf;
            acos() = acosf; atan() = atanf; atan2(y) = atan2f; cbrt() = cbrtf; hypot(y) = hypotf;
        );
        let (sin, cos) = black_box(x).sin_cos();
        prop_assert_eq!((sin, cos), (libm::sinf(x), libm::cosf(x)));
    }

    #[test]
    fn double_precision_functions_are_those_of_the_libm_crate(x in -90.0f64..90.0, y in -9.0f64..9.0) {
        agree!(x, y;
            exp() = exp; exp2() = exp2; exp_m1() = expm1; ln() = log; log2() = log2;
            log10() = log10; ln_1p() = log1p; powf(y) = pow; sin() = sin; cos() = cos;
            tan() = tan; sinh() = sinh; cosh() = cosh; tanh() = tanh; asin() = asin;
            acos() = acos; atan() = atan; atan2(y) = atan2; cbrt() = cbrt; hypot(y) = hypot;
        );
        let (sin, cos) = black_box(x).sin_cos();
        prop_assert_eq!((sin, cos), (libm::sin(x), libm::cos(x)));
    }
}

#[test]
fn burn_calls_these_functions() {
    let x = Tensor::<1>::random([4096], Distribution::Uniform(-20.0, 20.0), &Device::flex());
    let values: Vec<f32> = x.to_data().iter::<f32>().collect();
    let check = |tensor: Tensor<1>, function: fn(f32) -> f32| {
        for (found, x) in tensor.into_data().iter::<f32>().zip(&values) {
            assert_eq!(found.to_bits(), function(*x).to_bits(), "of {x}");
        }
    };
    check(x.clone().exp(), libm::expf);
    check(x.clone().tanh(), libm::tanhf);
    check(x.abs().log(), |x| libm::logf(x.abs()));
}
