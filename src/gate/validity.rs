//! Whether a suite's runs are those that a baseline is about.

use super::baseline::{AcceptedCell, Baseline};
use super::metric;
use super::reasons::{accept_hint, refuse};
use crate::data::draw::follows_seed;
use crate::error::{Kind, Result};
use crate::record::RunRecord;
use crate::results::input::{CellInput, SuiteInput};
use crate::suite::change::changes;

/// Refuses what was not trained under the description and on the data of the baseline.
///
/// # Errors
/// When it is another suite's baseline, cells are new, gone or described otherwise, or the data
/// differ.
pub fn comparable(input: &SuiteInput, baseline: &Baseline) -> Result<()> {
    let mut reasons = Vec::new();
    if input.suite != baseline.suite {
        reasons.push(format!("the baseline is that of the suite `{}`", baseline.suite));
    }
    for cell in &input.cells {
        let label = cell.label();
        match baseline.cells.iter().find(|accepted| accepted.id == cell.id) {
            Some(accepted) => {
                let other = cell.records.iter().find_map(|record| other_data(record, accepted));
                reasons.extend(other.map(|what| format!("{label}: {what}")));
            }
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
    let message = format!("the suite `{}` is not the one that was accepted", input.suite);
    let hint = accept_hint("if the change is meant", &input.suite);
    refuse(Kind::Input, message, &reasons, &hint)
}

/// What a run was trained or tested on that the accepted one of its seed was not. Where all seeds
/// share the data, those of any other will do.
fn other_data(record: &RunRecord, accepted: &AcceptedCell) -> Option<String> {
    let of_seed = accepted.runs.iter().find(|run| run.seed == record.spec.seed);
    let shared = !follows_seed(&record.spec.cell.dataset.params);
    let run = of_seed.or(accepted.runs.first().filter(|_| shared))?;
    if record.data_content != run.data {
        return Some("the arrays it was trained on differ".into());
    }
    let (before, n) = (run.examples, metric::examples(record));
    (before != n).then(|| format!("test examples: {before} -> {n}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Digest;
    use crate::registry::{SEED, Value};
    use crate::results::fixture;
    use crate::task::metric::ACCURACY;

    #[test]
    fn a_changed_suite_is_not_compared_and_the_change_is_named() {
        let baseline = Baseline::of(&fixture::tiny(), ACCURACY, 0.01, "").unwrap();
        assert!(comparable(&fixture::tiny(), &baseline).is_ok());
        let refused = |change: fn(&mut SuiteInput), said: &str| {
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
        // A seed that was not accepted has the data of the others, unless each draws its own.
        let other_seed = |input: &mut SuiteInput| {
            let record = &mut input.cells[1].records[1];
            record.spec.seed = 77;
            record.data_content = Digest::of(b"x");
        };
        refused(other_seed, "ogm: the arrays it was trained on differ");
        let mut input = fixture::tiny();
        other_seed(&mut input);
        let draw = Value::Text(SEED.into());
        input.cells[1].records[1].spec.cell.dataset.params.0.insert("draw".into(), draw);
        assert!(comparable(&input, &baseline).is_ok());
        refused(|input| drop(input.cells.remove(0)), "joint: is gone");
        refused(|input| input.suite = "other".into(), "the baseline is that of the suite `tiny`");
        refused(
            |input| {
                let record = &mut input.cells[1].records[1];
                record.epochs[record.selected_epoch].test.n += 1;
            },
            "ogm: test examples: 500 -> 501",
        );
        refused(
            |input| {
                input.cells[0].spec.outputs += 1;
                input.cells[0].strategy = "other".into();
            },
            "other: is new",
        );
    }
}
