//! Fusion heads: features of every modality in, class logits out.
//!
//! Source of all four: OGM-GE_CVPR2022 `models/fusion_modules.py` (343dc1d).

pub mod concat;
pub mod film;
pub mod gated;
pub mod sum;

use crate::model::layers::Place;
use crate::registry::{Entry, Params, find};
use crate::spec::run::Part;
use burn::module::Module;
use burn::tensor::Tensor;
use concat::Concat;
use film::Film;
use gated::Gated;
use sum::Sum;

/// How a fusion is made and what it takes.
pub struct Build {
    /// The most modalities it joins; `None` where there is no limit.
    pub max_modalities: Option<usize>,
    /// The estimator of unimodal scores used where a suite names none.
    pub default_scores: &'static str,
    /// Whether its head splits by modality.
    pub splits: bool,
    /// From parameters, feature sizes and the number of classes; an error says what is wrong.
    build: fn(&Params, &[usize], usize, &Place) -> Result<Fusion, String>,
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
        let entry = find("fusion", FUSIONS, &part.name).map_err(|e| e.message)?;
        let most = entry.build.max_modalities.unwrap_or(usize::MAX);
        if feature_sizes.len() > most {
            return Err(format!("joins at most {most} modalities, not {}", feature_sizes.len()));
        }
        (entry.build.build)(&part.params, feature_sizes, n_classes, place)
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
    pub fn split_logits(
        &self,
        features: &[Tensor<2>],
        halve_bias: bool,
    ) -> Option<Vec<Tensor<2>>> {
        match self {
            Fusion::Sum(fusion) => Some(fusion.split_logits(features, halve_bias)),
            Fusion::Concat(fusion) => Some(fusion.split_logits(features)),
            Fusion::Film(_) | Fusion::Gated(_) => None,
        }
    }
}

/// The one feature size of a fusion that multiplies features element by element.
fn common_size(feature_sizes: &[usize]) -> Result<usize, String> {
    match feature_sizes {
        [size, rest @ ..] if rest.iter().all(|other| other == size) && !rest.is_empty() => {
            Ok(*size)
        }
        [_] => Err("needs two modalities".into()),
        _ => Err(format!("needs features of one size, not {feature_sizes:?}")),
    }
}
