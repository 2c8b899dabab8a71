//! Whether every run of a suite left a usable result.

use super::metric::Metric;
use super::reasons::refuse;
use crate::document::number::count;
use crate::error::{Kind, Result};
use crate::results::input::SuiteInput;

/// Refuses runs that are missing, failed, diverged or without a result that can be, and a suite
/// without runs.
///
/// # Errors
/// When there are any: they are named, by cell and seed.
pub fn complete(input: &SuiteInput) -> Result<()> {
    let mut reasons = Vec::new();
    for cell in &input.cells {
        let label = cell.label();
        for (seed, why) in &cell.missing {
            reasons.push(format!("{label} / seed {seed}: {why}"));
        }
        for record in &cell.records {
            let impossible = Metric::ALL
                .into_iter()
                .find(|metric| !metric.holds(metric.of(record)))
                .map(|metric| metric.none(metric.of(record)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixture;

    #[test]
    fn what_is_missing_is_named_and_a_screen_is_enough() {
        assert!(complete(&fixture::tiny()).is_ok());
        let error = complete(&fixture::small()).unwrap_err();
        assert_eq!(error.kind, Kind::Runs);
        for said in ["diverged in epoch 2", "killed: out of memory", "7 runs", "and 2 more"] {
            assert!(error.message.contains(said), "{error}");
        }
        let mut input = fixture::tiny();
        input.cells[0].records[0].epochs[1].test.set("loss", f64::NAN);
        input.cells[0].records[0].selected_epoch = 1;
        let refused = |input: &SuiteInput, said: &str| {
            let error = complete(input).unwrap_err();
            assert!(error.message.contains(said), "{error}");
        };
        refused(&input, "joint / seed 0: a loss of NaN is none");
        input.cells[0].records[0].epochs[1].test.set("loss", 1.0);
        input.cells[0].records[0].epochs[1].test.set("accuracy", 1.5);
        refused(&input, "an accuracy of 1.5 is none");
        input.cells[1].records.clear();
        refused(&input, "ogm: no run");
        input.cells.clear();
        refused(&input, "no cell");
    }
}
