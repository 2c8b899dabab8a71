//! The gradient of a convolution's weights.

use crate::convolution::Convolution;
use crate::grid::Grid;
use crate::product::{DEPTH, Left, Run, Runs, blocks, multiply, pack, shared};
use crate::tile::{COLUMNS, Float, ROWS};
use rayon::prelude::*;
use std::ops::Range;

/// Columns that are computed together.
const TOGETHER: usize = 4 * COLUMNS;

impl Convolution {
    /// The gradient of the weights, of that of the output. Each value is a sum over the images,
    /// then the rows, then the columns of the output.
    ///
    /// # Panics
    /// When the slices have not the lengths of input and output.
    pub fn weight_gradient<T: Float>(&self, x: &[T], gradient: &[T]) -> Vec<T> {
        let [of_x, of_weights, of_output] = self.lengths();
        assert_eq!([x.len(), gradient.len()], [of_x, of_output], "a convolution of other shapes");
        let (places, taps) = (self.places(), self.taps());
        let depth = self.batch * places;
        let grid = Grid::of(self);
        let x = grid.by_place(x, self.size, self.inputs);
        let [_, width] = self.output_size();
        let offsets: Vec<usize> = (0..depth)
            .map(|k| {
                let at = [k % places / width, k % width];
                (k / places * grid.len() + grid.output(at)) * self.inputs
            })
            .collect();
        // The kernel's positions in the order of the grid, so that the runs are long.
        let mut positions: Vec<[usize; 2]> = self.positions().collect();
        positions.sort_by_key(|at| grid.tap(*at));
        let inputs = self.inputs;
        let runs =
            Runs::new(positions.iter().map(|at| Run { from: grid.tap(*at) * inputs, len: inputs }));
        let left = Left::of_rows(gradient, self.outputs, places);

        let columns = taps * inputs;
        let part = |columns: Range<usize>| {
            let stride = columns.len().next_multiple_of(COLUMNS);
            let mut c = vec![T::default(); left.panels * ROWS * stride];
            let mut right = vec![T::default(); depth.min(DEPTH) * stride];
            let panels: Vec<Vec<Run>> =
                columns.clone().step_by(COLUMNS).map(|first| runs.panel(first)).collect();
            for block in blocks(depth) {
                let right = &mut right[..block.len() * stride];
                for (runs, right) in
                    panels.iter().zip(right.chunks_exact_mut(block.len() * COLUMNS))
                {
                    pack(&x, offsets[block.clone()].iter().copied(), runs, right);
                }
                multiply(&left, 0..left.panels, right, columns.len(), &block, &mut c);
            }
            (columns, stride, c)
        };
        let mut of_weight = vec![T::default(); of_weights];
        let mut take = |(columns, stride, c): (Range<usize>, usize, Vec<T>)| {
            for output in 0..self.outputs {
                let of_weight = &mut of_weight[output * columns_of(self)..][..columns_of(self)];
                let c = &c[output * stride..];
                for (column, c) in columns.clone().zip(c) {
                    let [row, at] = positions[column / inputs];
                    of_weight[column % inputs * taps + row * self.kernel[1] + at] = *c;
                }
            }
        };
        let parts = (0..columns).step_by(TOGETHER).map(|from| from..columns.min(from + TOGETHER));
        if shared(self.outputs, columns, depth) {
            let parts: Vec<_> = parts.collect::<Vec<_>>().into_par_iter().map(part).collect();
            parts.into_iter().for_each(take);
        } else {
            parts.map(part).for_each(&mut take);
        }
        of_weight
    }
}

fn columns_of(shape: &Convolution) -> usize {
    shape.inputs * shape.taps()
}
