//! Baselines of format 1, in which all runs of a cell had the same data.

use super::{AcceptedCell, AcceptedRun, Baseline};
use crate::hash::Digest;
use crate::suite::run::RunId;
use crate::task::metric::Metric;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const FORMAT: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Old {
    #[serde(rename = "format")]
    _format: u32,
    suite: String,
    reason: String,
    metric: Metric,
    margin: f64,
    class: BTreeMap<String, String>,
    class_id: Digest,
    cells: Vec<OldCell>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldCell {
    id: RunId,
    dataset: String,
    fusion: String,
    strategy: String,
    spec: Value,
    data: Digest,
    examples: usize,
    runs: Vec<OldRun>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldRun {
    seed: u64,
    score: f64,
    root: Digest,
}

/// The baseline as one of the format of today.
pub(super) fn read(bytes: &[u8]) -> serde_json::Result<Baseline> {
    let old: Old = serde_json::from_slice(bytes)?;
    let Old { suite, reason, metric, margin, class, class_id, cells, .. } = old;
    let cells = cells.into_iter().map(OldCell::today).collect();
    Ok(Baseline { format: Baseline::FORMAT, suite, reason, metric, margin, class, class_id, cells })
}

impl OldCell {
    fn today(self) -> AcceptedCell {
        let Self { id, dataset, fusion, strategy, spec, data, examples, runs } = self;
        let run = |OldRun { seed, score, root }| AcceptedRun { seed, score, root, data, examples };
        let runs = runs.into_iter().map(run).collect();
        AcceptedCell { id, dataset, fusion, strategy, spec, runs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixture;
    use crate::task::metric::ACCURACY;

    #[test]
    fn the_data_of_a_cell_become_those_of_its_runs() {
        let today = Baseline::of(&fixture::tiny(), ACCURACY, 0.01, "first").unwrap();
        let mut old = serde_json::to_value(&today).unwrap();
        old["format"] = FORMAT.into();
        for cell in old["cells"].as_array_mut().unwrap() {
            for key in ["data", "examples"] {
                cell[key] = cell["runs"][0][key].clone();
                for run in cell["runs"].as_array_mut().unwrap() {
                    run.as_object_mut().unwrap().remove(key);
                }
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tiny.json");
        std::fs::write(&path, old.to_string()).unwrap();
        assert_eq!(Baseline::load(&path).unwrap(), Some(today));
        old["cells"][0]["note"] = "x".into();
        std::fs::write(&path, old.to_string()).unwrap();
        assert!(Baseline::load(&path).unwrap_err().message.contains("unknown field `note`"));
    }
}
