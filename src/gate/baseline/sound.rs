//! Whether a baseline can be what `accept` wrote: everything about it that needs no runs.
//!
//! A baseline is a text file under version control, which merges and editors change. What is not
//! sound in it would be compared with all the same, and pass for a verdict.

use super::{AcceptedCell, Baseline};
use crate::error::{Error, Result};
use crate::gate::{metric, reasons};
use crate::hash::digest_json;
use crate::task::metric::Metric;
use std::collections::{BTreeMap, BTreeSet};

/// What to do about a baseline that is not sound.
pub const HINT: &str =
    "take the file from version control again, or remove it and `accept` the suite";

/// Refuses a baseline in which anything is missing, stands twice, is out of range or does not
/// have the digest that it stands under.
///
/// # Errors
/// When there is such a thing: each is named, with its cell and seed.
pub fn check(baseline: &Baseline) -> Result<()> {
    let faults = faults(baseline)?;
    if faults.is_empty() {
        return Ok(());
    }
    let message = format!("not a sound baseline{}", reasons::list(&faults));
    Err(Error::input(message).with_hint(HINT))
}

fn faults(baseline: &Baseline) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    if let Err(error) = metric::check_margin(baseline.metric, baseline.margin) {
        faults.push(error.message);
    }
    let class_id = digest_json(&baseline.class)?;
    if class_id != baseline.class_id {
        let found = baseline.class_id;
        faults.push(format!("class_id is {found}, but the digest of the class is {class_id}"));
    }
    if baseline.cells.is_empty() {
        faults.push("there is no cell".into());
    }
    let (mut ids, mut labels) = (BTreeMap::new(), BTreeMap::new());
    for (at, cell) in baseline.cells.iter().enumerate() {
        let mut of_cell = cell_faults(cell, baseline.metric)?;
        if let Some(first) = ids.insert(&cell.id, at) {
            of_cell.push(format!("the id {} is that of cell {} too", cell.id, first + 1));
        }
        if let Some(first) = labels.insert(cell.label(), at) {
            of_cell.push(format!("cell {} has this name too", first + 1));
        }
        let label = cell.label();
        faults.extend(of_cell.into_iter().map(|what| format!("cell {} ({label}): {what}", at + 1)));
    }
    Ok(faults)
}

fn cell_faults(cell: &AcceptedCell, metric: Metric) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let id = digest_json(&cell.spec)?.short();
    if id != cell.id.0 {
        faults.push(format!("the id is {}, but that of the description is {id}", cell.id));
    }
    if cell.runs.is_empty() {
        faults.push("there is no run".into());
    }
    let mut seeds = BTreeSet::new();
    for run in &cell.runs {
        let seed = run.seed;
        if !seeds.insert(seed) {
            faults.push(format!("seed {seed} stands twice"));
        }
        if run.examples == 0 {
            faults.push(format!("seed {seed}: the number of examples is 0"));
        }
        if !metric::holds(metric, run.score) {
            faults.push(format!("seed {seed}: {}", metric::none(metric, run.score)));
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Digest;
    use crate::results::fixture;
    use crate::suite::run::RunId;
    use crate::task::metric::{ACCURACY, LOSS};

    fn refused(change: impl FnOnce(&mut Baseline), said: &str) {
        let mut baseline = Baseline::of(&fixture::tiny(), ACCURACY, 0.01, "").unwrap();
        assert!(check(&baseline).is_ok());
        change(&mut baseline);
        let error = check(&baseline).unwrap_err();
        assert_eq!(error.kind, crate::error::Kind::Input);
        assert!(error.message.contains(said), "{error}");
    }

    #[test]
    fn what_is_missing_or_stands_twice_is_named() {
        refused(|baseline| baseline.cells.clear(), "there is no cell");
        let empty = "cell 2 (digits / concat / ogm): there is no run";
        refused(|baseline| baseline.cells[1].runs.clear(), empty);
        let twice = |baseline: &mut Baseline| {
            let run = baseline.cells[0].runs[1].clone();
            baseline.cells[0].runs.push(run);
        };
        refused(twice, "cell 1 (digits / concat / joint): seed 1 stands twice");
        let repeated = |baseline: &mut Baseline| baseline.cells.push(baseline.cells[0].clone());
        refused(repeated, "is that of cell 1 too");
        let renamed = |baseline: &mut Baseline| baseline.cells[1].strategy = "joint".into();
        refused(renamed, "cell 2 (digits / concat / joint): cell 1 has this name too");
    }

    #[test]
    fn what_does_not_have_its_digest_is_named() {
        refused(|baseline| baseline.class_id = Digest::of(b"x"), "the digest of the class is ");
        let other = |baseline: &mut Baseline| drop(baseline.class.insert("isa".into(), "x".into()));
        refused(other, "class_id is ");
        refused(|baseline| baseline.cells[0].id = RunId("x".into()), "the id is x, but that of ");
        let described = |baseline: &mut Baseline| baseline.cells[1].spec["outputs"] = 3.into();
        refused(described, "cell 2 (digits / concat / ogm): the id is ");
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (score, said) in [
            (1.5, "seed 1: an accuracy of 1.5 is none"),
            (1e308, "an accuracy of 1e308 is none"),
            (-0.1, "an accuracy of -0.1 is none"),
            (f64::NAN, "an accuracy of NaN is none"),
        ] {
            refused(|baseline| baseline.cells[0].runs[1].score = score, said);
        }
        refused(
            |baseline| baseline.cells[0].runs[0].examples = 0,
            "seed 0: the number of examples is 0",
        );
        for (margin, said) in
            [(-1.0, "a margin of -100"), (0.9, "a margin of 90"), (f64::INFINITY, "inf")]
        {
            refused(|baseline| baseline.margin = margin, said);
        }
        let loss = |baseline: &mut Baseline| {
            baseline.metric = LOSS;
            baseline.cells[0].runs[0].score = 1e16;
        };
        refused(loss, "seed 0: a loss of 1e16 is none");
    }
}
