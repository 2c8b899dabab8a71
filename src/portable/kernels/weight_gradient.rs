//! The gradient of a convolution's weights.

use crate::convolution::Convolution;
use crate::grid::Grid;
use crate::product::{Left, Run, Runs, pack, product};
use crate::tile::Float;

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
        let mut of_weight = vec![T::default(); of_weights];
        product(
            &left,
            [self.outputs, columns, depth],
            |block, first, into| {
                pack(&x, offsets[block.clone()].iter().copied(), &runs.panel(first), into);
            },
            |part| {
                for (output, of_weight) in of_weight.chunks_exact_mut(columns).enumerate() {
                    let (mut values, mut column) = (part.row(output), part.columns.start);
                    // One position of the kernel after the other.
                    while let [_, ..] = values {
                        let [row, at] = positions[column / inputs];
                        let first = column % inputs;
                        let (here, rest) = values.split_at(values.len().min(inputs - first));
                        let into = of_weight[first * taps + row * self.kernel[1] + at..].iter_mut();
                        into.step_by(taps).zip(here).for_each(|(into, value)| *into = *value);
                        (values, column) = (rest, column + here.len());
                    }
                }
            },
        );
        of_weight
    }
}
