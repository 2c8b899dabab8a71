//! Gated: one modality's projection gates that of the other.

use super::{Build, Fusion, Join, two_of_one_size};
use crate::device::Place;
use crate::model::layers::Linear;
use crate::registry::{Domain, Entry, Fallback, Param};
use burn::module::Module;
use burn::tensor::{Tensor, activation::sigmoid};

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "gated",
    summary: "one modality's projection, through a sigmoid, gates the other's",
    params: &[Param {
        name: "gate",
        summary: "the modality that gates the other",
        domain: Domain::Choice(&["first", "second"]),
        default: Fallback::Text("first"),
    }],
    revision: 1,
    build: Build {
        joins: two_of_one_size,
        default_scores: "zero-out-feature",
        splits: false,
        build: |params, sizes, outputs, place| {
            Fusion::Gated(Gated::new(
                usize::from(params.text("gate") == "second"),
                sizes[0].features,
                outputs,
                place,
            ))
        },
    },
};

#[derive(Module, Debug)]
pub struct Gated {
    pub fc_x: Linear,
    pub fc_y: Linear,
    pub fc_out: Linear,
    /// The index of the modality that gates.
    gate: usize,
}

impl Gated {
    fn new(gate: usize, size: usize, outputs: usize, place: &Place) -> Self {
        Self {
            fc_x: Linear::new(size, size, place),
            fc_y: Linear::new(size, size, place),
            fc_out: Linear::new(size, outputs, place),
            gate,
        }
    }

    /// The projections of both modalities, which the reference returns in place of the features.
    pub fn project(&self, features: &[Tensor<2>]) -> [Tensor<2>; 2] {
        [self.fc_x.forward(features[0].clone()), self.fc_y.forward(features[1].clone())]
    }
}

impl Join for Gated {
    fn forward(&self, features: &[Tensor<2>]) -> Tensor<2> {
        let projected = self.project(features);
        let gate = sigmoid(projected[self.gate].clone());
        self.fc_out.forward(gate * projected[1 - self.gate].clone())
    }
}
