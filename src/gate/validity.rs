//! Whether a suite's runs can be compared with a baseline at all.

use super::baseline::{AcceptedCell, Baseline};
use super::metric::Metric;
use super::outcome;
use crate::error::{Error, Kind, Result};
use crate::report::input::{CellInput, ReportInput};
use crate::report::number::count;
use crate::spec::change::changes;

/// Refuses runs that are missing, failed, diverged or without a finite result.
///
/// # Errors
/// When there are any: they are named, by cell and seed.
pub fn complete(input: &ReportInput) -> Result<()> {
    let mut reasons = Vec::new();
    for cell in &input.cells {
        let label = cell.label();
        for (seed, why) in &cell.missing {
            reasons.push(format!("{label} / seed {seed}: {why}"));
        }
        for record in &cell.records {
            let finite = Metric::ALL.iter().all(|metric| metric.of(record).is_finite());
            let unusable = (!finite).then(|| "a metric is not a number".to_string());
            if let Some(why) = record.outcome.failure().or(unusable) {
                reasons.push(format!("{label} / seed {}: {why}", record.spec.seed));
            }
        }
    }
    let message = format!("{} without a usable result", count(reasons.len(), "run"));
    refuse(Kind::Runs, message, &reasons, "mend what the reasons say, and train them again")
}

/// Refuses what was not trained under the description and on the data of the baseline.
///
/// # Errors
/// When cells are new, gone or described otherwise, or the data differ.
pub fn comparable(input: &ReportInput, baseline: &Baseline) -> Result<()> {
    let mut reasons = Vec::new();
    for cell in &input.cells {
        let label = cell.label();
        match baseline.cells.iter().find(|accepted| accepted.id == cell.id) {
            Some(accepted) if has_other_data(cell, accepted) => {
                reasons.push(format!("{label}: the arrays it was trained on differ"));
            }
            Some(_) => {}
            None => {
                let same_name = baseline.cells.iter().find(|accepted| accepted.label() == label);
                let what = match same_name {
                    None => "is new".into(),
                    Some(accepted) => changed(cell, accepted)?,
                };
                reasons.push(format!("{label}: {what}"));
            }
        }
    }
    for accepted in &baseline.cells {
        let label = accepted.label();
        let is_there = |cell: &CellInput| cell.id == accepted.id || cell.label() == label;
        if !input.cells.iter().any(is_there) {
            reasons.push(format!("{label}: is gone"));
        }
    }
    let message = format!("the suite `{}` is not the one that was accepted", baseline.suite);
    let hint = accept_hint("if the change is meant", &baseline.suite);
    refuse(Kind::Input, message, &reasons, &hint)
}

fn has_other_data(cell: &CellInput, accepted: &AcceptedCell) -> bool {
    cell.records.iter().any(|record| record.data_content != accepted.data)
}

/// What differs between the descriptions of two cells of one name.
fn changed(cell: &CellInput, accepted: &AcceptedCell) -> Result<String> {
    let mut found = changes(&accepted.spec, &cell.spec)?;
    // The digest follows from the rest, but for a change of the sources or of the conversion.
    if 1 < found.len() {
        found.retain(|change| change.field != "data_manifest");
    }
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    Ok(found.join(", "))
}

/// How numbers are accepted, after the reason to.
pub fn accept_hint(when: &str, suite: &str) -> String {
    format!("{when}, `counterpoise accept {suite} --reason \"..\"`")
}

fn refuse(kind: Kind, message: String, reasons: &[String], hint: &str) -> Result<()> {
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Error::new(kind, message + &outcome::list(reasons)).with_hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Digest;
    use crate::report::fixture;

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
        assert!(complete(&input).unwrap_err().message.contains("not a number"));
    }

    #[test]
    fn a_changed_suite_is_not_compared_and_the_change_is_named() {
        let baseline = Baseline::of(&fixture::tiny(), Metric::Accuracy, 0.01, "").unwrap();
        assert!(comparable(&fixture::tiny(), &baseline).is_ok());
        let refused = |change: fn(&mut ReportInput), said: &str| {
            let mut input = fixture::tiny();
            change(&mut input);
            for cell in &mut input.cells {
                cell.id = cell.spec.id().unwrap();
            }
            let error = comparable(&input, &baseline).unwrap_err();
            assert_eq!(error.kind, Kind::Input);
            assert!(error.message.contains(said), "{error}");
        };
        refused(|input| input.cells[0].spec.protocol.epochs += 1, "joint: protocol.epochs: ");
        refused(|input| input.cells[0].spec.outputs += 1, "joint: outputs: ");
        refused(
            |input| input.cells[1].spec.data_manifest = Digest::of(b"x"),
            "ogm: data_manifest: ",
        );
        refused(
            |input| input.cells[1].records[1].data_content = Digest::of(b"x"),
            "ogm: the arrays it was trained on differ",
        );
        refused(|input| drop(input.cells.remove(0)), "joint: is gone");
        refused(
            |input| {
                input.cells[0].spec.outputs += 1;
                input.cells[0].strategy = "other".into();
            },
            "other: is new",
        );
    }
}
