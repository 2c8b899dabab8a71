//! Sum: a linear head per modality, logits added.

use super::{Build, Fusion, Join};
use crate::device::Place;
use crate::model::layers::{Linear, linear};
use crate::registry::Entry;
use crate::suite::catalog::Sizes;
use burn::module::Module;
use burn::tensor::Tensor;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "sum",
    summary: "a linear head per modality, logits added",
    params: &[],
    revision: 1,
    build: Build {
        joins: |_| Ok(()),
        default_scores: "split-head",
        splits: true,
        build: |_, sizes, outputs, place| Fusion::Sum(Sum::new(sizes, outputs, place)),
    },
};

#[derive(Module, Debug)]
pub struct Sum {
    pub heads: Vec<Linear>,
}

impl Sum {
    fn new(sizes: &[Sizes], outputs: usize, place: &Place) -> Self {
        Self {
            heads: sizes.iter().map(|size| Linear::new(size.features, outputs, place)).collect(),
        }
    }

    fn parts(&self, features: &[Tensor<2>], halve: bool) -> Vec<Tensor<2>> {
        let share = if halve { 1.0 / self.heads.len() as f64 } else { 1.0 };
        self.heads
            .iter()
            .zip(features)
            .map(|(head, x)| {
                let bias = head.bias.val().mul_scalar(share);
                linear(x.clone(), head.weight.val(), bias)
            })
            .collect()
    }
}

impl Join for Sum {
    fn forward(&self, features: &[Tensor<2>]) -> Tensor<2> {
        self.parts(features, false)
            .into_iter()
            .reduce(|sum, logits| sum + logits)
            .expect("a model has a modality")
    }

    fn split_logits(&self, features: &[Tensor<2>], halve_bias: bool) -> Option<Vec<Tensor<2>>> {
        Some(self.parts(features, halve_bias))
    }
}
