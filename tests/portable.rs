//! What the crates of `src/portable/` promise, seen from where it matters: burn's kernels and the
//! standard library's functions.

use burn::tensor::{Device, Distribution, Tensor, TensorData};
use counterpoise::device::sum;
use counterpoise::stream::Stream;
use proptest::prelude::*;
use std::hint::black_box;

proptest! {
    #[test]
    fn sums_over_a_tensor_are_those_of_the_definition(
        x in prop::collection::vec(-9.0f32..9.0, 0..200),
    ) {
        let values: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
        let squares: f64 = values.iter().map(|x| x * x).sum();
        let found = portable_kernels::sum_of_squares(&x);
        prop_assert!((found - squares).abs() <= 1e-12 * squares, "{found} {squares}");
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
        let deviation = if n < 2.0 { 0.0 } else { (squares / (n - 1.0)).sqrt() };
        let found = portable_kernels::deviation(&x);
        prop_assert!((found - deviation).abs() <= 1e-12 * deviation, "{found} {deviation}");
    }
}

#[test]
fn a_sum_over_millions_of_values_is_the_same_for_any_number_of_threads() {
    // burn's own parts so many values among the threads that there are.
    let values: Vec<f32> = (0..5 << 20).map(|i| (i % 1013) as f32 * 0.37).collect();
    let sum = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| portable_kernels::sum_of_squares(&values).to_bits())
    };
    assert_eq!(sum(1), sum(7));
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

proptest! {
    #[test]
    fn normal_numbers_have_the_bits_of_libm_at_every_angle(
        lengths in prop::collection::vec(any::<u64>(), 300), shift in 0u32..64, quarter in 0u64..5,
        near in prop::collection::vec(any::<u64>(), 300), below: bool,
    ) {
        // Angles as near to a quarter turn as is left of a draw after a shift, on either side.
        let angle = |draw: u64| {
            let distance = draw >> shift;
            let turn = quarter << 62;
            if below { turn.wrapping_sub(distance) } else { turn.wrapping_add(distance) }
        };
        let draws: Vec<u64> =
            lengths.iter().zip(&near).flat_map(|(length, near)| [*length, angle(*near)]).collect();
        let mut found = vec![0.0; draws.len()];
        portable_kernels::normals(&draws, &mut found);
        let uniform = |draw: u64| (draw >> 11) as f64 * (1.0 / (1u64 << 53) as f64);
        for (draws, found) in draws.chunks(2).zip(found.chunks(2)) {
            let radius = libm::sqrt(-2.0 * libm::log(1.0 - uniform(draws[0])));
            let (sine, cosine) = libm::sincos(2.0 * std::f64::consts::PI * uniform(draws[1]));
            prop_assert_eq!(found[0].to_bits(), (radius * cosine).to_bits(), "{:?}", draws);
            prop_assert_eq!(found[1].to_bits(), (radius * sine).to_bits(), "{:?}", draws);
        }
    }
}

/// A convolution and its gradients as sums over all that meets, one product after the other.
mod convolutions {
    use super::*;
    use portable_kernels::Convolution;

    fn values(n: usize, purpose: &str) -> Vec<f64> {
        let mut stream = Stream::new(3, purpose);
        (0..n).map(|_| stream.normal()).collect()
    }

    /// Calls with the indices of an output value, a weight and an input value that meet.
    fn each(shape: &Convolution, mut call: impl FnMut(usize, usize, usize)) {
        let [rows, columns] = shape.output_size();
        let [height, width] = shape.size;
        for image in 0..shape.batch {
            for (output, input) in
                (0..shape.outputs).flat_map(|o| (0..shape.inputs).map(move |i| (o, i)))
            {
                for (row, column) in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))) {
                    for (a, b) in
                        (0..shape.kernel[0]).flat_map(|a| (0..shape.kernel[1]).map(move |b| (a, b)))
                    {
                        let y = (row * shape.stride[0] + a).checked_sub(shape.padding[0]);
                        let x = (column * shape.stride[1] + b).checked_sub(shape.padding[1]);
                        let (Some(y), Some(x)) = (y, x) else { continue };
                        if y < height && x < width {
                            call(
                                ((image * shape.outputs + output) * rows + row) * columns + column,
                                ((output * shape.inputs + input) * shape.kernel[0] + a)
                                    * shape.kernel[1]
                                    + b,
                                ((image * shape.inputs + input) * height + y) * width + x,
                            );
                        }
                    }
                }
            }
        }
    }

    fn agree(found: &[f64], expected: &[f64], what: &str) {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{what}");
        }
    }

    fn check(shape: Convolution) {
        let [rows, columns] = shape.output_size();
        let n = shape.batch * shape.inputs * shape.size[0] * shape.size[1];
        let x = values(n, "x");
        let n = shape.outputs * shape.inputs * shape.kernel[0] * shape.kernel[1];
        let weights = values(n, "weights");
        let gradient = values(shape.batch * shape.outputs * rows * columns, "gradient");
        let mut output = vec![0.0; gradient.len()];
        let mut of_weights = vec![0.0; weights.len()];
        let mut of_x = vec![0.0; x.len()];
        each(&shape, |o, w, i| {
            output[o] += weights[w] * x[i];
            of_weights[w] += gradient[o] * x[i];
            of_x[i] += gradient[o] * weights[w];
        });
        agree(&shape.forward(&x, &weights), &output, &format!("{shape:?}: output"));
        let found = shape.weight_gradient(&x, &gradient);
        agree(&found, &of_weights, &format!("{shape:?}: gradient of the weights"));
        let found = shape.input_gradient(&gradient, &weights);
        agree(&found, &of_x, &format!("{shape:?}: gradient of the input"));
    }

    #[test]
    fn a_column_of_many_blocks_is_summed_right() {
        let [kernel, stride, padding] = [[3, 3], [1, 1], [1, 1]];
        check(Convolution {
            batch: 3,
            inputs: 70,
            outputs: 300,
            size: [7, 9],
            kernel,
            stride,
            padding,
        });
    }

    #[test]
    fn vectors_of_every_width_give_the_same_bits() {
        for (vectors, depth) in [(1, 1), (2, 17), (3, 256)] {
            let [differing, _] = portable_kernels::try_kernels(vectors, depth);
            assert_eq!(differing, [""; 0], "{vectors} vectors, {depth} products");
        }
    }

    #[test]
    fn the_class_of_a_run_covers_every_kernel() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/portable/kernels");
        let texts: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "rs"))
            .filter(|path| !path.ends_with("lib.rs"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        assert_eq!(texts.len(), portable_kernels::TEXT.len());
        assert!(texts.iter().all(|text| portable_kernels::TEXT.contains(&text.as_str())));
    }

    /// Pooling and normalisation against burn's, which are of other making.
    mod layers {
        use super::*;
        use burn::tensor::module::max_pool2d;
        use burn::tensor::ops::MaxPoolOptions;
        use portable_kernels::{Normalisation, Pooling, Statistics};

        fn image(values: &[f64], dims: [usize; 4]) -> Tensor<4> {
            let place = (&Device::flex().autodiff(), burn::tensor::DType::F64);
            Tensor::from_data(TensorData::new(values.to_vec(), dims), place).require_grad()
        }

        fn list<const D: usize>(x: Tensor<D>) -> Vec<f64> {
            x.into_data().iter::<f64>().collect()
        }

        proptest! {
            #[test]
            fn maxima_and_their_gradient_are_those_of_burn(
                planes in 1usize..4, size in (1usize..12, 1usize..40), window in (1usize..5, 1usize..5),
                stride in (1usize..4, 1usize..4), padded: bool,
            ) {
                let [size, window, stride] = [size, window, stride].map(|(a, b)| [a, b]);
                let padding = window.map(|window| if padded { window / 2 } else { 0 });
                prop_assume!((0..2).all(|axis| window[axis] <= size[axis]));
                let shape = Pooling { planes, size, window, stride, padding };
                let x = values(planes * size[0] * size[1], "pooled");
                let pooled = shape.forward(&x);
                let tensor = image(&x, [1, planes, size[0], size[1]]);
                let options = MaxPoolOptions {
                    kernel_size: window,
                    stride,
                    padding: padding.map(|padding| (padding, padding)),
                    dilation: [1, 1],
                    ceil_mode: false,
                };
                let output = max_pool2d(tensor.clone(), options);
                prop_assert_eq!(&pooled.maxima, &list(output.clone()));
                let gradient = values(pooled.maxima.len(), "gradient");
                let weighted = output.clone() * image(&gradient, output.dims());
                let expected = list(tensor.grad(&sum(weighted).backward()).unwrap());
                agree(&shape.backward(&gradient, &pooled.chosen), &expected, "gradient");
            }

            #[test]
            fn normalised_images_and_their_gradients_are_those_of_the_definition(
                batch in 1usize..5, channels in 1usize..5, places in 2usize..40, positive: bool,
            ) {
                let shape = Normalisation { batch, channels, places, epsilon: 1e-5, positive };
                let n = batch * channels * places;
                let (x, gradient) = (values(n, "x"), values(n, "gradient"));
                let [weight, bias] = ["weight", "bias"].map(|purpose| values(channels, purpose));
                let Statistics { mean, variance } = shape.statistics(&x);
                let statistics = Statistics { mean: mean.as_slice(), variance: &variance };
                let output = shape.forward(&x, [&weight, &bias], statistics);
                let found = shape.backward(&gradient, &x, [&weight, &bias], statistics);

                let line = |values: &[f64]| image(values, [1, channels, 1, 1]);
                let (tensor, w, b) = (image(&x, [batch, channels, places, 1]), line(&weight), line(&bias));
                let mean = tensor.clone().mean_dim(0).mean_dim(2);
                let centered = tensor.clone() - mean;
                let variance = (centered.clone() * centered.clone()).mean_dim(0).mean_dim(2);
                let normal = centered / variance.add_scalar(1e-5).sqrt();
                let mut expected = normal * w.clone() + b.clone();
                if positive {
                    expected = burn::tensor::activation::relu(expected);
                }
                agree(&output, &list(expected.clone()), "output");
                let weighted = expected * image(&gradient, [batch, channels, places, 1]);
                let gradients = sum(weighted).backward();
                agree(&found.input, &list(tensor.grad(&gradients).unwrap()), "input");
                agree(&found.weight, &list(w.grad(&gradients).unwrap()), "weight");
                agree(&found.bias, &list(b.grad(&gradients).unwrap()), "bias");
            }
        }

        #[test]
        fn what_is_no_number_is_not_hidden() {
            let shape = Pooling {
                planes: 1,
                size: [1, 4],
                window: [1, 2],
                stride: [1, 2],
                padding: [0, 0],
            };
            let pooled = shape.forward(&[f32::NAN, 1.0, f32::NEG_INFINITY, f32::NEG_INFINITY]);
            assert!(pooled.maxima[0].is_nan() && pooled.maxima[1] == f32::NEG_INFINITY);
            assert!(portable_kernels::positive_part(&[f32::NAN])[0].is_nan());
        }
    }

    proptest! {
        #[test]
        fn a_convolution_and_its_gradients_are_those_of_the_definition(
            batch in 1usize..4, inputs in 1usize..20, outputs in 1usize..20,
            size in (1usize..20, 1usize..20), kernel in (1usize..8, 1usize..8),
            stride in (1usize..4, 1usize..4), padding in (0usize..4, 0usize..4),
        ) {
            let [size, kernel, stride, padding] =
                [size, kernel, stride, padding].map(|(a, b)| [a, b]);
            let shape = Convolution { batch, inputs, outputs, size, kernel, stride, padding };
            prop_assume!((0..2).all(|axis| kernel[axis] <= size[axis] + 2 * padding[axis]));
            check(shape);
        }
    }
}
