//! The kernels of the default backend, each beside what the machine is capable of: arithmetic in
//! operations a second against the innermost product's own, passes in bytes against a copy's.
//!
//! One thread, unless `RAYON_NUM_THREADS` says otherwise.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use portable_kernels::{
    Convolution, Linear, Normalisation, Pooling, Statistics, elementwise, normals,
};
use std::hint::black_box;

fn values(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i % 17) as f32 * 0.1 - 0.8).collect()
}

/// The innermost product alone: the peak that the products are held to.
fn peak(c: &mut Criterion) {
    let mut group = c.benchmark_group("peak");
    let times = 1000;
    group.throughput(Throughput::Elements(2 * 8 * 48 * 256 * times));
    group.bench_function("operations of a tile", |b| {
        b.iter(|| portable_kernels::repeat_tile(black_box(times as usize)));
    });
    let (from, mut to) = (vec![1_u8; 64 << 20], vec![0_u8; 64 << 20]);
    group.throughput(Throughput::Bytes(2 * (64 << 20)));
    group.bench_function("bytes of a copy of 64 MiB", |b| {
        b.iter(|| to.copy_from_slice(black_box(&from)));
    });
    group.finish();
}

fn convolutions(c: &mut Criterion) {
    let mut group = c.benchmark_group("convolution");
    group.sample_size(20);
    let image = |batch, [inputs, outputs]: [usize; 2], side, kernel, stride, padding| Convolution {
        batch,
        inputs,
        outputs,
        size: [side; 2],
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [padding; 2],
    };
    let series = |[inputs, outputs]: [usize; 2], length| Convolution {
        batch: 64,
        inputs,
        outputs,
        size: [1, length],
        kernel: [1, 5],
        stride: [1, 1],
        padding: [0, 2],
    };
    let shapes = [
        ("resnet18 stem, 64 px", image(16, [3, 64], 64, 7, 2, 3)),
        ("resnet18 stage 1, 64 px", image(16, [64, 64], 16, 3, 1, 1)),
        ("resnet18 stage 2, 64 px", image(16, [128, 128], 8, 3, 1, 1)),
        ("resnet18 stage 3, 64 px", image(16, [256, 256], 4, 3, 1, 1)),
        ("resnet18 stage 4, 64 px", image(16, [512, 512], 2, 3, 1, 1)),
        ("temporal, first", series([3, 8], 128)),
        ("temporal, second", series([8, 16], 64)),
        ("cnn, first", image(64, [1, 16], 28, 3, 1, 1)),
        ("cnn, second", image(64, [16, 32], 14, 3, 1, 1)),
    ];
    for (name, shape) in shapes {
        let [rows, columns] = shape.output_size();
        let taps = shape.kernel[0] * shape.kernel[1];
        let x = values(shape.batch * shape.inputs * shape.size[0] * shape.size[1]);
        let weights = values(shape.outputs * shape.inputs * taps);
        let gradient = values(shape.batch * shape.outputs * rows * columns);
        group.throughput(Throughput::Elements((2 * gradient.len() * shape.inputs * taps) as u64));
        group.bench_function(BenchmarkId::new("output", name), |b| {
            b.iter(|| shape.forward(black_box(&x), &weights));
        });
        group.bench_function(BenchmarkId::new("gradient of input", name), |b| {
            b.iter(|| shape.input_gradient(black_box(&gradient), &weights));
        });
        group.bench_function(BenchmarkId::new("gradient of weights", name), |b| {
            b.iter(|| shape.weight_gradient(black_box(&x), &gradient));
        });
    }
    group.finish();
}

fn linear(c: &mut Criterion) {
    let mut group = c.benchmark_group("linear");
    for [inputs, outputs] in [[216, 128], [784, 128], [128, 10]] {
        let shape = Linear { rows: 64, inputs, outputs, positive: true };
        let (x, weights) = (values(64 * inputs), values(inputs * outputs));
        let (bias, gradient) = (values(outputs), values(64 * outputs));
        let name = format!("64 x {inputs} to {outputs}");
        group.throughput(Throughput::Elements((2 * 64 * inputs * outputs) as u64));
        group.bench_function(BenchmarkId::new("output", &name), |b| {
            b.iter(|| shape.forward(black_box(&x), &weights, &bias));
        });
        group.bench_function(BenchmarkId::new("gradient of input", &name), |b| {
            b.iter(|| shape.input_gradient(black_box(&gradient), &weights));
        });
        group.bench_function(BenchmarkId::new("gradient of weights", &name), |b| {
            b.iter(|| shape.weight_gradient(black_box(&x), &gradient));
        });
    }
    group.finish();
}

fn passes(c: &mut Criterion) {
    let mut group = c.benchmark_group("passes");
    let [batch, channels, places] = [16, 64, 256];
    let shape = Normalisation { batch, channels, places, epsilon: 1e-5, positive: true };
    let (x, gradient) = (values(batch * channels * places), values(batch * channels * places));
    let (weight, bias) = (values(channels), values(channels));
    let Statistics { mean, variance } = shape.statistics(&x);
    let statistics = Statistics { mean: mean.as_slice(), variance: &variance };
    group.throughput(Throughput::Elements(x.len() as u64));
    group.bench_function("statistics of 16 x 64 x 256", |b| {
        b.iter(|| shape.statistics(black_box(&x)));
    });
    group.bench_function("batch normalisation and ReLU", |b| {
        b.iter(|| shape.forward(black_box(&x), [&weight, &bias], statistics));
    });
    group.bench_function("their gradients", |b| {
        b.iter(|| shape.backward(black_box(&gradient), &x, [&weight, &bias], statistics));
    });
    let pooling = Pooling {
        planes: batch * channels,
        size: [16; 2],
        window: [3; 2],
        stride: [2; 2],
        padding: [1; 2],
    };
    let pooled = pooling.forward(&x);
    group.bench_function("max pooling 3 by 3", |b| b.iter(|| pooling.forward(black_box(&x))));
    group.bench_function("its gradient", |b| {
        b.iter(|| pooling.backward(black_box(&pooled.maxima), &pooled.chosen));
    });
    let mut sums = values(1 << 18);
    let more = values(1 << 18);
    group.throughput(Throughput::Elements(1 << 18));
    group.bench_function("a + factor b of 2^18 values", |b| {
        b.iter(|| elementwise::add_scaled(&mut sums, black_box(&more), 1e-6));
    });
    let draws: Vec<u64> = (0..1u64 << 16).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    let mut into = vec![0.0; draws.len()];
    group.throughput(Throughput::Elements(draws.len() as u64));
    group.bench_function("normal numbers of draws", |b| {
        b.iter(|| normals(black_box(&draws), &mut into));
    });
    group.finish();
}

criterion_group!(benches, peak, convolutions, linear, passes);
criterion_main!(benches);
