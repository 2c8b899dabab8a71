//! What the runs of a store predict item by item, from the logits that they keep.

use super::input::{CellInput, SuiteInput};
use super::items::Items;
use crate::checkpoint::{self, NamedTensor};
use crate::error::{Error, Kind, Result};
use crate::record::RunRecord;
use crate::store::Store;
use crate::task::Kind as TaskKind;
use rayon::prelude::*;

/// Reads the items of every finished run of the input whose task predicts classes.
///
/// # Errors
/// When a run's logits cannot be read; of kind [`Kind::Mismatch`] where they are not those of the
/// record.
pub fn read(input: &mut SuiteInput, store: &Store) -> Result<()> {
    // The first error in order, whichever thread meets one first.
    let read: Vec<Result<()>> =
        input.cells.par_iter_mut().map(|cell| of_cell(cell, store)).collect();
    read.into_iter().collect()
}

fn of_cell(cell: &mut CellInput, store: &Store) -> Result<()> {
    let segments = match TaskKind::of(&cell.spec.task)? {
        TaskKind::Classification => 1,
        TaskKind::Segments { segments } => segments,
        TaskKind::MultiLabel | TaskKind::Regression { .. } => return Ok(()),
    };
    for record in &cell.records {
        if let Some(items) = of_run(record, store, segments)? {
            cell.items.insert(record.spec.seed, items);
        }
    }
    Ok(())
}

fn of_run(record: &RunRecord, store: &Store, segments: usize) -> Result<Option<Items>> {
    let Some(stated) = record.logits_root else { return Ok(None) };
    let folder = store.folder(&record.id);
    let path = folder.join("logits.safetensors");
    let hint = format!("delete {}; the run is then trained again", folder.display());
    let tensors = checkpoint::read(&path).map_err(|error| error.with_hint(hint.clone()))?;
    let broken = |why: String| {
        let message = format!("{}: {why}", path.display());
        Error::new(Kind::Mismatch, message).with_hint(hint.clone())
    };
    let root = checkpoint::root(&tensors);
    if root != stated {
        return Err(broken(format!("its tensors have the root {root}, not {stated}")));
    }
    let values = |name: &str| -> Result<Vec<f64>> {
        let is_named = |tensor: &&NamedTensor| tensor.path == name;
        let found = tensors.iter().find(is_named);
        found.ok_or_else(|| broken(format!("it has no tensor `{name}`")))?.to_f64()
    };
    let (logits, labels) = (values("test.logits")?, values("test.labels")?);
    let items = Items::new(&logits, &labels, record.spec.cell.outputs / segments);
    items.map(Some).ok_or_else(|| broken("its logits and labels do not fit each other".into()))
}
