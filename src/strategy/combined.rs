//! OGM-GE and OPM together: features are dropped in the forward pass, gradients are scaled and
//! noise is added in the backward pass, all from the same scores.

use super::ogm::{ALPHA, NOISE, Ogm, RULE, TARGETS};
use super::opm::{LAMBDA, Opm, P_EXE, Q_BASE, RESCALE, TIMING};
use super::window::{ENDS, STARTS, WARMUP};
use super::{Build, Features, StepContext, Strategy, Traced};
use crate::checkpoint::NamedTensor;
use crate::error::Result;
use crate::model::parameters::Gradient;
use crate::registry::Entry;
use crate::suite::catalog::Needs;
use burn::tensor::Tensor;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "ogm-ge+opm",
    summary: "ogm-ge and opm together",
    params: &[
        ALPHA, RULE, TARGETS, NOISE, Q_BASE, LAMBDA, P_EXE, RESCALE, TIMING, WARMUP, STARTS, ENDS,
    ],
    // 2: as `ogm-ge`.
    revision: 2,
    build: Build {
        needs: Needs::Nothing,
        make: |params, setting| {
            let ogm = Ogm::new(params, setting, true)?;
            Ok(Box::new(Combined { ogm, opm: Opm::new(params) }))
        },
    },
};

struct Combined {
    ogm: Ogm,
    opm: Opm,
}

impl Strategy for Combined {
    fn features(&mut self, context: &StepContext<'_>, features: Vec<Tensor<2>>) -> Features {
        self.opm.features(context, features)
    }

    fn gradients(
        &mut self,
        context: &StepContext<'_>,
        per_loss: Vec<Vec<Gradient>>,
    ) -> Vec<Gradient> {
        self.ogm.gradients(context, per_loss)
    }

    fn trace(&self) -> Vec<(&'static str, Traced)> {
        [self.ogm.trace(), self.opm.trace()].concat()
    }

    fn state(&self) -> Vec<NamedTensor> {
        self.opm.state()
    }

    fn restore(&mut self, state: &[NamedTensor]) -> Result<()> {
        self.opm.restore(state)
    }
}
