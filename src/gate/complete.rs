//! Whether every run of a suite left a usable result.

use super::metric;
use super::reasons::refuse;
use crate::document::number::count;
use crate::error::{Kind, Result};
use crate::record::RunRecord;
use crate::results::input::{CellInput, SuiteInput};
use crate::task::metric::{LOSS, Metric};

/// Refuses runs that are missing, failed, diverged or without a result that can be, runs in which
/// `watched` was not measured, and a suite without runs.
///
/// # Errors
/// When there are any: they are named, by cell and seed.
pub fn complete(input: &SuiteInput, watched: Metric) -> Result<()> {
    let mut reasons = Vec::new();
    for cell in &input.cells {
        let label = cell.label();
        for (seed, why) in &cell.missing {
            reasons.push(format!("{label} / seed {seed}: {why}"));
        }
        for record in &cell.records {
            let impossible = impossible(cell, record, watched);
            if let Some(why) = record.outcome.failure().or(impossible) {
                reasons.push(format!("{label} / seed {}: {why}", record.spec.seed));
            }
        }
        if cell.records.is_empty() && cell.missing.is_empty() {
            reasons.push(format!("{label}: no run"));
        }
    }
    if input.cells.is_empty() {
        reasons.push("the suite has no cell".into());
    }
    let message = format!("{} without a usable result", count(reasons.len(), "run"));
    refuse(Kind::Runs, message, &reasons, "mend what the reasons say, and train them again")
}

/// The first metric of a run without a value, or with one that cannot be. Only some have one in
/// every run.
fn impossible(cell: &CellInput, record: &RunRecord, watched: Metric) -> Option<String> {
    let task = cell.task;
    let always = [LOSS, task.primary, watched];
    let optional = task.metrics.iter().filter(|metric| !always.contains(metric));
    let all = always.iter().map(|metric| (metric, true)).chain(optional.map(|m| (m, false)));
    all.filter_map(|(metric, needed)| {
        match record.selected().and_then(|epoch| epoch.test.get(metric.name)) {
            None if needed => Some(format!("no {metric} was measured")),
            Some(value) if !metric::holds(*metric, value) => Some(metric::none(*metric, value)),
            _ => None,
        }
    })
    .next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixture;
    use crate::task::metric::{ACCURACY, CORRELATION};

    #[test]
    fn what_is_missing_is_named_and_a_screen_is_enough() {
        assert!(complete(&fixture::tiny(), ACCURACY).is_ok());
        let error = complete(&fixture::small(), ACCURACY).unwrap_err();
        assert_eq!(error.kind, Kind::Runs);
        for said in ["diverged in epoch 2", "killed: out of memory", "7 runs", "and 2 more"] {
            assert!(error.message.contains(said), "{error}");
        }
        let mut input = fixture::tiny();
        input.cells[0].records[0].epochs[1].test.set("loss", f64::NAN);
        input.cells[0].records[0].selected_epoch = 1;
        let refused = |input: &SuiteInput, said: &str| {
            let error = complete(input, ACCURACY).unwrap_err();
            assert!(error.message.contains(said), "{error}");
        };
        refused(&input, "joint / seed 0: a loss of NaN is none");
        input.cells[0].records[0].epochs[1].test.set("loss", 1.0);
        input.cells[0].records[0].epochs[1].test.set("accuracy", 1.5);
        refused(&input, "an accuracy of 1.5 is none");
        let error = complete(&fixture::tiny(), CORRELATION).unwrap_err();
        assert!(error.message.contains("no correlation was measured"), "{error}");
        input.cells[1].records.clear();
        refused(&input, "ogm: no run");
        input.cells.clear();
        refused(&input, "no cell");
    }
}
