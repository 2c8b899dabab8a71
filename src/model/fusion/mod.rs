//! Fusion heads: features of every modality in, class logits out.
//!
//! Source of all four: OGM-GE_CVPR2022 `models/fusion_modules.py` (343dc1d).

pub mod concat;
pub mod film;
pub mod gated;
pub mod sum;

use crate::device::Place;
use crate::registry::{Entry, Params, Part, find_part};
use burn::module::Module;
use burn::tensor::Tensor;
use concat::Concat;
use film::Film;
use gated::Gated;
use sum::Sum;

/// How a fusion is made and what it takes.
pub struct Build {
    /// What is wrong with features of these sizes, if anything.
    pub joins: fn(&[usize]) -> Result<(), String>,
    /// The estimator of unimodal scores used where a suite names none.
    pub default_scores: &'static str,
    /// Whether its head splits by modality.
    pub splits: bool,
    /// From parameters, feature sizes and the number of classes.
    build: fn(&Params, &[usize], usize, &Place) -> Fusion,
}

/// Every fusion, in the order shown to users.
pub const FUSIONS: &[Entry<Build>] = &[sum::ENTRY, concat::ENTRY, film::ENTRY, gated::ENTRY];

/// A fusion head. An enum, because a burn module cannot be a trait object.
#[derive(Module, Debug)]
pub enum Fusion {
    Sum(Sum),
    Concat(Concat),
    Film(Film),
    Gated(Gated),
}

impl Fusion {
    /// # Errors
    /// A message when there is no such fusion or it cannot join these features.
    pub fn build(
        part: &Part,
        feature_sizes: &[usize],
        n_classes: usize,
        place: &Place,
    ) -> Result<Self, String> {
        let entry = find_part("fusion", FUSIONS, part).map_err(|e| e.message)?;
        (entry.build.joins)(feature_sizes)?;
        Ok((entry.build.build)(&part.params, feature_sizes, n_classes, place))
    }

    /// Logits `[batch, class]` of features `[batch, feature]`, one tensor per modality.
    pub fn forward(&self, features: &[Tensor<2>]) -> Tensor<2> {
        match self {
            Fusion::Sum(fusion) => fusion.forward(features),
            Fusion::Concat(fusion) => fusion.forward(features),
            Fusion::Film(fusion) => fusion.forward(features),
            Fusion::Gated(fusion) => fusion.forward(features),
        }
    }

    /// Logits of each modality's own part of the head, where the head splits. `halve_bias`
    /// divides the bias of a sum's own heads by the number of modalities.
    pub fn split_logits(&self, features: &[Tensor<2>], halve_bias: bool) -> Option<Vec<Tensor<2>>> {
        match self {
            Fusion::Sum(fusion) => Some(fusion.split_logits(features, halve_bias)),
            Fusion::Concat(fusion) => Some(fusion.split_logits(features)),
            Fusion::Film(_) | Fusion::Gated(_) => None,
        }
    }
}

/// A fusion that multiplies features element by element joins two of one size.
fn two_of_one_size(feature_sizes: &[usize]) -> Result<(), String> {
    match feature_sizes {
        [a, b] if a == b => Ok(()),
        [a, b] => Err(format!("needs features of one size, not {a} and {b}")),
        other => Err(format!("joins two modalities, not {}", other.len())),
    }
}
