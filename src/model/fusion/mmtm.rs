//! MMTM: between the last stages of the encoders, each modality's channels are gated by what all
//! modalities show there; at the end every modality has a head of its own.
//!
//! Source: "MMTM: Multimodal Transfer Module for CNN Fusion" (CVPR 2020), Eqs. 1-4; haamoon/mmtm
//! `mmtm.py` lines 40-80 (1c81cfe); greedy_multimodal_learning `src/balanced_mmtm.py` (a190e03)
//! averages the heads' logits.

use super::{Build, Fusion, Join};
use crate::device::Place;
use crate::model::hidden::Hidden;
use crate::model::layers::{Linear, relu};
use crate::model::mask::Mask;
use crate::registry::{Domain, Entry, Fallback, Param, Params};
use crate::suite::catalog::Sizes;
use burn::module::Module;
use burn::tensor::{Tensor, activation::sigmoid};

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "mmtm",
    summary: "between the encoders' last stages, all modalities gate each other's channels; \
              heads of their own, logits averaged",
    params: &[
        Param {
            name: "stages",
            summary: "how many of the last stages have gates, as far as every encoder has them",
            domain: Domain::Int { min: 1, max: 4 },
            default: Fallback::Int(3),
        },
        Param {
            name: "ratio",
            summary: "twice the channels of all modalities over those of the joint layer",
            domain: Domain::Int { min: 1, max: 64 },
            default: Fallback::Int(4),
        },
        Param {
            name: "gate",
            summary: "a sigmoid, as published, or twice that, which leaves channels as they are at 0",
            domain: Domain::Choice(&["sigmoid", "doubled"]),
            default: Fallback::Text("sigmoid"),
        },
    ],
    revision: 1,
    build: Build {
        joins,
        default_scores: "split-head",
        splits: true,
        build: |params, sizes, outputs, place| {
            Fusion::Mmtm(Mmtm::new(params, sizes, outputs, place))
        },
    },
};

fn joins(sizes: &[Sizes]) -> Result<(), String> {
    match sizes.iter().any(|size| size.stages.is_empty()) {
        true => {
            Err("acts between stages, and an encoder has none: give `mlp` a `depth` of 1".into())
        }
        false => Ok(()),
    }
}

#[derive(Module, Debug)]
pub struct Mmtm {
    /// Of the last stage first.
    pub exchanges: Vec<Exchange>,
    pub heads: Vec<Linear>,
}

/// The gates of one stage.
#[derive(Module, Debug)]
pub struct Exchange {
    /// All modalities' mean channels to the joint layer.
    pub fc_squeeze: Linear,
    /// The joint layer to the gates of each modality.
    pub fc_excite: Vec<Linear>,
    doubled: bool,
}

impl Mmtm {
    fn new(params: &Params, sizes: &[Sizes], outputs: usize, place: &Place) -> Self {
        let common = sizes.iter().map(|size| size.stages.len()).min().unwrap_or(0);
        let exchange = |from_last: usize| {
            let channels: Vec<usize> =
                sizes.iter().map(|size| size.stages[size.stages.len() - from_last]).collect();
            Exchange::new(&channels, params.count("ratio"), params.text("gate") == "doubled", place)
        };
        Self {
            exchanges: (1..=params.count("stages").min(common)).map(exchange).collect(),
            heads: sizes.iter().map(|size| Linear::new(size.features, outputs, place)).collect(),
        }
    }

    /// Each modality's own head.
    fn parts(&self, features: &[Tensor<2>]) -> Vec<Tensor<2>> {
        self.heads.iter().zip(features).map(|(head, x)| head.forward(x.clone())).collect()
    }
}

impl Exchange {
    /// For modalities of so many channels each; see the parameters of the fusion.
    pub fn new(channels: &[usize], ratio: usize, doubled: bool, place: &Place) -> Self {
        let total: usize = channels.iter().sum();
        let joint = (2 * total / ratio).max(1);
        Self {
            fc_squeeze: Linear::new(total, joint, place),
            fc_excite: channels
                .iter()
                .map(|channels| Linear::new(joint, *channels, place))
                .collect(),
            doubled,
        }
    }

    /// Gates every modality's channels. Modalities outside of `mask` show nothing to the others.
    pub fn forward(&self, hidden: Vec<Hidden>, mask: Mask) -> Vec<Hidden> {
        let means: Vec<Tensor<2>> = hidden.iter().map(Hidden::squeeze).collect();
        let joint = relu(self.fc_squeeze.forward(Tensor::cat(mask.zero_out(&means), 1)));
        let gate = |excite: &Linear| {
            let gate = sigmoid(excite.forward(joint.clone()));
            if self.doubled { gate.mul_scalar(2.0) } else { gate }
        };
        hidden.into_iter().zip(&self.fc_excite).map(|(x, excite)| x.gated(gate(excite))).collect()
    }
}

impl Join for Mmtm {
    fn forward(&self, features: &[Tensor<2>]) -> Tensor<2> {
        let sum = self.parts(features).into_iter().reduce(|sum, logits| sum + logits);
        sum.expect("a model has a modality").mul_scalar(1.0 / features.len() as f64)
    }

    fn split_logits(&self, features: &[Tensor<2>], _halve_bias: bool) -> Option<Vec<Tensor<2>>> {
        Some(self.parts(features))
    }

    fn reach(&self) -> usize {
        self.exchanges.len()
    }

    fn between(&self, from_last: usize, hidden: Vec<Hidden>, mask: Mask) -> Vec<Hidden> {
        self.exchanges[from_last - 1].forward(hidden, mask)
    }
}
