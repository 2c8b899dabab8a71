//! The two-stage model: one encoder per modality, one fusion head.

pub mod encoder;
pub mod fusion;
pub mod init;
pub mod layers;
pub mod objective;
pub mod parameters;
pub mod score;

use crate::device::Place;
use crate::error::{Error, Result};
use crate::model::fusion::Fusion;
use crate::suite::run::RunSpec;
use burn::module::Module;
use burn::tensor::Tensor;
use encoder::Encoder;

/// Encoders in the order of the run's branches, and the fusion head on their features.
#[derive(Module, Debug)]
pub struct Model {
    pub encoders: Vec<Encoder>,
    pub fusion: Fusion,
}

impl Model {
    /// Builds the model of a run with weights of zero; see [`init::fill`].
    ///
    /// # Errors
    /// When an encoder cannot read its modality or the fusion cannot join their features.
    pub fn build(spec: &RunSpec, place: &Place) -> Result<Self> {
        let encoders = spec
            .cell
            .branches
            .iter()
            .map(|branch| Encoder::build(&branch.encoder, branch.modality.shape, place))
            .collect::<Result<Vec<_>>>()?;
        let sizes: Vec<usize> = spec
            .cell
            .branches
            .iter()
            .map(|branch| encoder::feature_size(&branch.encoder))
            .collect::<Result<_>>()?;
        let fusion = Fusion::build(&spec.cell.fusion, &sizes, spec.cell.outputs, place).map_err(
            |message| Error::input(format!("fusion `{}`: {message}", spec.cell.fusion.name)),
        )?;
        Ok(Self { encoders, fusion })
    }

    /// Features `[batch, feature]` of every modality, from flattened inputs `[batch, value]`.
    pub fn features(&self, inputs: Vec<Tensor<2>>) -> Vec<Tensor<2>> {
        self.encoders.iter().zip(inputs).map(|(encoder, x)| encoder.forward(x)).collect()
    }
}
