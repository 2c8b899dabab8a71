//! From a suite and a store to the input of a report.

use super::input::{CellInput, SuiteInput};
use crate::error::{Error, Result};
use crate::hash::{Digest, merkle_root};
use crate::store::{State, Store};
use crate::suite::Suite;
use crate::suite::run::RunId;
use std::collections::BTreeMap;

/// Reads the records of every run of the suite. `blocked` tells why a run could not begin.
///
/// # Errors
/// When a record that is there cannot be read.
pub fn collect(
    suite: &Suite,
    store: &Store,
    blocked: &BTreeMap<RunId, String>,
) -> Result<SuiteInput> {
    let mut cells = Vec::new();
    for cell in &suite.cells {
        // A suite without seeds is an error when it is read.
        let first = cell.runs.first();
        let spec = first.ok_or_else(|| Error::unexpected(format!("{}: no seed", cell.label())))?;
        let mut records = Vec::new();
        let mut missing = Vec::new();
        for run in &cell.runs {
            let id = run.id()?;
            match store.state(&id)? {
                State::Done => {
                    let record = store.record(&id)?;
                    match &record.fault {
                        None => records.push(record),
                        Some(fault) => {
                            missing.push((run.seed, format!("a fault was planted: {fault}")))
                        }
                    }
                }
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
            preset: cell.preset.clone(),
            spec: spec.cell.clone(),
            seeds: cell.runs.iter().map(|run| run.seed).collect(),
            records,
            missing,
        });
    }
    Ok(SuiteInput {
        suite: suite.name.clone(),
        title: suite.title.clone(),
        analysis: suite.analysis.clone(),
        source_text: suite.text.clone(),
        cells,
        warnings: Vec::new(),
    })
}

/// The root that the report of a complete suite has; `None` while a run is not done.
///
/// # Errors
/// When the store cannot be read, or a run in it is damaged.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::manifest;
    use crate::store::fixture;
    use crate::suite::Cell;
    use crate::suite::run::RunSpec;
    use std::num::NonZeroUsize;

    fn cell(label: &str, runs: Vec<RunSpec>) -> Cell {
        let label = label.to_string();
        Cell {
            id: runs.first().map_or(RunId("none".into()), |run| run.cell.id().unwrap()),
            dataset: label.clone(),
            fusion: "concat".into(),
            strategy: "joint".into(),
            preset: "test".into(),
            trace_every: NonZeroUsize::MIN,
            runs,
        }
    }

    /// Two data sets with two seeds each, the second run of the second still to be trained.
    fn suite_and_store() -> (Suite, Store, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let runs = |dataset| [2, 1].map(|seed| fixture::spec(dataset, seed)).to_vec();
        let cells = vec![cell("one", runs("one")), cell("two", runs("two"))];
        for run in cells.iter().flat_map(|cell| &cell.runs).take(3) {
            finish(&store, run);
        }
        let text = "suite: test\n".to_string();
        let digest = Digest::of(text.as_bytes());
        let [name, title, analysis] = ["test", "A test", ""].map(str::to_string);
        (Suite { name, title, analysis, text, digest, cells }, store, folder)
    }

    fn finish(store: &Store, run: &RunSpec) {
        let claim = store.claim(&run.id().unwrap()).unwrap().unwrap();
        claim.commit(&fixture::record(run)).unwrap();
    }

    #[test]
    fn the_root_is_known_without_reading_records_once_every_run_is_done() {
        let (mut suite, store, _folder) = suite_and_store();
        assert_eq!(complete_root(&suite, &store).unwrap(), None);
        finish(&store, &suite.cells[1].runs[1]);
        // Two cells may name one run: it counts once.
        suite.cells.push(cell("again", suite.cells[0].runs.clone()));
        let input = collect(&suite, &store, &BTreeMap::new()).unwrap();
        let root = manifest::root(&input).unwrap();
        assert_eq!(complete_root(&suite, &store).unwrap(), Some(root));
    }

    #[test]
    fn a_run_that_is_not_done_is_missing_with_its_reason() {
        let (suite, store, _folder) = suite_and_store();
        let input = collect(&suite, &store, &BTreeMap::new()).unwrap();
        assert_eq!(input.cells[1].missing, [(1, "not trained yet".to_string())]);
        let id = suite.cells[1].runs[1].id().unwrap();
        let blocked = BTreeMap::from([(id, "no such data".to_string())]);
        let input = collect(&suite, &store, &blocked).unwrap();
        assert_eq!(input.cells[1].missing, [(1, "no such data".to_string())]);
        assert_eq!(input.cells[0].records.len(), 2);
    }

    #[test]
    fn a_cell_without_seeds_is_an_error() {
        let (mut suite, store, _folder) = suite_and_store();
        suite.cells.push(cell("empty", Vec::new()));
        let error = collect(&suite, &store, &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("empty / concat / joint: no seed"), "{error}");
    }
}
