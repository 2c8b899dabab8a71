//! The runs behind a report: their records and checkpoints in a run store.

use super::Check;
use crate::checkpoint;
use crate::error::{Error, Kind, Result};
use crate::record::RunRecord;
use crate::results::manifest::{Manifest, RunEntry};
use crate::store::{State, Store};
use crate::suite::run::RunId;
use std::collections::BTreeMap;

/// The record of every run of the report that could be read.
pub type Records = BTreeMap<RunId, RunRecord>;

/// Computes the root of every run's record again, and the root of its tensors in both
/// checkpoints and of its logits, and compares them with the manifest and the record.
///
/// # Errors
/// When the store lacks runs of the report or cannot be read.
pub fn check(manifest: &Manifest, store: &Store) -> Result<(Vec<Check>, Records)> {
    // Cells may share a run.
    let runs: BTreeMap<&RunId, &RunEntry> =
        manifest.runs.iter().map(|run| (&run.id, run)).collect();
    let mut lacking = Vec::new();
    for id in runs.keys() {
        if store.state(id)? != State::Done {
            lacking.push(*id);
        }
    }
    if let Some(first) = lacking.first() {
        let n = lacking.len();
        let message = format!("the store lacks {n} of the report's runs, such as {first}");
        return Err(Error::new(Kind::Runs, message)
            .with_hint("give the store that the report was written from, or train the suite"));
    }
    let mut of_records = Check::new("records", "the root of every record with the manifest");
    let mut of_tensors =
        Check::new("checkpoints", "the root of the tensors in every checkpoint and of all logits");
    let mut records = Records::new();
    for (id, entry) in runs {
        let folder = store.folder(id);
        let mut logits = None;
        let path = folder.join("record.json").display().to_string();
        match store.record(id) {
            Ok(record) => {
                let why = match unlike(entry, &record)? {
                    None => {
                        store.unlike_needed(&record).unwrap_or_else(|error| Some(error.message))
                    }
                    why => why,
                };
                // The manifest holds the root of the logits by that of the record alone.
                logits = record.logits_root.filter(|_| why.is_none());
                of_records.expect(why.is_none(), &path, || why.unwrap_or_default());
                records.insert(id.clone(), record);
            }
            Err(error) => of_records.expect(false, &path, || error.message),
        }
        let checkpoints = [
            ("final.safetensors", entry.final_root),
            ("selected.safetensors", entry.selected_root),
        ];
        let logits = logits.map(|root| ("logits.safetensors", root));
        for (name, stated) in checkpoints.into_iter().chain(logits) {
            let path = folder.join(name);
            let root = checkpoint::read(&path).map(|tensors| checkpoint::root(&tensors));
            let equal = root.as_ref().is_ok_and(|root| *root == stated);
            of_tensors.expect(equal, &path.display().to_string(), || match root {
                Ok(root) => format!("its tensors have the root {root}, not {stated}"),
                Err(error) => error.message,
            });
        }
    }
    Ok((vec![of_records, of_tensors], records))
}

/// The first thing in a record that is not what the manifest says of the run.
fn unlike(entry: &RunEntry, record: &RunRecord) -> Result<Option<String>> {
    let parts = [
        ("data content", record.data_content, entry.data_content),
        ("initial weights", record.initial_root, entry.initial_root),
        ("selected checkpoint", record.selected_root, entry.selected_root),
        ("last checkpoint", record.final_root, entry.final_root),
        ("record", record.root()?, entry.root),
    ];
    let found = parts.into_iter().find(|(_, here, stated)| here != stated);
    Ok(found.map(|(name, here, stated)| format!("{name}: {here}, the manifest says {stated}")))
}
