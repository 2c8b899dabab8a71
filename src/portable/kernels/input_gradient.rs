//! The gradient of a convolution's input.

use crate::convolution::Convolution;
use crate::product::{Left, Run, Runs, TOGETHER, blocks, multiply, pack, shared};
use crate::scratch::Scratch;
use crate::tile::{COLUMNS, Float, ROWS};
use rayon::prelude::*;

/// Input channels that are computed together.
const CHANNELS: usize = 8;

impl Convolution {
    /// The gradient of the input, of that of the output. Each value is a sum over the kernel's
    /// positions of what a sum over output channels gives for it.
    ///
    /// # Panics
    /// When the slices have not the lengths of output and weights.
    pub fn input_gradient<T: Float>(&self, gradient: &[T], weights: &[T]) -> Vec<T> {
        let [of_x, of_weights, of_output] = self.lengths();
        assert_eq!(
            [gradient.len(), weights.len()],
            [of_output, of_weights],
            "a convolution of other shapes"
        );
        let (places, taps) = (self.places(), self.taps());
        let left = Left::of_columns(weights, self.inputs * taps, self.outputs);
        // Whole images, until they have many places.
        let together = TOGETHER.div_ceil(places).min(self.batch);
        let mut of_input = vec![T::default(); of_x];
        let part = |(gradient, of_input): (&[T], &mut [T])| {
            self.part(&left, gradient, of_input);
        };
        let gradients = gradient.chunks(together * self.outputs * places);
        let image = self.inputs * self.size[0] * self.size[1];
        let of_inputs = of_input.chunks_mut(together * image);
        if shared(self.inputs * taps, self.batch * places, self.outputs) {
            gradients.zip(of_inputs).collect::<Vec<_>>().into_par_iter().for_each(part);
        } else {
            gradients.zip(of_inputs).for_each(part);
        }
        of_input
    }

    /// Some whole images.
    fn part<T: Float>(&self, left: &Left<T>, gradient: &[T], of_input: &mut [T]) {
        let (places, taps, image) =
            (self.places(), self.taps(), self.inputs * self.size[0] * self.size[1]);
        let images = of_input.len() / image;
        let columns = images * places;
        let stride = columns.next_multiple_of(COLUMNS);
        let runs = Runs::new(
            (0..images).map(|image| Run { from: image * self.outputs * places, len: places }),
        );
        // By block of the inner dimension, then by panel.
        let mut right = Scratch::of(self.outputs * stride);
        for (panel, first) in (0..columns).step_by(COLUMNS).enumerate() {
            let runs = runs.panel(first);
            for block in blocks(self.outputs) {
                let from = block.start * stride + panel * block.len() * COLUMNS;
                let right = &mut right[from..from + block.len() * COLUMNS];
                pack(gradient, block.map(|k| k * places), &runs, right);
            }
        }
        let mut c = Scratch::of(CHANNELS * taps * stride);
        for channels in (0..self.inputs).step_by(CHANNELS) {
            let channels = channels..self.inputs.min(channels + CHANNELS);
            let panels = channels.start * taps / ROWS..(channels.end * taps).div_ceil(ROWS);
            for block in blocks(self.outputs) {
                let right = &right[block.start * stride..block.end * stride];
                multiply(left, panels.clone(), right, columns, &block, &mut c);
            }
            for (row, channel) in channels.enumerate() {
                for (tap, at) in self.positions().enumerate() {
                    let c = &c[(row * taps + tap) * stride..][..columns];
                    for (c, of_input) in
                        c.chunks_exact(places).zip(of_input.chunks_exact_mut(image))
                    {
                        let plane = self.size[0] * self.size[1];
                        let of_input = &mut of_input[channel * plane..(channel + 1) * plane];
                        self.add(c, at, of_input);
                    }
                }
            }
        }
    }

    /// Adds what one position of the kernel, `at`, has for the input's values under it.
    fn add<T: Float>(&self, c: &[T], at: [usize; 2], of_input: &mut [T]) {
        let [height, width] = self.size;
        let [rows, columns] = self.output_size();
        let inside = |axis: usize, outputs: usize| {
            let (stride, padding) = (self.stride[axis], self.padding[axis]);
            let first = padding.saturating_sub(at[axis]).div_ceil(stride);
            let end = (self.size[axis] + padding).saturating_sub(at[axis]).div_ceil(stride);
            first..end.min(outputs)
        };
        debug_assert_eq!(of_input.len(), height * width);
        let inner = inside(1, columns);
        if inner.is_empty() {
            return;
        }
        for row in inside(0, rows) {
            let c = &c[row * columns + inner.start..row * columns + inner.end];
            let y = row * self.stride[0] + at[0] - self.padding[0];
            let x = inner.start * self.stride[1] + at[1] - self.padding[1];
            let of_input = &mut of_input[y * width + x..(y + 1) * width];
            if self.stride[1] == 1 {
                of_input.iter_mut().zip(c).for_each(|(sum, c)| *sum += *c);
            } else {
                let of_input = of_input.iter_mut().step_by(self.stride[1]);
                of_input.zip(c).for_each(|(sum, c)| *sum += *c);
            }
        }
    }
}
