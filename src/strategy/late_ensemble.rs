//! Late ensemble: every modality is trained alone, through a head of its own, and the predictions
//! are averaged. The fusion takes no part.
//!
//! The losses share no parameter, so that each encoder is trained as in a unimodal run with the same
//! batches; the reference of MCR's tables ("ensemble") and of `late` fusion in surveys.

use super::{Build, Outputs, StepContext, Strategy, head_logits};
use crate::model::mask::Mask;
use crate::model::objective::Objective;
use crate::model::{HeadShape, Model};
use crate::registry::Entry;
use crate::suite::catalog::Needs;
use burn::tensor::Tensor;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "late-ensemble",
    summary: "each modality trained alone through a head of its own; predictions averaged",
    params: &[],
    revision: 1,
    build: Build {
        needs: Needs::Nothing,
        make: |_, setting| match setting.between {
            false => Ok(Box::new(LateEnsemble {
                objective: setting.objective,
                heads: setting.head_each(),
            })),
            true => Err("the fusion acts between the encoders, which are trained alone; use one \
                         that does not, such as `concat`"
                .into()),
        },
    },
};

struct LateEnsemble {
    objective: Objective,
    heads: Vec<HeadShape>,
}

impl Strategy for LateEnsemble {
    fn heads(&self) -> Vec<HeadShape> {
        self.heads.clone()
    }

    fn loss(&mut self, _: &StepContext<'_>, _: usize, outputs: &Outputs<'_>) -> Tensor<1> {
        outputs.loss_own()
    }

    /// The mean prediction of the modalities that are seen; of none the logits are 0, so that all
    /// classes are as likely.
    fn evaluate(&self, model: &Model, features: &[Tensor<2>], mask: Mask) -> Tensor<2> {
        let logits = head_logits(model, features);
        let zeros = logits[0].zeros_like();
        let seen = logits.into_iter().enumerate().filter(|(m, _)| mask.has(*m));
        let seen = seen.map(|(_, logits)| logits).collect();
        self.objective.mean_prediction(seen).unwrap_or(zeros)
    }

    fn unimodal(&self, model: &Model, features: &[Tensor<2>]) -> Option<Vec<Tensor<2>>> {
        Some(head_logits(model, features))
    }
}
