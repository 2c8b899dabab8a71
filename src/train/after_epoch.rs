//! What is measured after an epoch: of every split but the training one the metrics of the task, and
//! what observers see.

use super::evaluate::Evaluation;
use super::logits;
use super::observer::{Observed, Observer, Seen, Values};
use super::trainer::{Divergence, Trainer, not_finite};
use crate::checkpoint::NamedTensor;
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::record::EpochRecord;
use crate::record::metrics::Metrics;
use crate::task::Task;
use std::collections::BTreeMap;

/// What an epoch leaves: its record, and the logits with their labels.
pub(super) type Measured = std::result::Result<(EpochRecord, Vec<NamedTensor>), Divergence>;

impl Trainer<'_> {
    /// Measures the model after an epoch, whose weights have the root `root`.
    pub(super) fn measure_epoch(&mut self, epoch: usize, root: Digest) -> Result<Measured> {
        let mut observers = std::mem::take(&mut self.observers);
        let measured = self.measured(epoch, root, &mut observers);
        self.observers = observers;
        Ok(measured?.map_err(|what| self.divergence_after(what)))
    }

    /// As [`Trainer::measure_epoch`]; of a divergence, what is not finite.
    fn measured(
        &mut self,
        epoch: usize,
        root: Digest,
        observers: &mut [Box<dyn Observer>],
    ) -> Result<std::result::Result<(EpochRecord, Vec<NamedTensor>), String>> {
        let mut train = self.trace.take_means();
        let (data, sources) = (self.data, &self.sources);
        let evaluation = Evaluation {
            model: &self.model,
            strategy: self.strategy.as_ref(),
            estimator: self.estimator,
            modalities: &self.names,
            outputs: self.spec.cell.outputs,
            objective: self.objective,
            task: Task::of(&self.spec.cell.task)?,
        };
        let training = Seen { split: &data.train, source: &sources.train };
        let observed = Observed { seed: self.spec.seed, evaluation: &evaluation, training };
        for observer in &mut *observers {
            train.extend(observer.of_training(&observed)?);
        }
        if let Some(what) = not_finite(&train) {
            return Ok(Err(what.into()));
        }
        let further = data.further.iter().zip(&sources.further);
        let further =
            further.map(|((name, split), source)| (logits::further(name), Seen { split, source }));
        let mut splits = vec![
            (
                "validation".to_string(),
                Seen { split: &data.validation, source: &sources.validation },
            ),
            ("test".to_string(), Seen { split: &data.test, source: &sources.test }),
        ];
        splits.extend(further);
        let mut metrics: Vec<Metrics> = Vec::new();
        let mut kept = Vec::new();
        for (name, seen) in splits {
            let Some(evaluated) = evaluation.of(seen.split, seen.source)? else {
                return Ok(Err(format!("a logit on the split `{name}`")));
            };
            let mut values = Values::new();
            for observer in &mut *observers {
                values.extend(observer.of_split(&observed, seen)?);
            }
            if let Some(what) = not_finite(&values) {
                return Ok(Err(format!("{what} on the split `{name}`")));
            }
            metrics.push(evaluated.metrics.and(values).map_err(Error::unexpected)?);
            kept.extend(logits::tensors(&name, seen.split, evaluation.outputs, &evaluated.logits));
        }
        let mut metrics = metrics.into_iter();
        let (Some(validation), Some(test)) = (metrics.next(), metrics.next()) else {
            return Err(Error::unexpected("no split was measured"));
        };
        let names = data.further.iter().map(|(name, _)| name.clone());
        let further: BTreeMap<String, Metrics> = names.zip(metrics).collect();
        let lr = self.optimizer.learning_rate(self.schedule, epoch);
        Ok(Ok((EpochRecord { lr, train, validation, test, further, root }, kept)))
    }
}
