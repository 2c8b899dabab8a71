//! Rows of a split as tensors.

use crate::data::Split;
use crate::model::layers::Place;
use burn::tensor::{Tensor, TensorData};

/// A batch: flattened inputs `[batch, value]` per modality, and one-hot labels `[batch, class]`.
pub struct Batch {
    pub inputs: Vec<Tensor<2>>,
    pub one_hot: Tensor<2>,
}

/// Copies the given rows of a split to a device. `columns` are the indices of the modalities
/// that take part.
pub fn gather(
    split: &Split,
    columns: &[usize],
    rows: &[usize],
    n_classes: usize,
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
    let mut one_hot = vec![0.0f32; rows.len() * n_classes];
    for (i, row) in rows.iter().enumerate() {
        one_hot[i * n_classes + split.labels[*row] as usize] = 1.0;
    }
    let one_hot = Tensor::from_data(TensorData::new(one_hot, [rows.len(), n_classes]), options);
    Batch { inputs, one_hot }
}
