//! The model: an encoder per modality, a fusion, and heads of the strategy's own.

pub mod batch;
pub mod encoder;
pub mod fusion;
pub mod hidden;
pub mod init;
pub mod layers;
pub mod mask;
pub mod objective;
pub mod parameters;
pub mod score;

use crate::device::Place;
use crate::error::{Error, Result};
use crate::suite::run::CellSpec;
use burn::module::Module;
use burn::tensor::Tensor;
use encoder::Encoder;
use fusion::Fusion;
use hidden::Hidden;
use layers::Linear;
use mask::Mask;
use std::ops::Range;

/// Encoders in the order of the run's branches, the fusion that joins them, and heads that the
/// strategy asks for.
#[derive(Module, Debug)]
pub struct Model {
    pub encoders: Vec<Encoder>,
    pub fusion: Fusion,
    /// None but for a strategy that asks for them, in its order.
    pub heads: Vec<Head>,
}

/// A linear head of a strategy's own.
#[derive(Module, Debug)]
pub struct Head {
    /// Its tensors are `head.<name>.weight` and `head.<name>.bias`.
    pub name: String,
    pub linear: Linear,
}

/// A head that a strategy asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadShape {
    pub name: String,
    /// The length of what it reads.
    pub inputs: usize,
    pub outputs: usize,
}

/// What a model makes of its inputs, but the logits.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// What each stage of each encoder gave, before a fusion acted on it; empty where not asked for.
    pub taps: Vec<Vec<Hidden>>,
    /// Features `[batch, feature]` of every modality.
    pub features: Vec<Tensor<2>>,
}

/// How inputs are encoded.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The modalities that are seen.
    pub mask: Mask,
    /// The encoders that run as in evaluation also in training, by index: by their running
    /// statistics, which stay, and without gradients. Empty for none.
    pub frozen: &'a [bool],
    pub taps: bool,
}

impl Look<'_> {
    /// Every modality, with every encoder in training, and no taps.
    pub fn all(modalities: usize) -> Self {
        Self { mask: Mask::all(modalities), frozen: &[], taps: false }
    }
}

impl Model {
    /// Builds the model of a cell with weights of zero and without heads of a strategy; see
    /// [`init::fill`].
    ///
    /// # Errors
    /// When an encoder cannot read its modality or the fusion cannot join them.
    pub fn build(cell: &CellSpec, place: &Place) -> Result<Self> {
        let encoders = cell
            .branches
            .iter()
            .map(|branch| Encoder::build(&branch.encoder, branch.modality.shape, place))
            .collect::<Result<Vec<_>>>()?;
        let sizes = encoder::sizes(&cell.branches)?;
        let fusion = Fusion::build(&cell.fusion, &sizes, cell.outputs, place)
            .map_err(|message| Error::input(format!("fusion `{}`: {message}", cell.fusion.name)))?;
        Ok(Self::new(encoders, fusion))
    }

    /// A model without heads of a strategy.
    pub fn new(encoders: Vec<Encoder>, fusion: Fusion) -> Self {
        Self { encoders, fusion, heads: Vec::new() }
    }

    /// With heads of a strategy, whose weights are zero; see [`init::fill`].
    pub fn with_heads(self, shapes: &[HeadShape], place: &Place) -> Self {
        let head = |shape: &HeadShape| Head {
            name: shape.name.clone(),
            linear: Linear::new(shape.inputs, shape.outputs, place),
        };
        Self { heads: shapes.iter().map(head).collect(), ..self }
    }

    /// The fusion and the heads in evaluation mode, without the encoders.
    pub fn heads_valid(&self) -> Self {
        let Self { fusion, heads, .. } = self;
        Self { encoders: Vec::new(), fusion: fusion.valid(), heads: heads.valid() }
    }

    /// Encodes flattened inputs `[batch, value]`, one per modality, with the fusion acting between
    /// the stages where it does. The features of modalities that are not seen are zero.
    ///
    /// # Panics
    /// Where an encoder is frozen and the fusion acts between stages, for then gradients pass
    /// through it.
    pub fn encode(&self, inputs: Vec<Tensor<2>>, look: Look<'_>) -> Encoded {
        let reach = self.fusion.reach();
        let frozen = |m: usize| look.frozen.get(m) == Some(&true);
        assert!(reach == 0 || !look.frozen.contains(&true), "a fusion acts in a frozen encoder");
        let evaluated: Vec<Option<Encoder>> =
            (0..self.encoders.len()).map(|m| frozen(m).then(|| self.encoders[m].valid())).collect();
        let stages = |m: usize| evaluated[m].as_ref().unwrap_or(&self.encoders[m]).stages();
        let mut taps = vec![Vec::new(); self.encoders.len()];
        let mut advance = |m: usize, indices: Range<usize>, x: Hidden| {
            indices.fold(x, |x, index| {
                let x = stages(m).stage(index, x);
                if look.taps {
                    taps[m].push(x.clone());
                }
                x
            })
        };
        let enter = |(m, x): (usize, Tensor<2>)| {
            let x = if frozen(m) { x.without_autodiff() } else { x };
            advance(m, 0..stages(m).count() - reach, stages(m).enter(x))
        };
        let mut hidden: Vec<Hidden> = inputs.into_iter().enumerate().map(enter).collect();
        for from_last in (1..=reach).rev() {
            let stage = |(m, x)| {
                let index = stages(m).count() - from_last;
                advance(m, index..index + 1, x)
            };
            let given = hidden.into_iter().enumerate().map(stage).collect();
            hidden = self.fusion.between(from_last, given, look.mask);
        }
        let leave = |(m, x)| {
            let x = stages(m).leave(x);
            if frozen(m) { Tensor::from_inner(x) } else { x }
        };
        let features: Vec<Tensor<2>> = hidden.into_iter().enumerate().map(leave).collect();
        let features = if look.mask.is_all() { features } else { look.mask.zero_out(&features) };
        Encoded { taps, features }
    }
}
