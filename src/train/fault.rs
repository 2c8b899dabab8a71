//! Planting faults in a run: see [`Fault`].

use crate::error::{Error, Result};
use crate::model::Model;
use crate::model::parameters::{Site, update};
use crate::record::probe::{Fault, FaultKind};
use burn::tensor::{Tensor, TensorData};

/// The learning rate at a step, where `lr` is the right one.
pub(super) fn learning_rate(fault: Option<&Fault>, step: usize, lr: f64) -> f64 {
    match fault {
        Some(Fault { step: from, kind: FaultKind::LearningRate(factor) }) if *from <= step => {
            lr * factor
        }
        _ => lr,
    }
}

/// The rows of a step's batch, where `rows` is the right order.
pub(super) fn rows(fault: Option<&Fault>, step: usize, mut rows: Vec<usize>) -> Vec<usize> {
    if matches!(fault, Some(Fault { step: at, kind: FaultKind::Reorder }) if *at == step) {
        rows.reverse();
    }
    rows
}

/// The model before a step, where `model` is the right one.
///
/// # Errors
/// When the fault names a value that the model does not have.
pub(super) fn weights(
    fault: Option<&Fault>,
    step: usize,
    model: Model,
    names: &[String],
) -> Result<Model> {
    let Some(Fault { step: at, kind: FaultKind::Flip { path, index, bit } }) = fault else {
        return Ok(model);
    };
    if *at != step {
        return Ok(model);
    }
    let mut known = Vec::new();
    let mut struck = false;
    let model = update(model, names, |site, value| {
        known.push(site.path.clone());
        let n: usize = site.shape.iter().product();
        (site.path == *path && *index < n).then(|| {
            struck = true;
            flip(site, value, *index, *bit)
        })
    });
    if struck {
        return Ok(model);
    }
    Err(Error::input(format!(
        "the fault names value {index} of `{path}`, which is not in the model"
    ))
    .with_hint(format!("its tensors are {}", known.join(", "))))
}

fn flip(site: &Site, value: &Tensor<1>, index: usize, bit: u32) -> Tensor<1> {
    let mut values: Vec<f32> = value.to_data().iter::<f32>().collect();
    values[index] = f32::from_bits(values[index].to_bits() ^ (1 << bit));
    let n: usize = site.shape.iter().product();
    Tensor::from_data(TensorData::new(values, [n]), (&value.device(), value.dtype()))
}
