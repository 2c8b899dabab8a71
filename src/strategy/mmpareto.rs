//! MMPareto: the gradients of the joint loss and of each modality's own are weighed against each
//! other in the modality's encoder.
//!
//! Source: "MMPareto: Boosting Multimodal Learning with Innocent Unimodal Assistance" (ICML 2024),
//! Algorithm 1; MMPareto_ICML2024 `code/MMPareto.py` lines 84-213 (a339db3). Where the two agree
//! (a cosine above 0) both weigh one half, else as much as the shortest vector between them; the sum
//! is scaled up to the length of the plain sum, tensor by tensor as the published code does, and by
//! `gamma`. Heads take their plain gradients.

use super::min_norm;
use super::{Build, Outputs, StepContext, Strategy, Traced};
use crate::device;
use crate::model::HeadShape;
use crate::model::parameters::{Gradient, Group};
use crate::registry::{Domain, Entry, Fallback, Param};
use crate::suite::catalog::Needs;
use burn::tensor::Tensor;
use std::collections::BTreeMap;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "mmpareto",
    summary: "weigh the gradients of the joint loss and of each modality's own in its encoder",
    params: &[Param {
        name: "gamma",
        summary: "factor of the encoders' gradients",
        domain: Domain::Float { min: 0.0, max: f64::MAX },
        default: Fallback::Float(1.5),
    }],
    revision: 1,
    build: Build {
        needs: Needs::Nothing,
        make: |params, setting| {
            Ok(Box::new(MmPareto {
                gamma: params.float("gamma"),
                heads: setting.head_each(),
                weights: Vec::new(),
                cosines: Vec::new(),
            }))
        },
    },
};

struct MmPareto {
    gamma: f64,
    heads: Vec<HeadShape>,
    /// Of the joint gradient in each encoder, in the last step; the rest is of the modality's own.
    weights: Vec<f64>,
    /// Of both gradients in each encoder, in the last step.
    cosines: Vec<f64>,
}

impl Strategy for MmPareto {
    fn heads(&self) -> Vec<HeadShape> {
        self.heads.clone()
    }

    /// The joint loss, and the sum of those of the modalities, which meet in no parameter.
    fn losses(&self) -> usize {
        2
    }

    fn loss(&mut self, _: &StepContext<'_>, index: usize, outputs: &Outputs<'_>) -> Tensor<1> {
        if index == 0 {
            return outputs.loss();
        }
        outputs.loss_own()
    }

    fn gradients(
        &mut self,
        context: &StepContext<'_>,
        per_loss: Vec<Vec<Gradient>>,
    ) -> Vec<Gradient> {
        let [joint, own] = <[Vec<Gradient>; 2]>::try_from(per_loss).expect("one of each loss");
        let mut own: BTreeMap<String, Gradient> =
            own.into_iter().map(|gradient| (gradient.site.path.clone(), gradient)).collect();
        let mut pairs = Vec::new();
        let mut gradients = Vec::new();
        for gradient in joint {
            match (gradient.site.group, own.remove(&gradient.site.path)) {
                (Group::Encoder(m), Some(other)) => pairs.push((m, gradient, other.value)),
                (_, other) => gradients.push(sum(gradient, other.map(|other| other.value))),
            }
        }
        // The heads: the joint loss does not depend on them.
        gradients.extend(own.into_values());

        let products = products(&pairs, context.modalities.len());
        let weigh = |[aa, ab, bb]: &[f64; 3]| match 0.0 < *ab {
            true => [0.5, 0.5],
            false => min_norm::weights(*aa, *ab, *bb),
        };
        let weights: Vec<[f64; 2]> = products.iter().map(weigh).collect();
        let cosine = |[aa, ab, bb]: &[f64; 3]| match aa * bb {
            0.0 => 0.0,
            square => ab / libm::sqrt(square),
        };
        self.cosines = products.iter().map(cosine).collect();
        self.weights = weights.iter().map(|[joint, _]| *joint).collect();
        gradients.extend(pairs.into_iter().map(|(m, gradient, other)| {
            let value = combined(gradient.value.clone(), other, weights[m], self.gamma);
            Gradient { value, ..gradient }
        }));
        gradients
    }

    fn trace(&self) -> Vec<(&'static str, Traced)> {
        vec![
            ("joint-weight", Traced::Known(self.weights.clone())),
            ("cosine", Traced::Known(self.cosines.clone())),
        ]
    }
}

fn sum(gradient: Gradient, other: Option<Tensor<1>>) -> Gradient {
    match other {
        None => gradient,
        Some(other) => Gradient { value: gradient.value.clone() + other, ..gradient },
    }
}

/// Of each encoder, the inner products of the joint gradient `a` with itself, of both, and of its own
/// gradient `b` with itself. The host waits for them.
fn products(pairs: &[(usize, Gradient, Tensor<1>)], modalities: usize) -> Vec<[f64; 3]> {
    let mut products = vec![[0.0; 3]; modalities];
    if pairs.is_empty() {
        return products;
    }
    let dot = |a: &Tensor<1>, b: &Tensor<1>| device::sum(a.clone() * b.clone());
    let all = pairs.iter().flat_map(|(_, gradient, b)| {
        let a = &gradient.value;
        [dot(a, a), dot(a, b), dot(b, b)]
    });
    let all: Vec<f64> = Tensor::cat(all.collect(), 0).into_data().iter::<f64>().collect();
    for ((m, ..), three) in pairs.iter().zip(all.chunks_exact(3)) {
        products[*m].iter_mut().zip(three).for_each(|(sum, product)| *sum += product);
    }
    products
}

/// Twice the weighted sum of two gradients of a tensor, at least as long as their plain sum, times
/// `gamma`.
fn combined(a: Tensor<1>, b: Tensor<1>, [of_a, of_b]: [f64; 2], gamma: f64) -> Tensor<1> {
    let norm = |x: &Tensor<1>| device::sum(x.clone() * x.clone()).sqrt();
    let plain = norm(&(a.clone() + b.clone()));
    let weighed = a.mul_scalar(2.0 * of_a) + b.mul_scalar(2.0 * of_b);
    // Of nothing, nothing is left, and not a quotient of zeros.
    let length = norm(&weighed).clamp_min(f32::MIN_POSITIVE);
    let factor = (plain / length).clamp_min(1.0).mul_scalar(gamma);
    weighed * factor
}
