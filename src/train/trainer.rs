//! Everything that changes while a run trains, and the training of an epoch.

use super::needed::Needed;
use super::observer::{self, Observer};
use super::optimizer::Optimizer;
use super::reading::Readings;
use super::trace::Trace;
use super::{REVISION, fault, needed, sizes, step};
use crate::checkpoint::{self, NamedTensor};
use crate::data::column::Key;
use crate::data::{Dataset, Split};
use crate::device::{self, Backend, Place};
use crate::error::{Error, Result};
use crate::model::batch::{Batch, Source};
use crate::model::layers::count;
use crate::model::mask::Mask;
use crate::model::objective::Objective;
use crate::model::parameters::{Group, Site, snapshot};
use crate::model::score::Estimator;
use crate::model::{Look, Model, encoder, init};
use crate::protocol::{self, Schedule};
use crate::record::Work;
use crate::record::probe::Fault;
use crate::strategy::{self, EpochContext, Setting, Strategy, Updates};
use crate::stream::Stream;
use crate::suite::run::RunSpec;
use crate::task::Kind;
use burn::module::Module;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::rc::Rc;

/// How the training of an epoch ended.
pub(super) enum Ended {
    Whole,
    Diverged(Divergence),
    /// Who watched the steps wanted no more.
    Stopped,
}

/// Something that a record would hold was seen not to be finite.
#[derive(Debug, PartialEq)]
pub(super) struct Divergence {
    /// The step, from 0, that showed it, or the last one before.
    pub(super) step: usize,
    pub(super) what: String,
}

/// Watches the state after every step, and may end the training.
pub(super) type AfterStep<'h, 't> = dyn FnMut(&Trainer<'t>) -> Result<ControlFlow<()>> + 'h;

/// Everything that changes while a run trains.
pub(super) struct Trainer<'a> {
    pub(super) spec: &'a RunSpec,
    pub(super) data: &'a Dataset,
    pub(super) names: Vec<String>,
    pub(super) sources: Rc<Sources<'a>>,
    /// Where evaluation happens.
    pub(super) plain: Place,
    pub(super) habits: device::Habits,
    pub(super) objective: Objective,
    pub(super) estimator: Estimator,
    pub(super) model: Model,
    pub(super) strategy: Box<dyn Strategy>,
    pub(super) optimizer: Optimizer,
    pub(super) schedule: Schedule,
    /// What is measured beside the metrics of the task.
    pub(super) observers: Vec<Box<dyn Observer>>,
    pub(super) trace: Trace,
    pub(super) fault: Option<&'a Fault>,
    /// Steps whose scalars are still on the device.
    pub(super) unread: Vec<Readings>,
    /// Steps taken, and the number of the next.
    pub(super) step: usize,
    /// What was computed so far.
    pub(super) work: Work,
}

/// Where the batches of every split come from.
pub(super) struct Sources<'a> {
    pub(super) train: Source<'a>,
    pub(super) validation: Source<'a>,
    pub(super) test: Source<'a>,
    pub(super) further: Vec<Source<'a>>,
}

impl<'a> Trainer<'a> {
    pub(super) fn new(
        spec: &'a RunSpec,
        data: &'a Dataset,
        backend: &Backend,
        fault: Option<&'a Fault>,
        needed: &[Needed],
    ) -> Result<Self> {
        check_revision(spec)?;
        needed::check(spec, needed)?;
        let columns = columns(spec, data)?;
        let names: Vec<String> =
            spec.cell.branches.iter().map(|branch| branch.modality.name.clone()).collect();
        let plain = Place { device: backend.device.clone(), dtype: device::DTYPE };
        let autodiff = Place { device: backend.device.clone().autodiff(), ..plain.clone() };
        let source = |split: &'a Split, place: &Place| {
            // A column that is too large for one buffer is read batch by batch.
            let fits = |column: &usize| {
                let column = &split.features[*column];
                backend.takes(column.len() * column.size() * size_of::<f32>())
            };
            let resident = backend.habits.resident && columns.iter().all(fits);
            Source::new(split, &columns, spec.cell.outputs, place.clone(), resident)
        };
        let sources = Sources {
            train: source(&data.train, &autodiff)?,
            validation: source(&data.validation, &plain)?,
            test: source(&data.test, &plain)?,
            further: data
                .further
                .iter()
                .map(|(_, split)| source(split, &plain))
                .collect::<Result<_>>()?,
        };
        sizes::check(spec, backend, &names)?;
        let model = Model::build(&spec.cell, &autodiff)?;
        let sites: Vec<Site> = snapshot(&model, &names).into_iter().map(|(site, _)| site).collect();
        let encoded = encoder::sizes(&spec.cell.branches)?;
        let features: Vec<usize> = encoded.iter().map(|sizes| sizes.features).collect();
        let needed: Vec<&[NamedTensor]> =
            needed.iter().map(|needed| needed.weights.as_slice()).collect();
        let objective = Objective::of(&spec.cell.task)?;
        let setting = Setting {
            seed: spec.seed,
            modalities: &names,
            objective,
            outputs: spec.cell.outputs,
            features: &features,
            between: 0 < model.fusion.reach(),
            sites: &sites,
            needed: &needed,
        };
        let mut strategy = strategy::build(&spec.cell.strategy, &setting)?;
        let model = model.with_heads(&strategy.heads(), &autodiff);
        let model = strategy.initial(init::fill(model, &names, spec.seed))?;
        Ok(Self {
            spec,
            data,
            names,
            sources: Rc::new(sources),
            plain,
            habits: backend.habits,
            objective,
            estimator: Estimator::of(&spec.cell.scores)?,
            model,
            strategy,
            optimizer: Optimizer::new(&protocol::Optimizer::of(&spec.cell.protocol.optimizer)?),
            schedule: Schedule::of(&spec.cell.protocol.schedule)?,
            observers: observer::build(&spec.cell.observe)?,
            trace: Trace::new(1),
            fault,
            unread: Vec::new(),
            step: 0,
            work: Work::default(),
        })
    }

    /// Weights and buffers.
    pub(super) fn weights(&self) -> Vec<NamedTensor> {
        snapshot(&self.model, &self.names).into_iter().map(|(_, tensor)| tensor).collect()
    }

    /// All that the run depends on from here: weights, buffers, optimizer, strategy, position.
    pub(super) fn checkpoint(&self) -> Vec<NamedTensor> {
        self.checkpoint_of(self.weights())
    }

    /// As [`Trainer::checkpoint`], with what [`Trainer::weights`] has read already.
    pub(super) fn checkpoint_of(&self, weights: Vec<NamedTensor>) -> Vec<NamedTensor> {
        let mut tensors = weights;
        tensors.extend(self.optimizer.snapshot());
        tensors.extend(self.strategy.state());
        tensors.push(NamedTensor::i64("step", vec![], &[self.step as i64]));
        tensors
    }

    /// The multiply-adds of the model for one example, in evaluation.
    pub(super) fn inference(&self) -> u64 {
        let model = self.model.valid();
        let sizes = self.spec.cell.branches.iter().map(|branch| branch.modality.shape.size());
        let inputs = sizes.map(|size| self.plain.zeros([1, size])).collect();
        let modalities = self.names.len();
        let predict = || {
            let features = model.encode(inputs, Look::all(modalities)).features;
            self.strategy.evaluate(&model, &features, Mask::all(modalities))
        };
        count::during(predict).1
    }

    /// The number of trainable values.
    pub(super) fn trainable(&self) -> u64 {
        snapshot(&self.model, &self.names)
            .iter()
            .filter(|(site, _)| !site.kind.is_buffer() && !self.is_frozen(site.group))
            .map(|(site, _)| site.shape.iter().product::<usize>() as u64)
            .sum()
    }

    fn is_frozen(&self, group: Group) -> bool {
        matches!(group, Group::Encoder(m) if self.strategy.freezes(m))
    }

    /// Trains one epoch, of which the first `done` steps have been taken already.
    pub(super) fn train_epoch(
        &mut self,
        epoch: usize,
        done: usize,
        after_step: &mut AfterStep<'_, 'a>,
    ) -> Result<Ended> {
        let passes = if done == 0 { self.begin_epoch(epoch) } else { self.strategy.plan(epoch) };
        let sources = Rc::clone(&self.sources);
        let mut left_out = done;
        for (pass, turns) in passes.into_iter().enumerate() {
            let batches = self.batches(epoch, pass);
            let taken = left_out.min(batches.len());
            left_out -= taken;
            let batches = batches.into_iter().skip(taken).enumerate();
            let batches =
                batches.map(|(i, rows)| fault::rows(self.fault, self.step + i, rows)).collect();
            let key = Key { seed: self.spec.seed, epoch };
            for batch in sources.train.batches(batches, Some(key)) {
                let batch = batch?;
                self.model =
                    fault::weights(self.fault, self.step, self.model.clone(), &self.names)?;
                if let Some(divergence) = self.train_batch(&batch, (epoch, pass), &turns)? {
                    return Ok(Ended::Diverged(divergence));
                }
                if after_step(self)?.is_break() {
                    return Ok(Ended::Stopped);
                }
            }
        }
        if let Some(divergence) = self.read() {
            return Ok(Ended::Diverged(divergence));
        }
        let context = epoch_context(self.spec, &self.names, &self.sources, &self.model, epoch);
        self.model = self.strategy.epoch_end(&context, self.model.clone());
        Ok(Ended::Whole)
    }

    /// The number of steps in an epoch.
    pub(super) fn steps_in(&mut self, epoch: usize) -> usize {
        let passes = self.strategy.plan(epoch).len();
        (0..passes).map(|pass| self.batches(epoch, pass).len()).sum()
    }

    /// The passes over the data that make the epoch.
    pub(super) fn begin_epoch(&mut self, epoch: usize) -> Vec<strategy::Pass> {
        let context = epoch_context(self.spec, &self.names, &self.sources, &self.model, epoch);
        self.strategy.epoch_start(&context);
        self.strategy.plan(epoch)
    }

    /// Takes the turns of one step. Gives a divergence that was seen, of this step or one before.
    pub(super) fn train_batch(
        &mut self,
        batch: &Batch,
        (epoch, pass): (usize, usize),
        turns: &[Updates],
    ) -> Result<Option<Divergence>> {
        let lr = self.optimizer.learning_rate(self.schedule, epoch);
        for (turn, updates) in turns.iter().enumerate() {
            let at = step::Position {
                seed: self.spec.seed,
                epoch,
                step: self.step,
                pass,
                turn,
                lr: fault::learning_rate(self.fault, self.step, lr),
                names: &self.names,
                objective: self.objective,
                estimator: self.estimator,
                draws: self.habits.draws,
            };
            let (model, strategy) = (self.model.clone(), self.strategy.as_mut());
            let (stepped, multiply_adds) = count::during(|| {
                step::step(model, strategy, &mut self.optimizer, batch, updates, &at)
            });
            let stepped = stepped?;
            self.work.forward += stepped.forward;
            self.work.backward += stepped.backward;
            self.work.multiply_adds += multiply_adds;
            self.model = stepped.model;
            self.unread.extend(stepped.readings);
            if self.habits.read_every <= self.unread.len()
                && let Some(divergence) = self.read()
            {
                return Ok(Some(divergence));
            }
        }
        self.step += 1;
        self.work.steps += 1;
        Ok(None)
    }

    /// Reads the scalars that are still on the device into the trace. Gives the first step of which
    /// one is not finite, if there is such a step; what followed it is left out.
    pub(super) fn read(&mut self) -> Option<Divergence> {
        for (epoch, step, scalars) in Readings::read(std::mem::take(&mut self.unread)) {
            if let Some(what) = not_finite(&scalars) {
                return Some(Divergence { step, what: what.to_string() });
            }
            self.trace.push(epoch, step, scalars);
        }
        None
    }

    /// The rows of every batch of a pass, shuffled by a stream of its own.
    pub(super) fn batches(&mut self, epoch: usize, pass: usize) -> Vec<Vec<usize>> {
        let context = epoch_context(self.spec, &self.names, &self.sources, &self.model, epoch);
        let order = self.strategy.sampler(&context).unwrap_or_else(|| {
            let purpose = match pass {
                0 => format!("shuffle/{epoch}"),
                _ => format!("shuffle/{epoch}/{pass}"),
            };
            Stream::new(self.spec.seed, &purpose).permutation(self.data.train.len())
        });
        let size = self.spec.cell.protocol.batch_size;
        order
            .chunks(size)
            .filter(|rows| rows.len() == size || !self.spec.cell.protocol.drop_last)
            .map(<[usize]>::to_vec)
            .collect()
    }

    /// The divergence after the last step where a tensor of the state is not finite. `state` is
    /// what [`Trainer::checkpoint`] has read.
    pub(super) fn divergence_in(&self, state: &[NamedTensor]) -> Result<Option<Divergence>> {
        let what = checkpoint::first_not_finite(state)?;
        Ok(what.map(|what| self.divergence_after(what.to_string())))
    }

    pub(super) fn divergence_after(&self, what: String) -> Divergence {
        Divergence { step: self.step.saturating_sub(1), what }
    }
}

/// The first scalar of a step that is not finite: the loss, or else by name.
pub(super) fn not_finite(scalars: &BTreeMap<String, f64>) -> Option<&str> {
    let wrong = scalars.iter().filter(|(_, value)| !value.is_finite());
    wrong.map(|(name, _)| name.as_str()).min_by_key(|name| *name != "loss")
}

/// Refuses a description of other initial weights, another loop or evaluation than those here.
fn check_revision(spec: &RunSpec) -> Result<()> {
    if spec.cell.training == REVISION {
        return Ok(());
    }
    let message = format!(
        "the run is described for revision {} of the training, this program has revision {REVISION}",
        spec.cell.training
    );
    Err(Error::input(message).with_hint("use the release that the description is of"))
}

fn epoch_context<'a>(
    spec: &RunSpec,
    names: &'a [String],
    sources: &'a Sources<'_>,
    model: &'a Model,
    epoch: usize,
) -> EpochContext<'a> {
    EpochContext {
        seed: spec.seed,
        epoch,
        modalities: names,
        model,
        train: &sources.train,
        validation: &sources.validation,
    }
}

/// The indices of the run's modalities in the data set.
fn columns(spec: &RunSpec, data: &Dataset) -> Result<Vec<usize>> {
    let kind = Kind::of(&spec.cell.task)?;
    let further = data.further.iter().map(|(name, split)| (name.as_str(), split));
    let splits = [("train", &data.train), ("validation", &data.validation), ("test", &data.test)];
    for (name, split) in splits.into_iter().chain(further) {
        let fits = match split.is_empty() {
            true => Err("is empty".into()),
            false => split.targets.check(kind, spec.cell.outputs),
        };
        fits.map_err(|why| {
            Error::input(format!("data set `{}`: split `{name}` {why}", spec.cell.dataset.name))
        })?;
    }
    if spec.cell.protocol.drop_last && data.train.len() < spec.cell.protocol.batch_size {
        return Err(Error::input(format!(
            "batch_size {} with drop_last leaves no batch of {} training examples",
            spec.cell.protocol.batch_size,
            data.train.len()
        )));
    }
    spec.cell
        .branches
        .iter()
        .map(|branch| {
            data.modalities.iter().position(|modality| *modality == branch.modality).ok_or_else(
                || {
                    Error::input(format!(
                        "data set `{}` has no modality `{}` of shape {:?}",
                        spec.cell.dataset.name, branch.modality.name, branch.modality.shape
                    ))
                },
            )
        })
        .collect()
}
