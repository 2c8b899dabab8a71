//! Modulation strategies behind one trait of hooks. The training loop calls the hooks and knows
//! no strategy by name; a strategy sees the training and validation splits, never the test split.

pub mod coefficient;
pub mod combined;
pub mod joint;
pub mod modality_dropout;
pub mod ogm;
pub mod opm;
pub mod window;

use crate::checkpoint::NamedTensor;
use crate::data::Split;
use crate::device::Draws;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::model::parameters::{Gradient, Group, Site};
use crate::model::score::Estimator;
use crate::registry::{Entry, Params, Part, find_part};
use burn::tensor::{Device, Tensor};
use std::cell::OnceCell;

/// Makes a strategy from its resolved parameters.
pub type Build = fn(&Params) -> Box<dyn Strategy>;

/// Every strategy, in the order shown to users.
pub const STRATEGIES: &[Entry<Build>] = &[
    joint::JOINT,
    ogm::OGM,
    ogm::OGM_GE,
    opm::OPM,
    combined::ENTRY,
    modality_dropout::ENTRY,
    joint::UNIMODAL,
];

/// The strategy of a resolved part.
///
/// # Errors
/// When there is no strategy of that name and revision.
pub fn build(part: &Part) -> Result<Box<dyn Strategy>> {
    Ok((find_part("strategy", STRATEGIES, part)?.build)(&part.params))
}

/// The sum over a batch of each modality's score (Eq. 8), before any feature is dropped. The sums
/// are on the device, and the host waits for it only where it reads them.
#[derive(Default)]
pub struct Scores {
    sums: Option<Tensor<1>>,
    read: OnceCell<Vec<f64>>,
}

impl Scores {
    pub fn new(sums: Tensor<1>) -> Self {
        Self { sums: Some(sums), read: OnceCell::new() }
    }

    /// `[modality]`, off the autodiff graph.
    ///
    /// # Panics
    /// Before the forward pass, in the hook `inputs`.
    pub fn tensor(&self) -> Tensor<1> {
        self.sums.clone().expect("scores follow the forward pass")
    }

    /// The values, which the host waits for. Empty before the forward pass.
    pub fn read(&self) -> &[f64] {
        self.read.get_or_init(|| match &self.sums {
            Some(sums) => sums.clone().into_data().iter::<f64>().collect(),
            None => Vec::new(),
        })
    }
}

/// One scalar per modality for the trace: known, or still on the device.
#[derive(Clone, Debug)]
pub enum Traced {
    Known(Vec<f64>),
    Pending(Box<Tensor<1>>),
}

/// What a hook sees of the step it is called in.
pub struct StepContext<'a> {
    pub seed: u64,
    pub epoch: usize,
    /// Steps since the start of the run.
    pub step: usize,
    /// Which of the epoch's passes over the data, and which of the step's turns.
    pub pass: usize,
    pub turn: usize,
    /// The names of the modalities, in model order.
    pub modalities: &'a [String],
    pub model: &'a Model,
    pub estimator: Estimator,
    /// The batch's flattened inputs, one tensor per modality.
    pub inputs: &'a [Tensor<2>],
    pub scores: &'a Scores,
    pub draws: Draws,
}

/// What a hook sees of the epoch it is called in.
pub struct EpochContext<'a> {
    pub seed: u64,
    pub epoch: usize,
    pub model: &'a Model,
    pub device: &'a Device,
    pub train: &'a Split,
    pub validation: &'a Split,
}

/// Features `[batch, feature]` of every modality, and the batch's rows that are left.
pub struct Features {
    pub values: Vec<Tensor<2>>,
    /// `None` when every row is left; an empty list skips the step.
    pub rows: Option<Vec<usize>>,
}

/// What the loss is made of, after rows were dropped.
pub struct Outputs<'a> {
    pub features: &'a [Tensor<2>],
    pub logits: Tensor<2>,
    /// `[batch, class]`.
    pub one_hot: &'a Tensor<2>,
}

impl Outputs<'_> {
    /// The mean cross-entropy of the fused logits.
    pub fn cross_entropy(&self) -> Tensor<1> {
        cross_entropy(self.logits.clone(), self.one_hot)
    }
}

/// The mean over the batch of the cross-entropy of `logits` with one-hot labels. A product, since
/// the backward pass of a gather is a scatter, which is not deterministic on every device.
pub fn cross_entropy(logits: Tensor<2>, one_hot: &Tensor<2>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    let log_probability = burn::tensor::activation::log_softmax(logits, 1);
    (log_probability * one_hot.clone()).sum().mul_scalar(-1.0 / batch as f64)
}

/// Which parameters a turn updates.
#[derive(Clone, Debug, PartialEq)]
pub enum Updates {
    All,
    Only(Vec<Group>),
}

impl Updates {
    pub fn covers(&self, group: Group) -> bool {
        match self {
            Updates::All => true,
            Updates::Only(groups) => groups.contains(&group),
        }
    }
}

/// The turns of every step of one pass over the data.
pub type Pass = Vec<Updates>;

/// The hooks of a strategy. Every default does nothing.
pub trait Strategy {
    /// Refuses a model that the strategy would leave untouched.
    ///
    /// # Errors
    /// A message that says what to change.
    fn check(&self, _sites: &[Site]) -> std::result::Result<(), String> {
        Ok(())
    }

    /// The passes over the data that make an epoch, for alternating and staged methods.
    fn plan(&self, _epoch: usize) -> Vec<Pass> {
        vec![vec![Updates::All]]
    }

    fn epoch_start(&mut self, _context: &EpochContext<'_>) {}

    /// The order of training examples, for methods that resample; `None` for the shuffled one.
    fn sampler(&mut self, _context: &EpochContext<'_>) -> Option<Vec<usize>> {
        None
    }

    /// The inputs that the encoders see.
    fn inputs(&mut self, _context: &StepContext<'_>, inputs: Vec<Tensor<2>>) -> Vec<Tensor<2>> {
        inputs
    }

    /// The features that the fusion sees: dropped, scaled, or with rows removed.
    fn features(&mut self, _context: &StepContext<'_>, features: Vec<Tensor<2>>) -> Features {
        Features { values: features, rows: None }
    }

    /// How many losses are differentiated separately; each costs a forward pass of its own.
    fn losses(&self) -> usize {
        1
    }

    /// The loss with this index.
    fn loss(
        &mut self,
        _context: &StepContext<'_>,
        _index: usize,
        outputs: &Outputs<'_>,
    ) -> Tensor<1> {
        outputs.cross_entropy()
    }

    /// The gradients that the optimizer sees, from those of each loss.
    fn gradients(
        &mut self,
        _context: &StepContext<'_>,
        mut per_loss: Vec<Vec<Gradient>>,
    ) -> Vec<Gradient> {
        per_loss.swap_remove(0)
    }

    /// The model after an epoch, for methods that reset parameters.
    fn epoch_end(&mut self, _context: &EpochContext<'_>, model: Model) -> Model {
        model
    }

    /// The fused logits in evaluation, from those of the fusion and of each modality alone.
    fn evaluate(&self, logits: Tensor<2>, _unimodal: &[Tensor<2>]) -> Tensor<2> {
        logits
    }

    /// Scalars of the step just taken by prefix, such as `k` for `k.audio` and `k.visual`.
    fn trace(&self) -> Vec<(&'static str, Traced)> {
        Vec::new()
    }

    /// What must be kept to go on after an interruption.
    fn state(&self) -> Vec<NamedTensor> {
        Vec::new()
    }

    /// Takes back what [`Strategy::state`] gave.
    ///
    /// # Errors
    /// When the tensors are not those of this strategy.
    fn restore(&mut self, state: &[NamedTensor]) -> Result<()> {
        match state {
            [] => Ok(()),
            [first, ..] => {
                Err(Error::input(format!("`{}` is not state of this strategy", first.path)))
            }
        }
    }
}
