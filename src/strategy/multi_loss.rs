//! Multi-loss: joint training with a loss per modality beside the joint one.
//!
//! Every modality has a linear head of its own on its features. The baseline of much of the field:
//! the unimodal terms train each encoder whatever the others have learned (MMPareto_ICML2024
//! `code/MMPareto.py` with all weights equal; "uniform baseline" of the MMPareto paper).

use super::{Build, Outputs, StepContext, Strategy};
use crate::model::HeadShape;
use crate::registry::{Domain, Entry, Fallback, Param};
use crate::suite::catalog::Needs;
use burn::tensor::Tensor;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "multi-loss",
    summary: "a loss per modality beside the joint one, through heads of their own",
    params: &[Param {
        name: "weight",
        summary: "weight of each modality's loss; that of the joint loss is 1",
        domain: Domain::Float { min: 0.0, max: f64::MAX },
        default: Fallback::Float(1.0),
    }],
    revision: 1,
    build: Build {
        needs: Needs::Nothing,
        make: |params, setting| {
            Ok(Box::new(MultiLoss { weight: params.float("weight"), heads: setting.head_each() }))
        },
    },
};

struct MultiLoss {
    weight: f64,
    heads: Vec<HeadShape>,
}

impl Strategy for MultiLoss {
    fn heads(&self) -> Vec<HeadShape> {
        self.heads.clone()
    }

    fn loss(&mut self, _: &StepContext<'_>, _: usize, outputs: &Outputs<'_>) -> Tensor<1> {
        let each = outputs.loss_each().into_iter();
        each.fold(outputs.loss(), |sum, loss| sum + loss.mul_scalar(self.weight))
    }
}
