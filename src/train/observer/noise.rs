//! How much is left where one modality is noisy in testing. Where it is missing altogether, the
//! metric `without-<metric>.<m>` says, which every run has.

use super::super::evaluate::Evaluation;
use super::{Build, Observed, Observer, Seen, Values, batches, to_f64};
use crate::error::Result;
use crate::model::Look;
use crate::model::mask::Mask;
use crate::record::metrics;
use crate::registry::{ABOVE_ZERO, Domain, Entry, Fallback, Param};
use crate::stream::Stream;
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "noise",
    summary: "the metric with normal noise added to the inputs of one modality at a time, as the \
              model reads them",
    params: &[Param {
        name: "sd",
        summary: "standard deviation of the noise, in units of the model's inputs",
        domain: Domain::Float { min: ABOVE_ZERO, max: f64::MAX },
        default: Fallback::Float(1.0),
    }],
    revision: 1,
    build: Build { repeats: true, make: |params| Box::new(Noise { sd: params.float("sd") }) },
};

struct Noise {
    sd: f64,
}

impl Observer for Noise {
    fn of_split(&mut self, at: &Observed<'_>, seen: Seen<'_>) -> Result<Values> {
        let Evaluation { strategy, objective, task, modalities: names, .. } = *at.evaluation;
        let model = at.evaluation.model.valid();
        let modalities = names.len();
        let mut values = Values::new();
        for (m, name) in names.iter().enumerate() {
            // The same noise after every epoch and at every strength.
            let mut stream = Stream::new(at.seed, &format!("observer/noise/{name}"));
            let mut outputs = Vec::new();
            for batch in batches(seen) {
                let mut inputs = batch?.inputs;
                let shape = inputs[m].dims();
                let mut noise = vec![0.0f32; shape[0] * shape[1]];
                stream.fill_normal(&mut noise, |x| (self.sd * x) as f32);
                let place = (&inputs[m].device(), inputs[m].dtype());
                let noise = Tensor::from_data(TensorData::new(noise, shape), place);
                inputs[m] = inputs[m].clone() + noise;
                let features = model.encode(inputs, Look::all(modalities)).features;
                let logits = strategy.evaluate(&model, &features, Mask::all(modalities));
                outputs.extend(to_f64(objective.predictions(logits)));
            }
            let value = at.primary(seen.split, &outputs);
            values.insert(metrics::noisy(task.primary, name, self.sd), value);
        }
        Ok(values)
    }
}
