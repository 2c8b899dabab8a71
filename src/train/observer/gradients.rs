//! How the joint loss pulls at each encoder, beside the loss of its modality alone: the norms of both
//! gradients and the cosine between them.
//!
//! Where the joint gradient is much smaller than the unimodal one, the encoder is under-trained
//! (Eq. 5 and 6 of the conference paper); where the cosine is below 0, the two losses are in conflict
//! (MMPareto, ICML 2024, Section 3.2).

use super::super::evaluate::Evaluation;
use super::{Build, Observed, Observer, Values};
use crate::error::Result;
use crate::model::Look;
use crate::model::mask::Mask;
use crate::model::parameters::{Gradient, Group, take_gradients};
use crate::model::score::Phase;
use crate::registry::{Domain, Entry, Fallback, Param};
use crate::strategy::unimodal_logits;
use crate::stream::Stream;
use burn::module::Module;
use burn::tensor::Tensor;
use std::collections::BTreeMap;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "gradients",
    summary: "norms of each encoder's gradients of the joint loss and of the loss of its modality \
              alone, by the run's score estimator, and the cosine between them",
    params: &[Param {
        name: "examples",
        summary: "examples of the training split whose mean loss it is, drawn once by the seed",
        domain: Domain::Int { min: 1, max: 100_000 },
        default: Fallback::Int(256),
    }],
    revision: 1,
    build: Build {
        repeats: false,
        make: |params| Box::new(Gradients { examples: params.count("examples") }),
    },
};

struct Gradients {
    examples: usize,
}

/// The gradients of one encoder, by the place of the parameter.
type OfEncoder = BTreeMap<String, Vec<f64>>;

impl Observer for Gradients {
    fn of_training(&mut self, at: &Observed<'_>) -> Result<Values> {
        let mut rows =
            Stream::new(at.seed, "observer/gradients").permutation(at.training.split.len());
        rows.truncate(self.examples);
        let names = at.evaluation.modalities;
        let joint = self.of(at, &rows, None)?;
        let mut values = Values::new();
        for (m, name) in names.iter().enumerate() {
            let alone = self.of(at, &rows, Some(m))?;
            let (joint, alone) = (&joint[m], &alone[m]);
            let (joint_norm, norm) = (dot(joint, joint).sqrt(), dot(alone, alone).sqrt());
            values.insert(format!("joint-gradient.{name}"), joint_norm);
            values.insert(format!("unimodal-gradient.{name}"), norm);
            // Without a length there is no angle.
            if 0.0 < joint_norm * norm && 1 < names.len() {
                let cosine = dot(joint, alone) / (joint_norm * norm);
                values.insert(format!("gradient-cosine.{name}"), cosine);
            }
        }
        Ok(values)
    }
}

impl Gradients {
    /// The gradients by every encoder's parameters, of the joint loss or that of one modality alone.
    fn of(
        &self,
        at: &Observed<'_>,
        rows: &[usize],
        alone: Option<usize>,
    ) -> Result<Vec<OfEncoder>> {
        let Evaluation { strategy, estimator, modalities: names, objective, .. } = *at.evaluation;
        let modalities = names.len();
        // A copy, since a pass in training moves the running statistics.
        let model = at.evaluation.model.valid().train();
        let mut sums = vec![OfEncoder::new(); modalities];
        let Some(batch) = at.training.source.batches(vec![rows.to_vec()], None).next() else {
            return Ok(sums);
        };
        let batch = batch?;
        let features = model.encode(batch.inputs, Look::all(modalities)).features;
        let logits: Tensor<2> = match alone {
            None => strategy.evaluate(&model, &features, Mask::all(modalities)),
            Some(m) => {
                let phase = Phase::Training;
                unimodal_logits(strategy, estimator, &model, &features, phase)?.swap_remove(m)
            }
        };
        let loss = objective.loss(logits, &batch.targets);
        for Gradient { site, value, .. } in take_gradients(&model, names, loss.backward()) {
            if let Group::Encoder(m) = site.group {
                sums[m].insert(site.path, value.into_data().iter::<f64>().collect());
            }
        }
        Ok(sums)
    }
}

/// The product of two gradients; a parameter without a gradient has one of zeros.
fn dot(a: &OfEncoder, b: &OfEncoder) -> f64 {
    let shared = a.iter().filter_map(|(path, x)| Some((x, b.get(path)?)));
    shared.map(|(x, y)| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>()).sum()
}
