//! Images with their padding, so laid out that what a kernel's position reads is contiguous.

use crate::convolution::Convolution;
use crate::scratch::Scratch;
use crate::tile::Float;
use crate::transpose::transpose;

/// How the values of an image lie: by phase of the stride, and in a phase by row and column. A
/// position of the kernel is then a displacement of all that it reads.
pub(crate) struct Grid {
    /// Rows and columns of a phase.
    rows: usize,
    columns: usize,
    stride: [usize; 2],
    padding: [usize; 2],
}

impl Grid {
    pub(crate) fn of(shape: &Convolution) -> Self {
        let [rows, columns] = [0, 1].map(|axis| {
            let reach = (shape.kernel[axis] - 1) / shape.stride[axis];
            shape.output_size()[axis] + reach
        });
        Self { rows, columns, stride: shape.stride, padding: shape.padding }
    }

    /// The values of one channel of an image.
    pub(crate) fn len(&self) -> usize {
        self.stride[0] * self.stride[1] * self.rows * self.columns
    }

    /// Where the kernel's position `[row, column]` finds the value for the first output.
    pub(crate) fn tap(&self, at: [usize; 2]) -> usize {
        let phase = at[0] % self.stride[0] * self.stride[1] + at[1] % self.stride[1];
        let [row, column] = [at[0] / self.stride[0], at[1] / self.stride[1]];
        (phase * self.rows + row) * self.columns + column
    }

    /// How much further the value for the output `[row, column]` lies.
    pub(crate) fn output(&self, at: [usize; 2]) -> usize {
        at[0] * self.columns + at[1]
    }

    /// Calls with every row of an image, `[height, width]`, that the grid has: where it begins, the
    /// place of its first value in the grid, the first column, its step, and the number of columns.
    fn each_row(&self, [height, width]: [usize; 2], mut call: impl FnMut(Strip)) {
        for row in 0..height {
            let padded = row + self.padding[0];
            let (a, i) = (padded % self.stride[0], padded / self.stride[0]);
            if self.rows <= i {
                continue;
            }
            for first in 0..self.stride[1].min(width) {
                let padded = first + self.padding[1];
                let (b, j) = (padded % self.stride[1], padded / self.stride[1]);
                let count = (width - first).div_ceil(self.stride[1]);
                let place = ((a * self.stride[1] + b) * self.rows + i) * self.columns + j;
                let count = count.min(self.columns.saturating_sub(j));
                if count == 0 {
                    continue;
                }
                call(Strip { from: row * width + first, step: self.stride[1], place, count });
            }
        }
    }

    /// The grids of `[images][channels]`, each channel for itself.
    pub(crate) fn by_channel<T: Float>(&self, x: &[T], size: [usize; 2]) -> Scratch<T> {
        let (n, len) = (size[0] * size[1], self.len());
        let mut grid = Scratch::of(x.len() / n * len);
        // The padding.
        grid.fill(T::default());
        for (x, grid) in x.chunks_exact(n).zip(grid.chunks_exact_mut(len)) {
            self.each_row(size, |strip| {
                let into = &mut grid[strip.place..strip.place + strip.count];
                if strip.step == 1 {
                    into.copy_from_slice(&x[strip.from..strip.from + strip.count]);
                } else {
                    let from = x[strip.from..].iter().step_by(strip.step);
                    into.iter_mut().zip(from).for_each(|(into, x)| *into = *x);
                }
            });
        }
        grid
    }

    /// The grids of `[images][channels]`, the channels of each place side by side.
    pub(crate) fn by_place<T: Float>(
        &self,
        x: &[T],
        size: [usize; 2],
        channels: usize,
    ) -> Scratch<T> {
        let (n, len) = (size[0] * size[1] * channels, self.len() * channels);
        let mut grid = Scratch::of(x.len() / n * len);
        // The padding.
        grid.fill(T::default());
        for (x, grid) in x.chunks_exact(n).zip(grid.chunks_exact_mut(len)) {
            self.each_row(size, |strip| {
                let into = &mut grid[strip.place * channels..][..strip.count * channels];
                if strip.step == 1 {
                    let plane = size[0] * size[1];
                    return transpose(
                        &x[strip.from..],
                        plane,
                        channels,
                        strip.count,
                        into,
                        channels,
                    );
                }
                for (channel, x) in x.chunks_exact(size[0] * size[1]).enumerate() {
                    let from = x[strip.from..].iter().step_by(strip.step);
                    let into = into[channel..].iter_mut().step_by(channels);
                    into.zip(from).for_each(|(into, x)| *into = *x);
                }
            });
        }
        grid
    }
}

/// A part of an image's row that lies contiguous in a grid.
struct Strip {
    from: usize,
    step: usize,
    place: usize,
    count: usize,
}
