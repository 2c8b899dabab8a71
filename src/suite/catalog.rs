//! What the suite language needs to know of the parts that train: names, parameters, and what
//! fits what. Knows nothing of tensors; the command line gathers it from the real tables.

use crate::data::Shape;
use crate::registry::{Entry, Param, Params, Part};

/// A part by name, with its declared parameters.
#[derive(Clone, Copy, Debug)]
pub struct PartInfo {
    pub name: &'static str,
    pub summary: &'static str,
    pub params: &'static [Param],
    /// See [`Entry::revision`].
    pub revision: u32,
}

impl PartInfo {
    /// What the entry of a table says of itself.
    pub fn of<B>(entry: &Entry<B>) -> Self {
        let Entry { name, summary, params, revision, .. } = *entry;
        Self { name, summary, params, revision }
    }

    /// The part with resolved parameters.
    pub fn part(&self, params: Params) -> Part {
        Part { name: self.name.into(), params, revision: self.revision }
    }
}

/// An encoder.
#[derive(Clone, Copy, Debug)]
pub struct EncoderInfo {
    pub part: PartInfo,
    /// What is wrong with a shape, if anything.
    pub accepts: fn(Shape) -> Result<(), String>,
    pub sizes: fn(&Params) -> Sizes,
}

/// The sizes of an encoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The length of the feature vector.
    pub features: usize,
    /// The number of channels that each stage gives.
    pub stages: Vec<usize>,
}

/// A fusion.
#[derive(Clone, Copy, Debug)]
pub struct FusionInfo {
    pub part: PartInfo,
    /// What is wrong with encoders of these sizes, if anything.
    pub joins: fn(&[Sizes]) -> Result<(), String>,
    /// The estimator used where a suite names none.
    pub default_scores: &'static str,
    /// Whether its head splits by modality, as the `split-head` estimators need.
    pub splits: bool,
}

/// A strategy.
#[derive(Clone, Copy, Debug)]
pub struct StrategyInfo {
    pub part: PartInfo,
    pub needs: Needs,
}

/// An observer.
#[derive(Clone, Copy, Debug)]
pub struct ObserverInfo {
    pub part: PartInfo,
    /// Whether a suite may have it several times, with other parameters: what it measures is then
    /// named after them.
    pub repeats: bool,
}

/// The finished runs that a run begins from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// For each of its modalities the run of strategy `unimodal` on the same data set, with the same
    /// encoder, protocol and seed.
    Unimodal,
}

/// Everything a suite can name, in the order shown to users.
pub struct Catalog {
    pub datasets: Vec<PartInfo>,
    pub encoders: Vec<EncoderInfo>,
    pub fusions: Vec<FusionInfo>,
    pub strategies: Vec<StrategyInfo>,
    pub estimators: Vec<PartInfo>,
    pub observers: Vec<ObserverInfo>,
    /// The revision of what all runs share; see `CellSpec::training`.
    pub training: u32,
    /// The encoder used where a suite names none.
    pub default_encoder: fn(Shape) -> &'static str,
}
