//! Ridge regression in closed form, on standardised inputs. In double precision and in one order of
//! its sums, so that its bits are those of every machine.

/// A fitted model.
pub(super) struct Ridge {
    mean: Vec<f64>,
    /// The reciprocal of the standard deviation; 0 for an input that is constant.
    scale: Vec<f64>,
    /// `[input, output]`.
    weight: Vec<f64>,
    /// The mean of the outputs.
    offset: Vec<f64>,
}

impl Ridge {
    /// Fits `targets` `[example, output]` by `inputs` `[example, input]` of `n` examples: the minimum
    /// of the mean squared error and `ridge` times the sum of the squared weights.
    pub(super) fn fit(inputs: &[f64], targets: &[f64], n: usize, ridge: f64) -> Self {
        let (size, outputs) = (inputs.len() / n, targets.len() / n);
        let count = n as f64;
        let (mean, offset) = (means(inputs, n), means(targets, n));
        let mut scale = vec![0.0; size];
        for row in inputs.chunks_exact(size) {
            for ((sum, x), mean) in scale.iter_mut().zip(row).zip(&mean) {
                *sum += (x - mean) * (x - mean);
            }
        }
        for sum in &mut scale {
            let deviation = (*sum / count).sqrt();
            *sum = if deviation < f64::EPSILON { 0.0 } else { 1.0 / deviation };
        }
        let mut gram = vec![0.0; size * size];
        let mut weight = vec![0.0; size * outputs];
        let mut x = vec![0.0; size];
        for (row, target) in inputs.chunks_exact(size).zip(targets.chunks_exact(outputs)) {
            standardise(row, &mean, &scale, &mut x);
            for (i, xi) in x.iter().enumerate() {
                let of_gram = &mut gram[i * size..i * size + i + 1];
                of_gram.iter_mut().zip(&x).for_each(|(sum, xj)| *sum += xi * xj);
                let of_weight = &mut weight[i * outputs..(i + 1) * outputs];
                for ((sum, y), offset) in of_weight.iter_mut().zip(target).zip(&offset) {
                    *sum += xi * (y - offset);
                }
            }
        }
        gram.iter_mut().chain(&mut weight).for_each(|sum| *sum /= count);
        (0..size).for_each(|i| gram[i * size + i] += ridge);
        solve(&mut gram, &mut weight, size, outputs);
        Self { mean, scale, weight, offset }
    }

    /// Outputs `[example, output]` for inputs `[example, input]`.
    pub(super) fn predict(&self, inputs: &[f64]) -> Vec<f64> {
        let (size, outputs) = (self.mean.len(), self.offset.len());
        let mut x = vec![0.0; size];
        let mut predicted = Vec::with_capacity(inputs.len() / size * outputs);
        for row in inputs.chunks_exact(size) {
            standardise(row, &self.mean, &self.scale, &mut x);
            let mut y = self.offset.clone();
            for (xi, weights) in x.iter().zip(self.weight.chunks_exact(outputs)) {
                y.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += xi * weight);
            }
            predicted.extend(y);
        }
        predicted
    }
}

fn means(values: &[f64], n: usize) -> Vec<f64> {
    let size = values.len() / n;
    let mut means = vec![0.0; size];
    for row in values.chunks_exact(size) {
        means.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    means.iter_mut().for_each(|sum| *sum /= n as f64);
    means
}

fn standardise(row: &[f64], mean: &[f64], scale: &[f64], into: &mut [f64]) {
    for (x, ((value, mean), scale)) in into.iter_mut().zip(row.iter().zip(mean).zip(scale)) {
        *x = (value - mean) * scale;
    }
}

/// Solves `a x = b` in the place of `b` `[size, outputs]`, for a positive definite `a` of which the
/// lower half is given: by Cholesky, in its place.
fn solve(a: &mut [f64], b: &mut [f64], size: usize, outputs: usize) {
    for i in 0..size {
        for j in 0..=i {
            let (above, below) = a.split_at(i * size);
            let of_j = if j < i { &above[j * size..j * size + j] } else { &below[..j] };
            let product: f64 = below[..j].iter().zip(of_j).map(|(x, y)| x * y).sum();
            let rest = below[j] - product;
            a[i * size + j] = if i == j { rest.sqrt() } else { rest / a[j * size + j] };
        }
    }
    for i in 0..size {
        for j in 0..i {
            subtract(b, outputs, (i, j), a[i * size + j]);
        }
        divide(b, outputs, i, a[i * size + i]);
    }
    for i in (0..size).rev() {
        for j in i + 1..size {
            subtract(b, outputs, (i, j), a[j * size + i]);
        }
        divide(b, outputs, i, a[i * size + i]);
    }
}

/// Takes `factor` times row `j` from row `i`.
fn subtract(rows: &mut [f64], size: usize, (i, j): (usize, usize), factor: f64) {
    for k in 0..size {
        rows[i * size + k] -= factor * rows[j * size + k];
    }
}

fn divide(rows: &mut [f64], size: usize, i: usize, by: f64) {
    rows[i * size..(i + 1) * size].iter_mut().for_each(|x| *x /= by);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The gradient of the penalised error by each weight, which is 0 where the error is least.
    fn gradient(fitted: &Ridge, inputs: &[f64], targets: &[f64], ridge: f64) -> Vec<f64> {
        let (size, outputs) = (fitted.mean.len(), fitted.offset.len());
        let predicted = fitted.predict(inputs);
        let n = predicted.len() / outputs;
        let mut x = vec![0.0; size];
        let mut gradient: Vec<f64> = fitted.weight.iter().map(|w| ridge * w).collect();
        for e in 0..n {
            standardise(&inputs[e * size..(e + 1) * size], &fitted.mean, &fitted.scale, &mut x);
            for (at, of) in gradient.iter_mut().enumerate() {
                let (i, k) = (at / outputs, at % outputs);
                let error = predicted[e * outputs + k] - targets[e * outputs + k];
                *of += x[i] * error / n as f64;
            }
        }
        gradient
    }

    proptest! {
        #[test]
        fn the_penalised_error_is_least(
            rows in prop::collection::vec(prop::array::uniform5(-3.0..3.0f64), 4..20),
            ridge in 1e-3..1.0f64,
        ) {
            let n = rows.len();
            let inputs: Vec<f64> = rows.iter().flat_map(|row| row[..3].to_vec()).collect();
            let targets: Vec<f64> = rows.iter().flat_map(|row| row[3..].to_vec()).collect();
            let fitted = Ridge::fit(&inputs, &targets, n, ridge);
            for slope in gradient(&fitted, &inputs, &targets, ridge) {
                prop_assert!(slope.abs() < 1e-9, "{slope}");
            }
        }
    }

    #[test]
    fn an_input_that_is_constant_says_nothing() {
        let fitted = Ridge::fit(&[1.0, 7.0, 2.0, 7.0, 3.0, 7.0], &[2.0, 4.0, 6.0], 3, 1e-9);
        let predicted = fitted.predict(&[4.0, 7.0, 4.0, 9.0]);
        assert!(predicted.iter().all(|y| (y - 8.0).abs() < 1e-6), "{predicted:?}");
    }
}
