//! Keeping a run's state after every epoch, and taking it up again after an interruption.
//!
//! One file, replaced by a rename, so that it always belongs to one epoch: the tensors of the
//! checkpoint, the weights and logits selected so far, and the epochs' records and trace as JSON.

use super::trace::Trace;
use super::trainer::Trainer;
use super::{Selected, SoFar};
use crate::checkpoint::{self, NamedTensor};
use crate::error::{Error, Result};
use crate::model::parameters::{Site, from_torch, snapshot, update};
use crate::record::probe::Link;
use crate::record::{EpochRecord, NeededRun, Work};
use crate::suite::run::{RunId, RunSpec};
use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Hidden, so that the store takes it for scratch and drops it when the run is finished.
const FILE: &str = ".resume.safetensors";

/// The tensor that holds [`Notes`].
const NOTES: &str = "notes";

/// The tensor that holds the root of all others: a damaged file is told from a whole one.
const ROOT: &str = "root";

/// Marks the paths of the selected weights.
const SELECTED: &str = "selected/";

/// Marks the paths of the selected epoch's logits and labels.
const LOGITS: &str = "logits/";

/// What is kept beside tensors.
#[derive(Serialize, Deserialize)]
struct Notes {
    run: RunId,
    #[serde(default)]
    needs: Vec<NeededRun>,
    epochs: Vec<EpochRecord>,
    selected_epoch: usize,
    links: Vec<Link>,
    seconds: f64,
    trace: Trace,
    work: Work,
}

/// Keeps the state after the last finished epoch: what [`Trainer::checkpoint`] has read, the trace
/// and the work.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn save(
    dir: &Path,
    spec: &RunSpec,
    state: Vec<NamedTensor>,
    (trace, work): (&Trace, Work),
    so_far: &SoFar,
) -> Result<()> {
    let selected = &so_far.selected;
    let mut tensors = state;
    for (mark, marked) in [(SELECTED, &selected.weights), (LOGITS, &selected.logits)] {
        tensors.extend(marked.iter().map(|tensor| {
            let path = format!("{mark}{}", tensor.path);
            NamedTensor { path, ..tensor.clone() }
        }));
    }
    let notes = serde_json::json!({
        "run": spec.id()?,
        "needs": so_far.needs,
        "epochs": so_far.epochs,
        "selected_epoch": selected.epoch,
        "links": so_far.links,
        "seconds": so_far.seconds,
        "trace": trace,
        "work": work,
    });
    tensors.push(NamedTensor::u8(NOTES, notes.to_string().into_bytes()));
    let root = checkpoint::root(&tensors).to_string();
    tensors.push(NamedTensor::u8(ROOT, root.into_bytes()));
    checkpoint::write_unsynced(&dir.join(FILE), &tensors)
}

/// Puts the trainer into the state that was kept; `None` where there is none.
///
/// # Errors
/// When what was kept is damaged, of another run or begun from others than `needs`; the trainer is of no use then.
pub(super) fn load(
    dir: &Path,
    spec: &RunSpec,
    needs: &[NeededRun],
    trainer: &mut Trainer<'_>,
) -> Result<Option<SoFar>> {
    let path = dir.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let damaged = |why: &str| Error::input(format!("{} cannot be used: {why}", path.display()));
    let mut tensors = checkpoint::read(&path)?;
    let take = |tensors: &mut Vec<NamedTensor>, path: &str| {
        let at = tensors.iter().position(|tensor| tensor.path == path);
        at.map(|at| tensors.remove(at)).ok_or_else(|| damaged(&format!("it has no {path}")))
    };
    let root = take(&mut tensors, ROOT)?;
    if root.bytes != checkpoint::root(&tensors).to_string().into_bytes() {
        return Err(damaged("it is not what was written"));
    }
    let notes = take(&mut tensors, NOTES)?;
    let notes: Notes = serde_json::from_slice(&notes.bytes).map_err(|e| damaged(&e.to_string()))?;
    if notes.run != spec.id()? {
        return Err(damaged("it is of another run"));
    }
    if notes.needs != needs {
        return Err(damaged("a run that it began from is another now"));
    }
    let epochs = notes.epochs.len();
    if spec.cell.protocol.epochs <= epochs || epochs.max(1) <= notes.selected_epoch {
        return Err(damaged("its epochs are not those of the run"));
    }
    let (selected, rest): (Vec<_>, Vec<_>) =
        tensors.into_iter().partition(|tensor| tensor.path.starts_with(SELECTED));
    let (logits, current): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|tensor| tensor.path.starts_with(LOGITS));
    let logits = logits.into_iter().map(|tensor| {
        let path = tensor.path.strip_prefix(LOGITS).unwrap_or(&tensor.path).to_string();
        NamedTensor { path, ..tensor }
    });
    let logits = logits.collect();
    trainer.restore(&current)?;
    trainer.trace = notes.trace;
    trainer.work = notes.work;
    let order = trainer.weights();
    let weights = order
        .iter()
        .map(|wanted| {
            let path = format!("{SELECTED}{}", wanted.path);
            let found = selected.iter().find(|tensor| tensor.path == path);
            let found = found.ok_or_else(|| damaged("it lacks a tensor of the model"))?;
            Ok(NamedTensor { path: wanted.path.clone(), ..found.clone() })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Some(SoFar {
        needs: notes.needs,
        epochs: notes.epochs,
        selected: Selected { epoch: notes.selected_epoch, weights, logits },
        links: notes.links,
        seconds: notes.seconds,
    }))
}

impl Trainer<'_> {
    /// Takes back what [`Trainer::checkpoint`] gave.
    pub(super) fn restore(&mut self, tensors: &[NamedTensor]) -> Result<()> {
        let find = |path: &str| {
            tensors
                .iter()
                .find(|tensor| tensor.path == path)
                .ok_or_else(|| Error::input(format!("the checkpoint has no tensor `{path}`")))
        };
        let sites: Vec<Site> =
            snapshot(&self.model, &self.names).into_iter().map(|(site, _)| site).collect();
        for site in &sites {
            if find(&site.path)?.shape != site.shape {
                return Err(Error::input(format!("`{}` has another shape", site.path)));
            }
        }
        let place = (&self.plain.device, self.plain.dtype);
        self.model = update(self.model.clone(), &self.names, |site, _| {
            let values = find(&site.path).ok()?.to_f64().ok()?;
            let n = values.len();
            Some(from_torch(site, Tensor::from_data(TensorData::new(values, [n]), place)))
        });
        self.optimizer.restore(&sites, tensors, &self.plain.device)?;
        let strategy: Vec<NamedTensor> =
            tensors.iter().filter(|t| t.path.starts_with("strategy.")).cloned().collect();
        self.strategy.restore(&strategy)?;
        let step = find("step")?.to_f64()?;
        self.step = step.first().copied().unwrap_or(0.0) as usize;
        Ok(())
    }
}
