//! FiLM: one modality scales and shifts the features of the other.

use super::{Build, Fusion, Join, two_of_one_size};
use crate::device::Place;
use crate::model::layers::Linear;
use crate::registry::{Domain, Entry, Fallback, Param};
use burn::module::Module;
use burn::tensor::Tensor;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "film",
    summary: "one modality scales and shifts the other's features, then a linear head",
    params: &[Param {
        name: "conditioner",
        summary: "the modality that scales and shifts the other",
        domain: Domain::Choice(&["first", "second"]),
        default: Fallback::Text("first"),
    }],
    revision: 1,
    build: Build {
        joins: two_of_one_size,
        default_scores: "zero-out-feature",
        splits: false,
        build: |params, sizes, outputs, place| {
            Fusion::Film(Film::new(
                usize::from(params.text("conditioner") == "second"),
                sizes[0].features,
                outputs,
                place,
            ))
        },
    },
};

#[derive(Module, Debug)]
pub struct Film {
    pub fc: Linear,
    pub fc_out: Linear,
    /// The index of the modality that conditions.
    conditioner: usize,
}

impl Film {
    fn new(conditioner: usize, size: usize, outputs: usize, place: &Place) -> Self {
        Self {
            fc: Linear::new(size, 2 * size, place),
            fc_out: Linear::new(size, outputs, place),
            conditioner,
        }
    }
}

impl Join for Film {
    fn forward(&self, features: &[Tensor<2>]) -> Tensor<2> {
        let [_, size] = features[0].dims();
        let affine = self.fc.forward(features[self.conditioner].clone());
        let gamma = affine.clone().narrow(1, 0, size);
        let beta = affine.narrow(1, size, size);
        self.fc_out.forward(gamma * features[1 - self.conditioner].clone() + beta)
    }
}
