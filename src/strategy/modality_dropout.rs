//! Modality dropout: every modality of every example is dropped with one fixed probability.

use super::opm::drop_features;
use super::{Build, Features, StepContext, Strategy};
use crate::registry::{Domain, Entry, Fallback, Param};
use crate::stream::Stream;
use crate::suite::catalog::Needs;
use burn::tensor::Tensor;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "modality-dropout",
    summary: "drop every modality of every example with one fixed probability",
    params: &[Param {
        name: "p",
        summary: "probability that a modality's features are set to zero",
        domain: Domain::Float { min: 0.0, max: 1.0 },
        default: Fallback::Float(0.3),
    }],
    revision: 1,
    build: Build {
        needs: Needs::Nothing,
        make: |params, _| Ok(Box::new(ModalityDropout { p: params.float("p") })),
    },
};

/// An example that would lose every modality keeps one, drawn evenly. Features are not rescaled.
struct ModalityDropout {
    p: f64,
}

impl Strategy for ModalityDropout {
    fn features(&mut self, context: &StepContext<'_>, features: Vec<Tensor<2>>) -> Features {
        let batch = features[0].dims()[0];
        let mut stream = Stream::new(context.seed, &format!("modality-dropout/{}", context.step));
        let mut mask = vec![vec![true; batch]; features.len()];
        for i in 0..batch {
            for kept in &mut mask {
                kept[i] = self.p <= stream.uniform();
            }
            let spare = stream.below(features.len() as u64) as usize;
            if mask.iter().all(|kept| !kept[i]) {
                mask[spare][i] = true;
            }
        }
        let q = vec![self.p; features.len()];
        drop_features(features, &mask, &q, false)
    }
}
