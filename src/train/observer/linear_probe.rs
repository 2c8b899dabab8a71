//! What a linear model can read from the frozen features of each encoder: how far an encoder has
//! come, whatever the head makes of it.
//!
//! The conference paper measures its encoders so (OGM-GE, CVPR 2022, Figure 1): beside the encoder of
//! a unimodal run, the difference is what joint training has left unlearned.

use super::ridge::Ridge;
use super::{Build, Observed, Observer, Seen, Values, batches, to_f64};
use crate::error::Result;
use crate::model::Look;
use crate::record::metrics;
use crate::registry::{ABOVE_ZERO, Domain, Entry, Fallback, Param};
use burn::module::Module;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "linear-probe",
    summary: "the metric by a ridge regression from each encoder's features to the targets, fitted \
              on the training split: how far the encoder has come, whatever the head makes of it",
    params: &[Param {
        name: "ridge",
        summary: "weight of the squared coefficients, for features of unit variance",
        domain: Domain::Float { min: ABOVE_ZERO, max: f64::MAX },
        default: Fallback::Float(0.001),
    }],
    revision: 1,
    build: Build {
        repeats: false,
        make: |params| Box::new(LinearProbe { ridge: params.float("ridge"), fitted: Vec::new() }),
    },
};

struct LinearProbe {
    ridge: f64,
    /// Of every modality.
    fitted: Vec<Ridge>,
}

impl Observer for LinearProbe {
    fn of_training(&mut self, at: &Observed<'_>) -> Result<Values> {
        let split = at.training.split;
        let rows: Vec<usize> = (0..split.len()).collect();
        let targets = split.targets.rows(&rows, at.evaluation.outputs);
        let targets: Vec<f64> = targets.into_iter().map(f64::from).collect();
        let features = features(at, at.training)?;
        let fit = |x: &Vec<f64>| Ridge::fit(x, &targets, split.len(), self.ridge);
        self.fitted = features.iter().map(fit).collect();
        Ok(Values::new())
    }

    fn of_split(&mut self, at: &Observed<'_>, seen: Seen<'_>) -> Result<Values> {
        let features = features(at, seen)?;
        let named = at.evaluation.modalities.iter().zip(&self.fitted).zip(features);
        let value = |((name, fitted), x): ((&String, &Ridge), Vec<f64>)| {
            let value = at.primary(seen.split, &fitted.predict(&x));
            (metrics::probe(at.evaluation.task.primary, name), value)
        };
        Ok(named.map(value).collect())
    }
}

/// The features `[example, feature]` of every modality, in evaluation.
fn features(at: &Observed<'_>, seen: Seen<'_>) -> Result<Vec<Vec<f64>>> {
    let model = at.evaluation.model.valid();
    let modalities = at.evaluation.modalities.len();
    let mut features = vec![Vec::new(); modalities];
    for batch in batches(seen) {
        let encoded = model.encode(batch?.inputs, Look::all(modalities));
        for (of_modality, x) in features.iter_mut().zip(encoded.features) {
            of_modality.extend(to_f64(x));
        }
    }
    Ok(features)
}
