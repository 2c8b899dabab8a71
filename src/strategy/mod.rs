//! Strategies of balanced training behind one trait of hooks. The training loop calls the hooks and
//! knows no strategy by name; a strategy sees the training and validation splits, never the test
//! split.

pub mod coefficient;
pub mod combined;
pub mod joint;
pub mod late_ensemble;
pub mod min_norm;
pub mod mmpareto;
pub mod modality_dropout;
pub mod multi_loss;
pub mod ogm;
pub mod opm;
pub mod pretrained;
pub mod window;

use crate::checkpoint::NamedTensor;
use crate::device::Draws;
use crate::error::{Error, Result};
use crate::model::batch::Source;
use crate::model::mask::Mask;
use crate::model::objective::Objective;
use crate::model::parameters::{Gradient, Group, Site};
use crate::model::score::{Estimator, Phase};
use crate::model::{Head, HeadShape, Model};
use crate::registry::{Entry, Params, Part, find_part};
use crate::suite::catalog::Needs;
use burn::tensor::Tensor;
use std::cell::OnceCell;

/// How a strategy is made.
pub struct Build {
    /// The finished runs that a run begins from.
    pub needs: Needs,
    /// From its resolved parameters and what it is to work on.
    ///
    /// # Errors
    /// A message where it would leave the model untouched or cannot work on it; it says what to
    /// change.
    pub make: fn(&Params, &Setting<'_>) -> Made,
}

/// A strategy, or why there is none.
pub type Made = std::result::Result<Box<dyn Strategy>, String>;

/// What a strategy is to work on.
pub struct Setting<'a> {
    pub seed: u64,
    /// The names of the modalities, in model order.
    pub modalities: &'a [String],
    pub objective: Objective,
    /// The length of the model's output, of one example: for a classification the number of classes.
    pub outputs: usize,
    /// The length of every modality's features.
    pub features: &'a [usize],
    /// Whether the fusion acts between the stages of the encoders.
    pub between: bool,
    /// The tensors of encoders and fusion, in model order.
    pub sites: &'a [Site],
    /// Of each run that [`Build::needs`] asks for, in the order of the modalities, the selected weights
    /// and buffers.
    pub needed: &'a [&'a [NamedTensor]],
}

impl Setting<'_> {
    /// A head on the features of each modality, called after it.
    pub fn head_each(&self) -> Vec<HeadShape> {
        let named = self.modalities.iter().zip(self.features);
        let shape = |(name, inputs): (&String, &usize)| HeadShape {
            name: name.clone(),
            inputs: *inputs,
            outputs: self.outputs,
        };
        named.map(shape).collect()
    }
}

/// Every strategy, in the order shown to users.
pub const STRATEGIES: &[Entry<Build>] = &[
    joint::JOINT,
    ogm::OGM,
    ogm::OGM_GE,
    opm::OPM,
    combined::ENTRY,
    modality_dropout::ENTRY,
    multi_loss::ENTRY,
    mmpareto::ENTRY,
    late_ensemble::ENTRY,
    pretrained::FROZEN,
    pretrained::FINE_TUNED,
    joint::UNIMODAL,
];

/// The strategy of a resolved part.
///
/// # Errors
/// When there is no strategy of that name and revision, or it cannot work on the setting.
pub fn build(part: &Part, setting: &Setting<'_>) -> Result<Box<dyn Strategy>> {
    let entry = find_part("strategy", STRATEGIES, part)?;
    (entry.build.make)(&part.params, setting)
        .map_err(|message| Error::input(format!("strategy `{}`: {message}", part.name)))
}

/// The sum over a batch of each modality's score (Eq. 8; see [`Objective::score_sum`]), before any
/// feature is dropped. The sums are on the device, and the host waits for it only where it reads them.
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
    /// The names of the modalities, in model order.
    pub modalities: &'a [String],
    pub model: &'a Model,
    /// The training split, whose batches are on the autodiff device.
    pub train: &'a Source<'a>,
    /// The validation split, whose batches are on the plain device.
    pub validation: &'a Source<'a>,
}

/// Features `[batch, feature]` of every modality, and the batch's rows that are left.
pub struct Features {
    pub values: Vec<Tensor<2>>,
    /// `None` when every row is left; an empty list skips the step.
    pub rows: Option<Vec<usize>>,
}

/// What the loss is made of, after rows were dropped.
pub struct Outputs<'a> {
    pub model: &'a Model,
    pub features: &'a [Tensor<2>],
    /// The fused logits `[batch, output]`.
    pub logits: Tensor<2>,
    /// `[batch, output]`.
    pub targets: &'a Tensor<2>,
    pub objective: Objective,
}

impl Outputs<'_> {
    /// The task's loss of the fused logits.
    pub fn loss(&self) -> Tensor<1> {
        self.objective.loss(self.logits.clone(), self.targets)
    }

    /// The task's loss of each modality's head of the strategy's own; see [`Setting::head_each`].
    pub fn loss_each(&self) -> Vec<Tensor<1>> {
        let logits = head_logits(self.model, self.features);
        logits.into_iter().map(|logits| self.objective.loss(logits, self.targets)).collect()
    }

    /// The sum of [`Outputs::loss_each`].
    pub fn loss_own(&self) -> Tensor<1> {
        let each = self.loss_each().into_iter();
        each.reduce(|sum, loss| sum + loss).expect("a model has a modality")
    }
}

/// The logits `[batch, output]` of the heads of [`Setting::head_each`].
pub fn head_logits(model: &Model, features: &[Tensor<2>]) -> Vec<Tensor<2>> {
    let of = |(head, x): (&Head, &Tensor<2>)| head.linear.forward(x.clone());
    model.heads.iter().zip(features).map(of).collect()
}

/// The logits of each modality alone: the strategy's own, or else the estimator's.
///
/// # Errors
/// When the estimator does not work with the fusion.
pub fn unimodal_logits(
    strategy: &dyn Strategy,
    estimator: Estimator,
    model: &Model,
    features: &[Tensor<2>],
    phase: Phase,
) -> Result<Vec<Tensor<2>>> {
    match strategy.unimodal(model, features) {
        Some(logits) => Ok(logits),
        None => estimator.logits(&model.fusion, features, phase),
    }
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
    /// Linear heads of its own, which the model holds: they are drawn, hashed, kept and, where a
    /// loss depends on them, trained as all other parameters.
    fn heads(&self) -> Vec<HeadShape> {
        Vec::new()
    }

    /// The model before the first step, for methods that begin from other weights than those drawn.
    ///
    /// # Errors
    /// When what it begins from does not fit the model.
    fn initial(&mut self, model: Model) -> Result<Model> {
        Ok(model)
    }

    /// Whether the encoder of the modality with this index is frozen: it runs as in evaluation, its
    /// statistics stay, and it has no gradients. The fusion must not act between its stages.
    fn freezes(&self, _modality: usize) -> bool {
        false
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

    /// How many losses are differentiated separately. All are of one forward pass: it is computed
    /// again for each, since a backward pass consumes it, from the same weights and batch, and
    /// running statistics are updated once. So the hooks before must do the same each time.
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
        outputs.loss()
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

    /// The fused logits in evaluation, of features of which those outside of `mask` are zero.
    fn evaluate(&self, model: &Model, features: &[Tensor<2>], _mask: Mask) -> Tensor<2> {
        model.fusion.forward(features)
    }

    /// The logits of each modality alone, for methods that have a prediction of their own for it;
    /// `None` for those of the run's estimator. Scores, and the accuracy of each modality, are of
    /// these.
    fn unimodal(&self, _model: &Model, _features: &[Tensor<2>]) -> Option<Vec<Tensor<2>>> {
        None
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
