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

/// The table of fusions, and the fusion as an enum over it, because a burn module cannot be a trait
/// object.
macro_rules! fusions {
    ($($variant:ident in $module:ident,)+) => {
        /// Every fusion, in the order shown to users.
        pub const FUSIONS: &[Entry<Build>] = &[$($module::ENTRY),+];

        /// A fusion.
        #[derive(Module, Debug)]
        pub enum Fusion {
            $($variant($module::$variant),)+
        }

        impl Fusion {
            /// The fusion as what it does.
            fn join(&self) -> &dyn Join {
                match self {
                    $(Fusion::$variant(fusion) => fusion,)+
                }
            }
        }
    };
}

fusions! {
    Sum in sum,
    Concat in concat,
    Film in film,
    Gated in gated,
    Mmtm in mmtm,
}

/// What a fusion does.
pub trait Join {
    /// Logits `[batch, class]` of features `[batch, feature]`, one tensor per modality.
    fn forward(&self, features: &[Tensor<2>]) -> Tensor<2>;

    /// Logits of each modality's own part of the head, where the head splits. `halve_bias` divides
    /// the bias of a sum's own heads by the number of modalities.
    fn split_logits(&self, _features: &[Tensor<2>], _halve_bias: bool) -> Option<Vec<Tensor<2>>> {
        None
    }

    /// Between how many of the encoders' last stages the fusion acts; 0 for one that only joins
    /// features.
    fn reach(&self) -> usize {
        0
    }

    /// What goes on from a stage, the last one being 1, of what every modality's encoder gives
    /// there. Modalities outside of `mask` show nothing to the others.
    fn between(&self, _from_last: usize, hidden: Vec<Hidden>, _mask: Mask) -> Vec<Hidden> {
        hidden
    }
}

impl Fusion {
    /// # Errors
    /// A message when there is no such fusion or it cannot join these encoders.
    pub fn build(
        part: &Part,
        sizes: &[Sizes],
        outputs: usize,
        place: &Place,
    ) -> Result<Self, String> {
        let entry = find_part("fusion", FUSIONS, part).map_err(|e| e.message)?;
        (entry.build.joins)(sizes)?;
        Ok((entry.build.build)(&part.params, sizes, outputs, place))
    }

    /// See [`Join::forward`].
    pub fn forward(&self, features: &[Tensor<2>]) -> Tensor<2> {
        self.join().forward(features)
    }

    /// See [`Join::split_logits`].
    pub fn split_logits(&self, features: &[Tensor<2>], halve_bias: bool) -> Option<Vec<Tensor<2>>> {
        self.join().split_logits(features, halve_bias)
    }

    /// See [`Join::reach`].
    pub fn reach(&self) -> usize {
        self.join().reach()
    }

    /// See [`Join::between`].
    pub fn between(&self, from_last: usize, hidden: Vec<Hidden>, mask: Mask) -> Vec<Hidden> {
        self.join().between(from_last, hidden, mask)
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
