//! The shape of a convolution, and its output.

use crate::grid::Grid;
use crate::product::{Left, Run, Runs, pack, product};
use crate::tile::Float;

/// A convolution of `[batch, inputs, height, width]` with weights `[outputs, inputs, height,
/// width]`, without bias and dilation. One of a sequence has height 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convolution {
    pub batch: usize,
    pub inputs: usize,
    pub outputs: usize,
    /// Height and width of the input.
    pub size: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
}

impl Convolution {
    /// Height and width of the output.
    ///
    /// # Panics
    /// When the padded input is smaller than the kernel.
    pub fn output_size(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            let padded = self.size[axis] + 2 * self.padding[axis];
            assert!(self.kernel[axis] <= padded, "the kernel is larger than its padded input");
            (padded - self.kernel[axis]) / self.stride[axis] + 1
        })
    }

    /// The number of values of the input, of the weights and of the output.
    pub(crate) fn lengths(&self) -> [usize; 3] {
        [
            self.batch * self.inputs * self.size[0] * self.size[1],
            self.outputs * self.inputs * self.taps(),
            self.batch * self.outputs * self.places(),
        ]
    }

    /// The places of an output image.
    pub(crate) fn places(&self) -> usize {
        self.output_size().iter().product()
    }

    /// The positions of the kernel.
    pub(crate) fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// The output, `[batch, outputs, height, width]`. Each value is a sum over input channels,
    /// then rows, then columns of the kernel.
    ///
    /// # Panics
    /// When the slices have not the lengths of input and weights.
    pub fn forward<T: Float>(&self, x: &[T], weights: &[T]) -> Vec<T> {
        let [of_x, of_weights, of_output] = self.lengths();
        assert_eq!([x.len(), weights.len()], [of_x, of_weights], "a convolution of other shapes");
        let (places, depth) = (self.places(), self.inputs * self.taps());
        let grid = Grid::of(self);
        let x = grid.by_channel(x, self.size);
        let offsets: Vec<usize> = (0..self.inputs)
            .flat_map(|channel| self.positions().map(move |at| (channel, at)))
            .map(|(channel, at)| channel * grid.len() + grid.tap(at))
            .collect();
        let [rows, width] = self.output_size();
        let rows = (0..self.batch).flat_map(|image| (0..rows).map(move |row| [image, row]));
        let runs = Runs::new(rows.map(|[image, row]| {
            let from = image * self.inputs * grid.len() + grid.output([row, 0]);
            Run { from, len: width }
        }));
        let left = Left::of_rows(weights, self.outputs, depth);

        let mut output = vec![T::default(); of_output];
        product(
            &left,
            [self.outputs, self.batch * places, depth],
            |block, first, into| {
                pack(&x, offsets[block.clone()].iter().copied(), &runs.panel(first), into);
            },
            |part| {
                let mut from = part.columns.start;
                while from < part.columns.end {
                    let (image, place) = (from / places, from % places);
                    let len = (places - place).min(part.columns.end - from);
                    for row in 0..self.outputs {
                        let at = (image * self.outputs + row) * places + place;
                        let values = &part.row(row)[from - part.columns.start..][..len];
                        output[at..at + len].copy_from_slice(values);
                    }
                    from += len;
                }
            },
        );
        output
    }

    /// The positions of the kernel, by row.
    pub(crate) fn positions(&self) -> impl Iterator<Item = [usize; 2]> + use<> {
        let [rows, columns] = self.kernel;
        (0..rows).flat_map(move |row| (0..columns).map(move |column| [row, column]))
    }
}
