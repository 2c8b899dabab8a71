//! Linear layers.

use crate::positive::gated;
use crate::product::{Left, Run, Runs, pack, product};
use crate::tile::{COLUMNS, Float};
use crate::transpose::transpose;
use crate::wide::wide;

/// A linear layer of `[rows, inputs]` with weights `[inputs, outputs]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    pub rows: usize,
    pub inputs: usize,
    pub outputs: usize,
    /// Whether only the positive part of the output is kept.
    pub positive: bool,
}

impl Linear {
    /// The output, `[rows, outputs]`: a sum over the inputs, then the bias.
    ///
    /// # Panics
    /// When a slice has not the length of the layer.
    pub fn forward<T: Float>(&self, x: &[T], weights: &[T], bias: &[T]) -> Vec<T> {
        let Self { rows, inputs, outputs, positive } = *self;
        self.check([x.len(), weights.len(), bias.len()], outputs);
        let left = Left::of_rows(x, rows, inputs);
        let mut output = vec![T::default(); rows * outputs];
        product(&left, [rows, outputs, inputs], rows_of(weights, outputs), |part| {
            for (row, output) in output.chunks_exact_mut(outputs).enumerate() {
                let bias = &bias[part.columns.clone()];
                let output = &mut output[part.columns.clone()];
                match positive {
                    true => add_positive(part.row(row), bias, output),
                    false => add(part.row(row), bias, output),
                }
            }
        });
        output
    }

    /// The gradient of the input, of that of the output before its positive part: a sum over the
    /// outputs.
    ///
    /// # Panics
    /// As [`Linear::forward`].
    pub fn input_gradient<T: Float>(&self, gradient: &[T], weights: &[T]) -> Vec<T> {
        let Self { rows, inputs, outputs, .. } = *self;
        self.check([rows * inputs, weights.len(), outputs], gradient.len() / rows.max(1));
        let left = Left::of_rows(gradient, rows, outputs);
        let mut of_input = vec![T::default(); rows * inputs];
        product(
            &left,
            [rows, inputs, outputs],
            |block, first, into| {
                let lines = COLUMNS.min(inputs - first);
                let from = &weights[first * outputs + block.start..];
                transpose(from, outputs, lines, block.len(), into, COLUMNS);
            },
            |part| {
                for (row, of_input) in of_input.chunks_exact_mut(inputs).enumerate() {
                    of_input[part.columns.clone()].copy_from_slice(part.row(row));
                }
            },
        );
        of_input
    }

    /// The gradients of weights and bias, of that of the output before its positive part: sums over
    /// the rows.
    ///
    /// # Panics
    /// As [`Linear::forward`].
    pub fn weight_gradient<T: Float>(&self, x: &[T], gradient: &[T]) -> [Vec<T>; 2] {
        let Self { rows, inputs, outputs, .. } = *self;
        self.check([x.len(), inputs * outputs, outputs], gradient.len() / rows.max(1));
        let left = Left::of_columns(x, inputs, rows);
        let mut of_weights = vec![T::default(); inputs * outputs];
        product(&left, [inputs, outputs, rows], rows_of(gradient, outputs), |part| {
            for (row, of_weights) in of_weights.chunks_exact_mut(outputs).enumerate() {
                of_weights[part.columns.clone()].copy_from_slice(part.row(row));
            }
        });
        let mut of_bias = vec![T::default(); outputs];
        gradient.chunks_exact(outputs).for_each(|gradient| accumulate(gradient, &mut of_bias));
        [of_weights, of_bias]
    }

    fn check(&self, [of_x, of_weights, of_bias]: [usize; 3], of_output: usize) {
        let expected = [self.rows * self.inputs, self.inputs * self.outputs, self.outputs];
        assert_eq!([of_x, of_weights, of_bias], expected, "a linear layer of other shapes");
        assert_eq!(of_output, self.outputs, "a linear layer of other shapes");
    }
}

/// Packs panels of a right factor that lies as it is, `[depth][columns]`.
fn rows_of<T: Float>(
    values: &[T],
    columns: usize,
) -> impl Fn(&std::ops::Range<usize>, usize, &mut [T]) + Sync {
    let runs = Runs::new([Run { from: 0, len: columns }].into_iter());
    move |block, first, into| {
        pack(values, block.clone().map(|k| k * columns), &runs.panel(first), into);
    }
}

wide! {
    fn add<T: Float>(x: &[T], bias: &[T], into: &mut [T]) {
        for (into, (x, bias)) in into.iter_mut().zip(x.iter().zip(bias)) {
            *into = *x + *bias;
        }
    }

    /// The positive part of [`add`].
    fn add_positive<T: Float>(x: &[T], bias: &[T], into: &mut [T]) {
        for (into, (x, bias)) in into.iter_mut().zip(x.iter().zip(bias)) {
            let sum = *x + *bias;
            *into = gated(sum, sum);
        }
    }

    fn accumulate<T: Float>(x: &[T], sums: &mut [T]) {
        sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += *x);
    }
}
