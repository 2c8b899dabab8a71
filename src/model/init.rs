//! Initial weights from keyed streams: the same seed gives the same weights on every backend.

use super::Model;
use super::parameters::{Kind, Site, from_torch, update};
use crate::stream::Stream;
use burn::tensor::{Tensor, TensorData};

/// Fills every parameter by its role, as the published code does (OGM-GE_CVPR2022
/// `utils/utils.py`): linear weights Xavier normal, convolutions Kaiming normal over the fan out,
/// biases 0, normalisation 1 and 0.
pub fn fill(model: Model, names: &[String], seed: u64) -> Model {
    update(model, names, |site, old| {
        let values = draw(site, seed)?;
        let value = Tensor::from_data(
            TensorData::new(values, [old.dims()[0]]),
            (&old.device(), old.dtype()),
        );
        Some(from_torch(site, value))
    })
}

/// The values in PyTorch's layout; `None` for those that keep the value they are made with.
fn draw(site: &Site, seed: u64) -> Option<Vec<f32>> {
    let deviation = match (site.kind, site.shape.as_slice()) {
        (Kind::LinearWeight, &[outputs, inputs]) => libm::sqrt(2.0 / (inputs + outputs) as f64),
        (Kind::ConvWeight, &[outputs, _, ref kernel @ ..]) => {
            libm::sqrt(2.0 / (outputs * kernel.iter().product::<usize>()) as f64)
        }
        _ => return None,
    };
    let mut stream = Stream::new(seed, &format!("init/{}", site.path));
    let mut values = vec![0.0; site.shape.iter().product()];
    stream.fill_normal(&mut values, |x| (deviation * x) as f32);
    Some(values)
}
