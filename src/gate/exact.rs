//! The exact comparison: root against root.

use super::baseline::{AcceptedRun, Baseline, sound};
use super::metric;
use super::reasons;
use crate::environment;
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::results::input::SuiteInput;
use crate::suite::run::RunId;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the roots say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exact {
    /// The number of runs whose root is the accepted one.
    pub equal: usize,
    /// Runs whose root is another, in the order of the suite.
    pub drifted: Vec<Drift>,
    /// Runs of seeds that were never accepted.
    pub unmatched: Vec<RunId>,
    /// The cells of the runs that are not equal.
    pub cells: BTreeSet<RunId>,
    /// The properties in which the determinism class differs from the accepted one: the accepted
    /// value and the one here. Only in an equal class must roots be equal.
    pub class: BTreeMap<String, [Option<String>; 2]>,
}

/// A run whose root is not the accepted one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    pub run: RunId,
    /// The cell in a line.
    pub cell: String,
    pub seed: u64,
    pub accepted: Digest,
    pub found: Digest,
}

impl Exact {
    /// Whether every run is the accepted one, to the bit.
    pub fn holds(&self) -> bool {
        self.drifted.is_empty() && self.unmatched.is_empty()
    }
}

/// Compares the root of every run with that of the accepted run of the same cell and seed. Equal
/// roots prove runs equal in whatever class; accepted seeds that the suite no longer has do not
/// count.
///
/// # Errors
/// When a record cannot be encoded, and when the baseline gives a run another score than the run
/// of the same root has: a root covers the scores, so the baseline was changed.
pub fn compare(input: &SuiteInput, baseline: &Baseline) -> Result<Exact> {
    let metric = baseline.metric;
    let accepted: BTreeMap<(&RunId, u64), &AcceptedRun> = baseline
        .cells
        .iter()
        .flat_map(|cell| cell.runs.iter().map(|run| ((&cell.id, run.seed), run)))
        .collect();
    let mut contradictions = Vec::new();
    let mut exact = Exact {
        equal: 0,
        drifted: Vec::new(),
        unmatched: Vec::new(),
        cells: BTreeSet::new(),
        class: BTreeMap::new(),
    };
    for cell in &input.cells {
        for record in &cell.records {
            let seed = record.spec.seed;
            let found = record.root()?;
            match accepted.get(&(&cell.id, seed)).copied() {
                Some(accepted) if accepted.root == found => {
                    let score = metric::of(metric, record);
                    if accepted.score != score {
                        contradictions.push(format!(
                            "{}, seed {seed}: accepted with {}, but the run of this root has {score}",
                            cell.label(),
                            accepted.score
                        ));
                    }
                    exact.equal += 1;
                    continue;
                }
                None => exact.unmatched.push(record.id.clone()),
                Some(accepted) => exact.drifted.push(Drift {
                    run: record.id.clone(),
                    cell: cell.label(),
                    seed,
                    accepted: accepted.root,
                    found,
                }),
            }
            exact.cells.insert(cell.id.clone());
        }
    }
    if !contradictions.is_empty() {
        let list = reasons::list(&contradictions);
        let message = format!("the baseline contradicts itself on the {metric} of runs{list}");
        return Err(Error::input(message).with_hint(sound::HINT));
    }
    let records = input.cells.iter().flat_map(|cell| &cell.records);
    for record in records.filter(|record| record.environment.class_id != baseline.class_id) {
        exact.class.extend(environment::differing(&baseline.class, &record.environment.class));
    }
    Ok(exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixture;
    use crate::task::metric::ACCURACY;

    #[test]
    fn one_changed_bit_is_a_drift_of_its_run_alone() {
        let mut input = fixture::tiny();
        let baseline = Baseline::of(&input, ACCURACY, 0.01, "").unwrap();
        assert!(compare(&input, &baseline).unwrap().holds());
        let record = &mut input.cells[1].records[1];
        record.epochs[0].lr = f64::from_bits(record.epochs[0].lr.to_bits() + 1);
        let exact = compare(&input, &baseline).unwrap();
        assert_eq!((exact.equal, exact.drifted.len()), (7, 1));
        assert_eq!(
            (exact.drifted[0].seed, exact.drifted[0].cell.as_str()),
            (1, "digits / concat / ogm")
        );
        assert_eq!(exact.cells, BTreeSet::from([input.cells[1].id.clone()]));
        assert!(exact.class.is_empty());
    }

    #[test]
    fn equal_roots_hold_in_another_class_whose_properties_are_named() {
        let mut input = fixture::tiny();
        let mut baseline = Baseline::of(&input, ACCURACY, 0.01, "").unwrap();
        baseline.class.insert("isa".into(), "older".into());
        baseline.class_id = Digest::of(b"another class");
        let exact = compare(&input, &baseline).unwrap();
        assert!(exact.holds());
        assert_eq!(exact.class, BTreeMap::from([("isa".into(), [Some("older".into()), None])]));
        // A seed that was not accepted is no drift, but proves nothing either.
        baseline.cells[0].runs.remove(0);
        input.cells[1].records.remove(0);
        let exact = compare(&input, &baseline).unwrap();
        assert!(!exact.holds() && exact.drifted.is_empty());
        assert_eq!(exact.unmatched, [input.cells[0].records[0].id.clone()]);
    }

    #[test]
    fn a_score_that_contradicts_an_equal_root_is_no_equality() {
        let input = fixture::tiny();
        let mut baseline = Baseline::of(&input, ACCURACY, 0.01, "").unwrap();
        let score = &mut baseline.cells[1].runs[1].score;
        *score = f64::from_bits(score.to_bits() - 1);
        let error = compare(&input, &baseline).unwrap_err();
        assert_eq!(error.kind, crate::error::Kind::Input);
        assert!(error.message.contains("contradicts itself on the accuracy"), "{error}");
        assert!(error.message.contains("digits / concat / ogm, seed 1: "), "{error}");
    }
}
