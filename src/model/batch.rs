//! Rows of a split as tensors: read when they are needed, or gathered from a copy on the device.

use crate::data::Split;
use crate::data::column::{Column, Key};
use crate::device::Place;
use crate::error::Result;
use burn::tensor::{Int, Tensor, TensorData};

/// A batch: flattened inputs `[batch, value]` per modality, and targets `[batch, output]`.
#[derive(Clone)]
pub struct Batch {
    pub inputs: Vec<Tensor<2>>,
    pub targets: Tensor<2>,
}

/// The most bytes of a split in shards that a device is given a copy of.
const RESIDENT: usize = 1 << 30;

/// Where the batches of a split come from.
pub enum Source<'a> {
    /// The split itself: the rows of each batch are read and copied to the device.
    Host { split: &'a Split, columns: Vec<usize>, outputs: usize, place: Place },
    /// A copy of the whole split on the device, where batches are gathered.
    Resident { whole: Box<Batch>, place: Place },
}

impl<'a> Source<'a> {
    /// Batches of a split on a device, which holds a copy of the split where `resident`, where it is
    /// small enough, and where an epoch sees the same rows as the one before. `columns` are the
    /// indices of the modalities that take part.
    ///
    /// # Errors
    /// When the split cannot be read.
    pub fn new(
        split: &'a Split,
        columns: &[usize],
        outputs: usize,
        place: Place,
        resident: bool,
    ) -> Result<Self> {
        let taking_part = || columns.iter().map(|column| &split.features[*column]);
        let in_shards = taking_part().filter(|column| !column.is_in_memory());
        let bytes: usize = in_shards.map(|column| column.len() * column.size() * 4).sum();
        if !resident || RESIDENT < bytes || taking_part().any(Column::is_augmented) {
            return Ok(Source::Host { split, columns: columns.to_vec(), outputs, place });
        }
        let rows: Vec<usize> = (0..split.len()).collect();
        let whole = gather(split, columns, &rows, None, outputs, &place)?;
        Ok(Source::Resident { whole: Box::new(whole), place })
    }

    /// The batches of the given rows, in order. Training gives the `key` of its epoch, evaluation
    /// none. A batch whose rows cannot be read is an error in its place.
    pub fn batches<'b>(
        &'b self,
        batches: Vec<Vec<usize>>,
        key: Option<Key>,
    ) -> Box<dyn Iterator<Item = Result<Batch>> + 'b> {
        match self {
            Source::Host { split, columns, outputs, place } => Box::new(
                batches
                    .into_iter()
                    .map(move |rows| gather(split, columns, &rows, key.as_ref(), *outputs, place)),
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
                    Ok(Batch {
                        inputs: whole.inputs.iter().map(pick).collect(),
                        targets: pick(&whole.targets),
                    })
                }))
            }
        }
    }
}

/// Copies the given rows of a split to a device. `columns` are the indices of the modalities
/// that take part. With a key the rows are augmented, where the data set declares how.
///
/// # Errors
/// When a row cannot be read.
pub fn gather(
    split: &Split,
    columns: &[usize],
    rows: &[usize],
    key: Option<&Key>,
    outputs: usize,
    place: &Place,
) -> Result<Batch> {
    let options = (&place.device, place.dtype);
    let inputs = columns
        .iter()
        .map(|column| {
            let values = split.read(*column, rows, key)?;
            let shape = [rows.len(), split.features[*column].size()];
            Ok(Tensor::from_data(TensorData::new(values, shape), options))
        })
        .collect::<Result<_>>()?;
    let targets = TensorData::new(split.targets.rows(rows, outputs), [rows.len(), outputs]);
    Ok(Batch { inputs, targets: Tensor::from_data(targets, options) })
}
