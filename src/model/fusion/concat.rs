//! Concatenation: one linear head on all features side by side.

use super::{Build, Fusion, Join};
use crate::model::layers::{Linear, linear};
use crate::registry::Entry;
use burn::module::Module;
use burn::tensor::Tensor;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "concat",
    summary: "one linear head on the concatenated features",
    params: &[],
    revision: 1,
    build: Build {
        joins: |_| Ok(()),
        default_scores: "split-head",
        splits: true,
        build: |_, sizes, outputs, place| {
            let fc_out = Linear::new(sizes.iter().map(|size| size.features).sum(), outputs, place);
            Fusion::Concat(Concat { fc_out })
        },
    },
};

#[derive(Module, Debug)]
pub struct Concat {
    pub fc_out: Linear,
}

impl Concat {
    /// Each modality's slice of the weight, with an equal share of the bias (Eq. 8 of the
    /// conference paper, Eq. 6 of the journal paper).
    fn parts(&self, features: &[Tensor<2>]) -> Vec<Tensor<2>> {
        let share = 1.0 / features.len() as f64;
        let bias = self.fc_out.bias.val().mul_scalar(share);
        let mut start = 0;
        features
            .iter()
            .map(|x| {
                let size = x.dims()[1];
                let weight = self.fc_out.weight.val().narrow(0, start, size);
                start += size;
                linear(x.clone(), weight, bias.clone())
            })
            .collect()
    }
}

impl Join for Concat {
    fn forward(&self, features: &[Tensor<2>]) -> Tensor<2> {
        self.fc_out.forward(Tensor::cat(features.to_vec(), 1))
    }

    fn split_logits(&self, features: &[Tensor<2>], _halve_bias: bool) -> Option<Vec<Tensor<2>>> {
        Some(self.parts(features))
    }
}
