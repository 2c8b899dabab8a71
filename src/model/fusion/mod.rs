//! Fusion heads: features of every modality in, class logits out.
//!
//! Source of `sum`, `concat`, `film` and `gated`: OGM-GE_CVPR2022 `models/fusion_modules.py`
//! (343dc1d).

pub mod concat;
pub mod film;
pub mod gated;
pub mod mmtm;
pub mod sum;

use super::hidden::Hidden;
use super::mask::Mask;
use crate::device::Place;
use crate::registry::{Entry, Params, Part, find_part};
use crate::suite::catalog::Sizes;
use burn::module::Module;
use burn::tensor::Tensor;
use concat::Concat;
use film::Film;
use gated::Gated;
use mmtm::Mmtm;
use sum::Sum;

/// How a fusion is made and what it takes.
pub struct Build {
    /// What is wrong with encoders of these sizes, if anything.
    pub joins: fn(&[Sizes]) -> Result<(), String>,
    /// The estimator of unimodal scores used where a suite names none.
    pub default_scores: &'static str,
    /// Whether its head splits by modality.
    pub splits: bool,
    /// From parameters, the encoders' sizes and the number of classes.
    build: fn(&Params, &[Sizes], usize, &Place) -> Fusion,
}

/// Every fusion, in the order shown to users.
pub const FUSIONS: &[Entry<Build>] =
    &[sum::ENTRY, concat::ENTRY, film::ENTRY, gated::ENTRY, mmtm::ENTRY];

/// A fusion head. An enum, because a burn module cannot be a trait object.
#[derive(Module, Debug)]
pub enum Fusion {
    Sum(Sum),
    Concat(Concat),
    Film(Film),
    Gated(Gated),
    Mmtm(Mmtm),
}

impl Fusion {
    /// # Errors
    /// A message when there is no such fusion or it cannot join these encoders.
    pub fn build(
        part: &Part,
        sizes: &[Sizes],
        n_classes: usize,
        place: &Place,
    ) -> Result<Self, String> {
        let entry = find_part("fusion", FUSIONS, part).map_err(|e| e.message)?;
        (entry.build.joins)(sizes)?;
        Ok((entry.build.build)(&part.params, sizes, n_classes, place))
    }

    /// Logits `[batch, class]` of features `[batch, feature]`, one tensor per modality.
    pub fn forward(&self, features: &[Tensor<2>]) -> Tensor<2> {
        match self {
            Fusion::Sum(fusion) => fusion.forward(features),
            Fusion::Concat(fusion) => fusion.forward(features),
            Fusion::Film(fusion) => fusion.forward(features),
            Fusion::Gated(fusion) => fusion.forward(features),
            Fusion::Mmtm(fusion) => fusion.forward(features),
        }
    }

    /// Between how many of the encoders' last stages the fusion acts; 0 for one that only joins
    /// features.
    pub fn reach(&self) -> usize {
        match self {
            Fusion::Mmtm(fusion) => fusion.exchanges.len(),
            _ => 0,
        }
    }

    /// What goes on from a stage, the last one being 1, of what every modality's encoder gives
    /// there. Modalities outside of `mask` show nothing to the others.
    pub fn between(&self, from_last: usize, hidden: Vec<Hidden>, mask: Mask) -> Vec<Hidden> {
        match self {
            Fusion::Mmtm(fusion) => fusion.exchanges[from_last - 1].forward(hidden, mask),
            _ => hidden,
        }
    }

    /// Logits of each modality's own part of the head, where the head splits. `halve_bias`
    /// divides the bias of a sum's own heads by the number of modalities.
    pub fn split_logits(&self, features: &[Tensor<2>], halve_bias: bool) -> Option<Vec<Tensor<2>>> {
        match self {
            Fusion::Sum(fusion) => Some(fusion.split_logits(features, halve_bias)),
            Fusion::Concat(fusion) => Some(fusion.split_logits(features)),
            Fusion::Mmtm(fusion) => Some(fusion.split_logits(features)),
            Fusion::Film(_) | Fusion::Gated(_) => None,
        }
    }
}

/// A fusion that multiplies features element by element joins two of one size.
fn two_of_one_size(sizes: &[Sizes]) -> Result<(), String> {
    match sizes {
        [a, b] if a.features == b.features => Ok(()),
        [a, b] => Err(format!("needs features of one size, not {} and {}", a.features, b.features)),
        other => Err(format!("joins two modalities, not {}", other.len())),
    }
}
