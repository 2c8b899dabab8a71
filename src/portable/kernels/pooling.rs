//! Max pooling.

use crate::tile::Float;
use crate::wide::wide;

/// The maximum of windows of `[planes, height, width]`. One over a sequence has height 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooling {
    pub planes: usize,
    /// Height and width of the input.
    pub size: [usize; 2],
    pub window: [usize; 2],
    pub stride: [usize; 2],
    /// At most half of the window, so that every window has a value.
    pub padding: [usize; 2],
}

/// The maxima, and which value of the window each is.
pub struct Pooled<T> {
    pub maxima: Vec<T>,
    pub chosen: Vec<u32>,
}

impl Pooling {
    /// Height and width of the output.
    ///
    /// # Panics
    /// When the padded input is smaller than the window.
    pub fn output_size(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            let padded = self.size[axis] + 2 * self.padding[axis];
            assert!(self.window[axis] <= padded, "the window is larger than its padded input");
            (padded - self.window[axis]) / self.stride[axis] + 1
        })
    }

    /// The maximum of every window: the first of several, and what is no number, where there is any.
    ///
    /// # Panics
    /// When `x` has not the length of the planes.
    pub fn forward<T: Float>(&self, x: &[T]) -> Pooled<T> {
        let [height, width] = self.size;
        assert_eq!(x.len(), self.planes * height * width, "a pooling of other planes");
        let [rows, columns] = self.output_size();
        let mut maxima = vec![T::of(f64::NEG_INFINITY); self.planes * rows * columns];
        let mut chosen = vec![0; maxima.len()];
        let lines = maxima.chunks_exact_mut(columns).zip(chosen.chunks_exact_mut(columns));
        for (i, (maxima, chosen)) in lines.enumerate() {
            let plane = &x[i / rows * height * width..][..height * width];
            // The first value that is there, for a window of nothing above -inf.
            let above = self.padding[0].saturating_sub(i % rows * self.stride[0]);
            for (column, chosen) in chosen.iter_mut().enumerate() {
                let before = self.padding[1].saturating_sub(column * self.stride[1]);
                *chosen = (above * self.window[1] + before) as u32;
            }
            self.each_strip(i % rows, |strip| {
                let x = &plane[strip.from..];
                let maxima = &mut maxima[strip.first..strip.end];
                let chosen = &mut chosen[strip.first..strip.end];
                match self.stride[1] {
                    1 => take_all(x, maxima, chosen, strip.index),
                    2 => take_pairs(x, maxima, chosen, strip.index),
                    stride => take(x.iter().step_by(stride), maxima, chosen, strip.index),
                }
            });
        }
        Pooled { maxima, chosen }
    }

    /// The gradient of the input, of that of the output.
    ///
    /// # Panics
    /// When the slices have not the length of the output.
    pub fn backward<T: Float>(&self, gradient: &[T], chosen: &[u32]) -> Vec<T> {
        let [height, width] = self.size;
        let [rows, columns] = self.output_size();
        let n = self.planes * rows * columns;
        assert_eq!([gradient.len(), chosen.len()], [n; 2], "a pooling of other planes");
        let mut of_input = vec![T::default(); self.planes * height * width];
        // Where the values of the first window lie, from its first.
        let places: Vec<usize> = (0..self.window[0] * self.window[1])
            .map(|index| index / self.window[1] * width + index % self.window[1])
            .collect();
        let lines = gradient.chunks_exact(columns).zip(chosen.chunks_exact(columns));
        for (i, (gradient, chosen)) in lines.enumerate() {
            let plane = &mut of_input[i / rows * height * width..][..height * width];
            let row = i % rows * self.stride[0] * width;
            for (column, (gradient, chosen)) in gradient.iter().zip(chosen).enumerate() {
                let padded = row + column * self.stride[1] + places[*chosen as usize];
                plane[padded - self.padding[0] * width - self.padding[1]] += *gradient;
            }
        }
        of_input
    }

    /// Calls with what each position of the window has for a row of the output.
    #[inline(always)]
    fn each_strip(&self, row: usize, mut call: impl FnMut(Strip)) {
        let [height, width] = self.size;
        let [_, columns] = self.output_size();
        for a in 0..self.window[0] {
            let Some(y) = (row * self.stride[0] + a).checked_sub(self.padding[0]) else { continue };
            if height <= y {
                break;
            }
            for b in 0..self.window[1] {
                let first = self.padding[1].saturating_sub(b).div_ceil(self.stride[1]);
                let end = (width + self.padding[1]).saturating_sub(b).div_ceil(self.stride[1]);
                let end = end.min(columns);
                if first < end {
                    let x = first * self.stride[1] + b - self.padding[1];
                    let index = (a * self.window[1] + b) as u32;
                    call(Strip { from: y * width + x, first, end, index });
                }
            }
        }
    }
}

/// The values at one position of the window, for columns of the output.
struct Strip {
    from: usize,
    first: usize,
    end: usize,
    index: u32,
}

wide! {
    /// As [`take`], of all values.
    fn take_all<T: Float>(x: &[T], maxima: &mut [T], chosen: &mut [u32], index: u32) {
        take(x.iter(), maxima, chosen, index);
    }

    /// As [`take`], of every other value.
    fn take_pairs<T: Float>(x: &[T], maxima: &mut [T], chosen: &mut [u32], index: u32) {
        let last = maxima.len() - 1;
        // The last pair may lack its second value.
        let (pairs, _) = x[..2 * last].as_chunks::<2>();
        take(pairs.iter().map(|[x, _]| x), &mut maxima[..last], &mut chosen[..last], index);
        take(x[2 * last..].iter(), &mut maxima[last..], &mut chosen[last..], index);
    }
}

/// Takes the values that are larger, or no number.
#[inline(always)]
fn take<'x, T: Float>(
    x: impl Iterator<Item = &'x T>,
    maxima: &mut [T],
    chosen: &mut [u32],
    index: u32,
) {
    for ((x, maximum), chosen) in x.zip(maxima).zip(chosen) {
        // Only what is no number differs from itself. No short circuit: a branch costs the vectors.
        let better = (*x > *maximum) | (*x != *x);
        *maximum = if better { *x } else { *maximum };
        *chosen = if better { index } else { *chosen };
    }
}
