//! From a suite and a store to the input of a report.

use super::input::{CellInput, SuiteInput};
use crate::error::{Error, Kind, Result};
use crate::hash::{Digest, merkle_root};
use crate::record::RunRecord;
use crate::store::{State, Store};
use crate::suite::Suite;
use crate::suite::run::RunId;
use crate::task::Task;
use std::collections::BTreeMap;

/// Reads the records of every run of the suite. `blocked` tells why a run could not begin.
///
/// # Errors
/// When a record that is there cannot be read; of kind [`Kind::Mismatch`] when a run began from
/// another than the one that is in the store.
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
                    check_needed(&record, store)?;
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
            task: Task::of(&spec.cell.task)?,
            spec: spec.cell.clone(),
            seeds: cell.runs.iter().map(|run| run.seed).collect(),
            records,
            items: BTreeMap::new(),
            missing,
        });
    }
    Ok(SuiteInput {
        suite: suite.name.clone(),
        title: suite.title.clone(),
        analysis: suite.analysis.clone(),
        margin: suite.margin,
        source_text: suite.text.clone(),
        cells,
        warnings: Vec::new(),
    })
}

fn check_needed(record: &RunRecord, store: &Store) -> Result<()> {
    let Some(why) = store.unlike_needed(record)? else { return Ok(()) };
    let folder = store.folder(&record.id);
    let message = format!("{}: {why}", folder.join("record.json").display());
    Err(Error::new(Kind::Mismatch, message)
        .with_hint(format!("delete {}; the run is then trained again", folder.display())))
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
    use crate::record::NeededRun;
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
        (Suite { name, title, analysis, text, digest, margin: 0.01, cells }, store, folder)
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

    #[test]
    fn a_run_that_began_from_another_than_the_store_holds_is_named() {
        let (mut suite, store, _folder) = suite_and_store();
        let teacher = suite.cells[0].runs[0].clone();
        let mut pupil = teacher.clone();
        pupil.cell.needs = vec![teacher.cell.clone()];
        let mut record = fixture::record(&pupil);
        let id = teacher.id().unwrap();
        record.needs = vec![NeededRun { run: id.clone(), root: store.root(&id).unwrap() }];
        suite.cells = vec![cell("needing", vec![pupil])];
        let commit = |record: &RunRecord| {
            store.claim(&record.id).unwrap().unwrap().commit(record).unwrap();
        };
        commit(&record);
        assert_eq!(collect(&suite, &store, &BTreeMap::new()).unwrap().cells[0].records.len(), 1);
        std::fs::remove_dir_all(store.folder(&record.id)).unwrap();
        record.needs[0].root = Digest::of(b"other");
        commit(&record);
        let error = collect(&suite, &store, &BTreeMap::new()).unwrap_err();
        assert_eq!(error.kind, Kind::Mismatch);
        let expected = format!("record.json: it began from run {id} with the root ");
        assert!(error.message.contains(&expected), "{error}");
        // One that is not there any more proves nothing.
        std::fs::remove_dir_all(store.folder(&id)).unwrap();
        assert!(collect(&suite, &store, &BTreeMap::new()).is_ok());
    }
}
