//! Rows of a split as tensors, from the host's memory or from the device's.

use crate::data::Split;
use crate::device::Place;
use burn::tensor::{Int, Tensor, TensorData};

/// A batch: flattened inputs `[batch, value]` per modality, and targets `[batch, output]`.
#[derive(Clone)]
pub struct Batch {
    pub inputs: Vec<Tensor<2>>,
    pub one_hot: Tensor<2>,
}

/// Where the batches of a split come from.
pub enum Source<'a> {
    /// The split itself: each batch is copied to the device.
    Host { split: &'a Split, columns: Vec<usize>, outputs: usize, place: Place },
    /// A copy of the whole split on the device, where batches are gathered.
    Resident { whole: Box<Batch>, place: Place },
}

impl<'a> Source<'a> {
    /// Batches of a split on a device, which holds a copy of the split where `resident`.
    /// `columns` are the indices of the modalities that take part.
    pub fn new(
        split: &'a Split,
        columns: &[usize],
        outputs: usize,
        place: Place,
        resident: bool,
    ) -> Self {
        if !resident {
            return Source::Host { split, columns: columns.to_vec(), outputs, place };
        }
        let rows: Vec<usize> = (0..split.len()).collect();
        let whole = gather(split, columns, &rows, outputs, &place);
        Source::Resident { whole: Box::new(whole), place }
    }

    /// The batches of the given rows, in order.
    pub fn batches<'b>(&'b self, batches: Vec<Vec<usize>>) -> Box<dyn Iterator<Item = Batch> + 'b> {
        match self {
            Source::Host { split, columns, outputs, place } => Box::new(
                batches.into_iter().map(|rows| gather(split, columns, &rows, *outputs, place)),
            ),
            Source::Resident { whole, place } => {
                // One transfer for all.
                let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
                let order: Vec<i64> = batches.iter().flatten().map(|row| *row as i64).collect();
                let n = order.len();
                let order = TensorData::new(order, [n]);
                let order = Tensor::<1, Int>::from_data(order, &place.device);
                let mut begin = 0;
                Box::new(sizes.into_iter().map(move |size| {
                    let rows = order.clone().slice(begin..begin + size);
                    begin += size;
                    let pick = |x: &Tensor<2>| x.clone().select(0, rows.clone());
                    Batch {
                        inputs: whole.inputs.iter().map(pick).collect(),
                        one_hot: pick(&whole.one_hot),
                    }
                }))
            }
        }
    }
}

/// Copies the given rows of a split to a device. `columns` are the indices of the modalities
/// that take part.
pub fn gather(
    split: &Split,
    columns: &[usize],
    rows: &[usize],
    outputs: usize,
    place: &Place,
) -> Batch {
    let options = (&place.device, place.dtype);
    let inputs = columns
        .iter()
        .map(|column| {
            let values = &split.features[*column];
            let size = values.len() / split.len();
            let mut gathered = Vec::with_capacity(rows.len() * size);
            for row in rows {
                gathered.extend_from_slice(&values[row * size..(row + 1) * size]);
            }
            Tensor::from_data(TensorData::new(gathered, [rows.len(), size]), options)
        })
        .collect();
    let targets = TensorData::new(split.targets.rows(rows, outputs), [rows.len(), outputs]);
    Batch { inputs, one_hot: Tensor::from_data(targets, options) }
}
