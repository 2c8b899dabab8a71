//! Training: the one loop. Knows nothing of suites, reports or the command line.

mod after_epoch;
pub mod bisect;
pub mod chain;
pub mod evaluate;
mod fault;
pub mod first_steps;
pub mod logits;
pub mod measure;
pub mod metrics;
pub mod needed;
pub mod observer;
pub mod optimizer;
pub mod pace;
pub mod parity;
pub mod reading;
mod resume;
mod sizes;
pub mod step;
pub mod trace;
mod trainer;

use crate::checkpoint::{self, NamedTensor, Origin};
use crate::data::Dataset;
use crate::device::Backend;
use crate::environment;
use crate::error::Result;
use crate::hash::digest_json;
use crate::record::metrics::Primary;
use crate::record::probe::{Link, Probe};
use crate::record::{Cost, Environment, EpochRecord, NeededRun, Outcome, RunRecord, Work};
use crate::suite::run::RunSpec;
use crate::task::Task;
use chain::Chain;
use needed::Needed;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;
use trace::Trace;
use trainer::{Divergence, Ended, Trainer};

/// The revision of what all runs share: initial weights, batches, the loop, evaluation. Raised
/// whenever one of them computes other bits; see `CellSpec::training`.
pub const REVISION: u32 = 4;

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
/// (with the state of optimizer and strategy), and of the selected epoch `selected.safetensors`
/// (weights and buffers) and `logits.safetensors` (logits and labels on every split but the training
/// one, where an epoch was finished).
///
/// After every epoch the state is kept in `dir`, and a run that was interrupted goes on from
/// there to the same record as an uninterrupted one. Where `probe` asks for a chain, `states/` in
/// `dir` holds the state of each link. `needed` holds the runs that the spec needs, in its order.
///
/// # Errors
/// When the spec does not fit the data or the parts do not fit each other, when `needed` are other
/// runs, and when a file cannot
/// be written. A loss, weight or logit that stops being finite is not an error but an outcome: the
/// record then has the epochs before.
pub fn run(
    spec: &RunSpec,
    data: &Dataset,
    backend: &Backend,
    dir: &Path,
    probe: &Probe,
    needed: &[Needed],
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<RunRecord> {
    let started = Instant::now();
    let needs = needed.iter().map(Needed::named).collect::<Result<Vec<_>>>()?;
    let fresh = || -> Result<Trainer<'_>> {
        let mut trainer = Trainer::new(spec, data, backend, probe.fault.as_ref(), needed)?;
        trainer.trace = Trace::new(probe.trace_every.get());
        Ok(trainer)
    };
    let mut trainer = fresh()?;
    let initial = trainer.weights();
    let initial_root = checkpoint::root(&initial);

    let mut so_far = SoFar {
        needs: needs.clone(),
        epochs: Vec::new(),
        selected: Selected { epoch: 0, weights: initial, logits: Vec::new() },
        links: Vec::new(),
        seconds: 0.0,
    };
    match resume::load(dir, spec, &needs, &mut trainer) {
        Ok(None) => {}
        Ok(Some(kept)) => {
            on_progress(Progress::Resumed(kept.epochs.len()));
            so_far = kept;
        }
        Err(error) => {
            on_progress(Progress::StartedOver(error.message));
            trainer = fresh()?;
        }
    }
    let mut chain = Chain::new(dir, probe.chain_every, std::mem::take(&mut so_far.links));
    let seconds_before = so_far.seconds;
    let primary = Primary::from(Task::of(&spec.cell.task)?.primary);
    let mut outcome = Outcome::Finished;
    for epoch in so_far.epochs.len()..spec.cell.protocol.epochs {
        let ended = trainer.train_epoch(epoch, 0, &mut |trainer| {
            chain.after_step(trainer, epoch)?;
            Ok(ControlFlow::Continue(()))
        })?;
        let weights = trainer.weights();
        let state = trainer.checkpoint_of(weights.clone());
        let divergence = match ended {
            Ended::Diverged(divergence) => Some(divergence),
            _ => trainer.divergence_in(&state)?,
        };
        let measured = match divergence {
            Some(divergence) => Err(divergence),
            None => trainer.measure_epoch(epoch, checkpoint::root(&weights))?,
        };
        let logits = match measured {
            Ok((record, logits)) => {
                so_far.epochs.push(record);
                logits
            }
            Err(Divergence { step, what }) => {
                outcome = Outcome::Diverged { epoch, step, what };
                break;
            }
        };
        if RunRecord::select(&so_far.epochs, &primary, spec.cell.protocol.selection) == Some(epoch)
        {
            so_far.selected = Selected { epoch, weights, logits };
        }
        on_progress(Progress::Epoch(&so_far.epochs[epoch]));
        so_far.seconds = seconds_before + started.elapsed().as_secs_f64();
        if epoch + 1 < spec.cell.protocol.epochs {
            so_far.links = chain.links().to_vec();
            backend.check_memory()?;
            resume::save(dir, spec, state, (&trainer.trace, trainer.work), &so_far)?;
        }
    }

    backend.check_memory()?;
    let last = trainer.checkpoint();
    let Selected { epoch: selected_epoch, weights: selected, logits } = so_far.selected;
    let run = spec.id()?;
    let finished = so_far.epochs.len();
    let origin =
        Origin { run: run.clone(), epoch: (0 < finished).then_some(selected_epoch), steps: None };
    let ended_in = match outcome {
        Outcome::Finished => finished.checked_sub(1),
        Outcome::Diverged { epoch, .. } => Some(epoch),
    };
    let of_last = Origin { epoch: ended_in, steps: Some(trainer.step), ..origin.clone() };
    let write = |name: &str, tensors: &[NamedTensor], origin: &Origin| {
        checkpoint::write_with_origin(&dir.join(name), tensors, origin)
    };
    let final_root = write("final.safetensors", &last, &of_last)?;
    let selected_root = write("selected.safetensors", &selected, &origin)?;
    let logits_root = match finished {
        0 => None,
        _ => Some(write(logits::FILE, &logits, &origin)?),
    };
    trainer.trace.write(&dir.join("steps.csv"))?;
    let class = environment::class(&backend.class);
    let cost = Cost {
        wall_seconds: seconds_before + started.elapsed().as_secs_f64(),
        peak_memory: environment::peak_memory(),
    };
    Ok(RunRecord {
        format: RunRecord::FORMAT,
        id: run,
        spec: spec.clone(),
        outcome,
        data_content: data.content,
        initial_root,
        primary,
        epochs: so_far.epochs,
        final_root,
        selected_root,
        selected_epoch,
        logits_root,
        fault: probe.fault.clone(),
        needs,
        links: chain.links().to_vec(),
        work: Work {
            inference: trainer.inference(),
            parameters: trainer.trainable(),
            ..trainer.work
        },
        environment: Environment {
            class_id: digest_json(&class)?,
            class,
            program: environment::PROGRAM.into(),
            host: environment::host(),
        },
        cost_digest: cost.digest()?,
        cost,
    })
}

/// What the finished epochs of a run have left, beside the trainer's state.
struct SoFar {
    /// The runs that it began from.
    needs: Vec<NeededRun>,
    epochs: Vec<EpochRecord>,
    /// What the protocol selects so far.
    selected: Selected,
    /// The chain so far.
    links: Vec<Link>,
    /// Time spent, over all attempts.
    seconds: f64,
}

/// A selected epoch.
struct Selected {
    epoch: usize,
    /// Weights and buffers.
    weights: Vec<NamedTensor>,
    /// Logits and labels; none where no epoch was finished.
    logits: Vec<NamedTensor>,
}
