//! From a suite and a store to the input of a report.

use super::input::{CellInput, ReportInput};
use crate::error::Result;
use crate::hash::{Digest, merkle_root};
use crate::spec::run::RunId;
use crate::spec::suite::Suite;
use crate::store::{State, Store};
use std::collections::BTreeMap;

/// Reads the records of every run of the suite. `blocked` tells why a run could not begin.
///
/// # Errors
/// When a record that is there cannot be read.
pub fn collect(
    suite: &Suite,
    store: &Store,
    blocked: &BTreeMap<RunId, String>,
) -> Result<ReportInput> {
    let mut cells = Vec::new();
    for cell in &suite.cells {
        let mut records = Vec::new();
        let mut missing = Vec::new();
        for run in &cell.runs {
            let id = run.id()?;
            match store.state(&id)? {
                State::Done => records.push(store.record(&id)?),
                State::Failed(failure) => missing.push((run.seed, failure.message)),
                State::Pending => {
                    let why = blocked.get(&id).map_or("not trained yet", String::as_str);
                    missing.push((run.seed, why.to_string()));
                }
            }
        }
        cells.push(CellInput {
            id: cell.id.clone(),
            dataset: cell.dataset.clone(),
            fusion: cell.fusion.clone(),
            strategy: cell.strategy.clone(),
            spec: cell.runs[0].clone(),
            seeds: cell.runs.iter().map(|run| run.seed).collect(),
            records,
            missing,
        });
    }
    Ok(ReportInput {
        suite: suite.name.clone(),
        title: suite.title.clone(),
        analysis: suite.analysis.clone(),
        source_text: suite.text.clone(),
        cells,
        warnings: Vec::new(),
    })
}

/// The root that the report of a complete suite has, without reading its records; `None` while
/// a run is not done.
///
/// # Errors
/// When the store cannot be read.
pub fn complete_root(suite: &Suite, store: &Store) -> Result<Option<Digest>> {
    let mut roots = BTreeMap::new();
    for run in suite.cells.iter().flat_map(|cell| &cell.runs) {
        let id = run.id()?;
        if store.state(&id)? != State::Done {
            return Ok(None);
        }
        let root = store.root(&id)?;
        roots.insert(id, root);
    }
    Ok(Some(merkle_root(std::iter::once(suite.digest).chain(roots.into_values()))))
}
