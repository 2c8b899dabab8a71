//! Training: the one loop. Knows nothing of suites, reports or the command line.

pub mod batch;
pub mod device;
pub mod evaluate;
pub mod metrics;
pub mod optimizer;
pub mod parity;
pub mod reading;
mod resume;
pub mod step;
pub mod trace;

use crate::checkpoint::{self, NamedTensor};
use crate::data::{Dataset, Split};
use crate::environment;
use crate::error::{Error, Result};
use crate::hash::digest_json;
use crate::model::layers::Place;
use crate::model::parameters::{Site, snapshot};
use crate::model::score::Estimator;
use crate::model::{Model, init};
use crate::modulation::{self, EpochContext, Strategy, Updates};
use crate::record::{Cost, Environment, EpochRecord, Outcome, RunRecord};
use crate::spec::run::RunSpec;
use crate::stream::Stream;
use batch::{Batch, Source};
use device::Backend;
use evaluate::Evaluation;
use optimizer::Optimizer;
use reading::Readings;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;
use trace::Trace;

/// What a caller hears of a run in progress.
pub enum Progress<'a> {
    /// An interrupted run goes on after this many finished epochs.
    Resumed(usize),
    /// An interrupted run begins anew, since its checkpoint cannot be used, for this reason.
    StartedOver(String),
    /// An epoch is finished.
    Epoch(&'a EpochRecord),
}

/// Trains one run and writes its trace and weights into `dir`: `steps.csv`, `final.safetensors`
/// (with the state of optimizer and strategy) and `selected.safetensors` (weights and buffers).
///
/// After every epoch the state is kept in `dir`, and a run that was interrupted goes on from
/// there to the same record as an uninterrupted one.
///
/// # Errors
/// When the spec does not fit the data or the parts do not fit each other, and when a file cannot
/// be written. A loss that stops being finite is not an error but an outcome.
pub fn run(
    spec: &RunSpec,
    data: &Dataset,
    backend: &Backend,
    dir: &Path,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<RunRecord> {
    let started = Instant::now();
    let mut trainer = Trainer::new(spec, data, backend)?;
    let initial = trainer.weights();
    let initial_root = checkpoint::root(&initial);
    let parameters = trainer.trainable();

    let mut so_far = SoFar { epochs: Vec::new(), selected: (0, initial), seconds: 0.0 };
    match resume::load(dir, spec, &mut trainer) {
        Ok(None) => {}
        Ok(Some(kept)) => {
            on_progress(Progress::Resumed(kept.epochs.len()));
            so_far = kept;
        }
        Err(error) => {
            on_progress(Progress::StartedOver(error.message));
            trainer = Trainer::new(spec, data, backend)?;
        }
    }
    let seconds_before = so_far.seconds;
    let mut outcome = Outcome::Finished;
    for epoch in so_far.epochs.len()..spec.protocol.epochs {
        if let Some(step) = trainer.train_epoch(epoch)? {
            outcome = Outcome::Diverged { epoch, step };
            break;
        }
        let weights = trainer.weights();
        so_far.epochs.push(trainer.record_epoch(epoch, checkpoint::root(&weights))?);
        if RunRecord::select(&so_far.epochs, spec.protocol.selection) == Some(epoch) {
            so_far.selected = (epoch, weights);
        }
        on_progress(Progress::Epoch(&so_far.epochs[epoch]));
        so_far.seconds = seconds_before + started.elapsed().as_secs_f64();
        if epoch + 1 < spec.protocol.epochs {
            resume::save(dir, spec, &trainer, &so_far)?;
        }
    }

    let last = trainer.checkpoint();
    let (selected_epoch, selected) = so_far.selected;
    checkpoint::write(&dir.join("final.safetensors"), &last)?;
    checkpoint::write(&dir.join("selected.safetensors"), &selected)?;
    trainer.trace.write(&dir.join("steps.csv"))?;
    let class = environment::class(&backend.class);
    Ok(RunRecord {
        format: RunRecord::FORMAT,
        id: spec.id()?,
        spec: spec.clone(),
        outcome,
        data_content: data.content,
        initial_root,
        epochs: so_far.epochs,
        final_root: checkpoint::root(&last),
        selected_root: checkpoint::root(&selected),
        selected_epoch,
        environment: Environment {
            class_id: digest_json(&class)?,
            class,
            host: environment::host(),
        },
        cost: Cost {
            wall_seconds: seconds_before + started.elapsed().as_secs_f64(),
            train_steps: trainer.step as u64,
            parameters,
            peak_memory: environment::peak_memory(),
        },
    })
}

/// What the finished epochs of a run have left, beside the trainer's state.
struct SoFar {
    epochs: Vec<EpochRecord>,
    /// The epoch that the protocol selects so far, and its weights and buffers.
    selected: (usize, Vec<NamedTensor>),
    /// Time spent, over all attempts.
    seconds: f64,
}

/// Everything that changes while a run trains.
struct Trainer<'a> {
    spec: &'a RunSpec,
    data: &'a Dataset,
    names: Vec<String>,
    sources: Rc<Sources<'a>>,
    /// Where evaluation happens.
    plain: Place,
    habits: device::Habits,
    estimator: Estimator,
    model: Model,
    strategy: Box<dyn Strategy>,
    optimizer: Optimizer,
    trace: Trace,
    /// Steps whose scalars are still on the device.
    unread: Vec<Readings>,
    step: usize,
}

/// Where the batches of every split come from.
struct Sources<'a> {
    train: Source<'a>,
    validation: Source<'a>,
    test: Source<'a>,
    further: Vec<Source<'a>>,
}

impl<'a> Trainer<'a> {
    fn new(spec: &'a RunSpec, data: &'a Dataset, backend: &Backend) -> Result<Self> {
        let columns = columns(spec, data)?;
        let names: Vec<String> =
            spec.branches.iter().map(|branch| branch.modality.name.clone()).collect();
        let plain = Place { device: backend.device.clone(), dtype: device::DTYPE };
        let autodiff = Place { device: backend.device.clone().autodiff(), ..plain.clone() };
        let source = |split: &'a Split, place: &Place| {
            let resident = backend.habits.resident;
            Source::new(split, &columns, spec.n_classes, place.clone(), resident)
        };
        let sources = Sources {
            train: source(&data.train, &autodiff),
            validation: source(&data.validation, &plain),
            test: source(&data.test, &plain),
            further: data.further.iter().map(|(_, split)| source(split, &plain)).collect(),
        };
        let model = init::fill(Model::build(spec, &autodiff)?, &names, spec.seed);
        let strategy = modulation::build(&spec.strategy)?;
        let sites: Vec<Site> = snapshot(&model, &names).into_iter().map(|(site, _)| site).collect();
        strategy.check(&sites).map_err(|message| {
            Error::input(format!("strategy `{}`: {message}", spec.strategy.name))
        })?;
        Ok(Self {
            spec,
            data,
            names,
            sources: Rc::new(sources),
            plain,
            habits: backend.habits,
            estimator: Estimator::parse(&spec.scores)?,
            model,
            strategy,
            optimizer: Optimizer::new(&spec.protocol.optimizer),
            trace: Trace::new(spec.protocol.trace_every),
            unread: Vec::new(),
            step: 0,
        })
    }

    /// Weights and buffers.
    fn weights(&self) -> Vec<NamedTensor> {
        snapshot(&self.model, &self.names).into_iter().map(|(_, tensor)| tensor).collect()
    }

    /// All that the run depends on from here: weights, buffers, optimizer, strategy, position.
    fn checkpoint(&self) -> Vec<NamedTensor> {
        let mut tensors = self.weights();
        tensors.extend(self.optimizer.snapshot());
        tensors.extend(self.strategy.state());
        tensors.push(NamedTensor::i64("step", vec![], &[self.step as i64]));
        tensors
    }

    fn trainable(&self) -> u64 {
        snapshot(&self.model, &self.names)
            .iter()
            .filter(|(site, _)| !site.kind.is_buffer())
            .map(|(site, _)| site.shape.iter().product::<usize>() as u64)
            .sum()
    }

    /// Trains one epoch. Gives the step at which the loss stopped being finite, if it did.
    fn train_epoch(&mut self, epoch: usize) -> Result<Option<usize>> {
        let sources = Rc::clone(&self.sources);
        for (pass, turns) in self.begin_epoch(epoch).into_iter().enumerate() {
            for batch in sources.train.batches(self.batches(epoch, pass)) {
                let diverged = self.train_batch(&batch, (epoch, pass), &turns)?;
                if diverged.is_some() {
                    return Ok(diverged);
                }
            }
        }
        let diverged = self.read();
        if diverged.is_none() {
            let context = epoch_context(self.spec, self.data, &self.model, &self.plain, epoch);
            self.model = self.strategy.epoch_end(&context, self.model.clone());
        }
        Ok(diverged)
    }

    /// The passes over the data that make the epoch.
    fn begin_epoch(&mut self, epoch: usize) -> Vec<modulation::Pass> {
        let context = epoch_context(self.spec, self.data, &self.model, &self.plain, epoch);
        self.strategy.epoch_start(&context);
        self.strategy.plan(epoch)
    }

    /// Takes the turns of one step. Gives the step whose loss was seen not to be finite.
    fn train_batch(
        &mut self,
        batch: &Batch,
        (epoch, pass): (usize, usize),
        turns: &[Updates],
    ) -> Result<Option<usize>> {
        let lr = self.optimizer.learning_rate(self.spec.protocol.schedule, epoch);
        for (turn, updates) in turns.iter().enumerate() {
            let at = step::Position {
                seed: self.spec.seed,
                epoch,
                step: self.step,
                pass,
                turn,
                lr,
                names: &self.names,
                estimator: self.estimator,
                draws: self.habits.draws,
            };
            let stepped = step::step(
                self.model.clone(),
                self.strategy.as_mut(),
                &mut self.optimizer,
                batch,
                updates,
                &at,
            )?;
            self.model = stepped.model;
            self.unread.extend(stepped.readings);
            if self.habits.read_every <= self.unread.len()
                && let Some(step) = self.read()
            {
                return Ok(Some(step));
            }
        }
        self.step += 1;
        Ok(None)
    }

    /// Reads the scalars that are still on the device into the trace. Gives the first step whose
    /// loss is not finite, if there is one; what followed it is left out.
    fn read(&mut self) -> Option<usize> {
        for (epoch, step, scalars) in Readings::read(std::mem::take(&mut self.unread)) {
            if !scalars["loss"].is_finite() {
                return Some(step);
            }
            self.trace.push(epoch, step, scalars);
        }
        None
    }

    /// The rows of every batch of a pass, shuffled by a stream of its own.
    fn batches(&mut self, epoch: usize, pass: usize) -> Vec<Vec<usize>> {
        let context = epoch_context(self.spec, self.data, &self.model, &self.plain, epoch);
        let order = self.strategy.sampler(&context).unwrap_or_else(|| {
            let purpose = match pass {
                0 => format!("shuffle/{epoch}"),
                _ => format!("shuffle/{epoch}/{pass}"),
            };
            Stream::new(self.spec.seed, &purpose).permutation(self.data.train.len())
        });
        let size = self.spec.protocol.batch_size;
        order
            .chunks(size)
            .filter(|rows| rows.len() == size || !self.spec.protocol.drop_last)
            .map(<[usize]>::to_vec)
            .collect()
    }

    fn record_epoch(&mut self, epoch: usize, root: crate::hash::Digest) -> Result<EpochRecord> {
        let train = self.trace.take_means();
        let evaluation = Evaluation {
            model: &self.model,
            strategy: self.strategy.as_ref(),
            estimator: self.estimator,
            modalities: self.names.len(),
            n_classes: self.spec.n_classes,
        };
        let further = self
            .data
            .further
            .iter()
            .zip(&self.sources.further)
            .map(|((name, split), source)| Ok((name.clone(), evaluation.metrics(split, source)?)))
            .collect::<Result<_>>()?;
        Ok(EpochRecord {
            lr: self.optimizer.learning_rate(self.spec.protocol.schedule, epoch),
            train,
            validation: evaluation.metrics(&self.data.validation, &self.sources.validation)?,
            test: evaluation.metrics(&self.data.test, &self.sources.test)?,
            further,
            root,
        })
    }
}

fn epoch_context<'a>(
    spec: &RunSpec,
    data: &'a Dataset,
    model: &'a Model,
    place: &'a Place,
    epoch: usize,
) -> EpochContext<'a> {
    EpochContext {
        seed: spec.seed,
        epoch,
        model,
        device: &place.device,
        train: &data.train,
        validation: &data.validation,
    }
}

/// The indices of the run's modalities in the data set.
fn columns(spec: &RunSpec, data: &Dataset) -> Result<Vec<usize>> {
    let fits = |split: &Split| {
        !split.is_empty() && split.labels.iter().all(|label| (*label as usize) < spec.n_classes)
    };
    if ![&data.train, &data.validation, &data.test].into_iter().all(fits) {
        return Err(Error::input(format!(
            "data set `{}` has an empty split or more classes than {}",
            spec.dataset.name, spec.n_classes
        )));
    }
    if spec.protocol.drop_last && data.train.len() < spec.protocol.batch_size {
        return Err(Error::input(format!(
            "batch_size {} with drop_last leaves no batch of {} training examples",
            spec.protocol.batch_size,
            data.train.len()
        )));
    }
    spec.branches
        .iter()
        .map(|branch| {
            data.modalities.iter().position(|modality| *modality == branch.modality).ok_or_else(
                || {
                    Error::input(format!(
                        "data set `{}` has no modality `{}` of shape {:?}",
                        spec.dataset.name, branch.modality.name, branch.modality.shape
                    ))
                },
            )
        })
        .collect()
}
