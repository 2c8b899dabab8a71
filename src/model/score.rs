//! Estimators of what the model predicts from one modality alone.

use super::mask::Mask;
use crate::error::{Error, Result};
use crate::model::fusion::Fusion;
use crate::registry::{Entry, Part, find_part};
use burn::tensor::Tensor;

/// How unimodal logits are estimated. Results are not comparable across estimators, so the
/// estimator is recorded with every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimator {
    /// The modality's own part of a linear head.
    SplitHead,
    /// [`Estimator::SplitHead`] as the published code computes it: in evaluation, not in
    /// training, a sum head's bias is halved (OGM-GE_CVPR2022 `main.py` lines 83-86, 195-198).
    SplitHeadOfficial,
    /// The fusion on the modality's features with all others zero; for any fusion.
    ZeroOutFeature,
}

/// Every estimator, in the order shown to users.
pub const ESTIMATORS: &[Entry<Estimator>] = &[
    Entry {
        name: "split-head",
        summary: "the modality's own part of the head; concat shares the bias, sum does not",
        params: &[],
        revision: 1,
        build: Estimator::SplitHead,
    },
    Entry {
        name: "split-head-official",
        summary: "split-head with a sum head's bias halved in evaluation, as published",
        params: &[],
        revision: 1,
        build: Estimator::SplitHeadOfficial,
    },
    Entry {
        name: "zero-out-feature",
        summary: "the fusion on one modality's features, all others zero",
        params: &[],
        revision: 1,
        build: Estimator::ZeroOutFeature,
    },
];

/// Whether the model is being trained or evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Training,
    Evaluation,
}

impl Estimator {
    /// # Errors
    /// When there is no estimator of that name and revision.
    pub fn of(part: &Part) -> Result<Self> {
        Ok(find_part("score estimator", ESTIMATORS, part)?.build)
    }

    /// Unimodal logits `[batch, class]` for every modality.
    ///
    /// # Errors
    /// When the fusion has no head that splits by modality.
    pub fn logits(
        self,
        fusion: &Fusion,
        features: &[Tensor<2>],
        phase: Phase,
    ) -> Result<Vec<Tensor<2>>> {
        match self {
            Estimator::ZeroOutFeature => Ok((0..features.len())
                .map(|kept| fusion.forward(&Mask::only(kept, features.len()).zero_out(features)))
                .collect()),
            Estimator::SplitHead | Estimator::SplitHeadOfficial => {
                let halve = self == Estimator::SplitHeadOfficial && phase == Phase::Evaluation;
                fusion.split_logits(features, halve).ok_or_else(|| {
                    Error::input("this fusion has no head that splits by modality")
                        .with_hint("use the score estimator `zero-out-feature`")
                })
            }
        }
    }
}
