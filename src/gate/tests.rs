//! The gate from records to verdicts, on made-up suites.

use super::outcome::Outcome;
use super::*;
use crate::error::Kind;
use crate::results::fixture::{self, Block};
use crate::task::metric::{ACCURACY, LOSS};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

const POLICY: Policy = Policy { exact: false, strict: false, margin: 0.01, alpha: 0.05, looks: 1 };

/// A suite of six cells with ten seeds.
fn suite() -> SuiteInput {
    let block = Block {
        dataset: "digits",
        modalities: &["audio", "image"],
        fusions: &["concat", "sum"],
        strategies: &["joint", "ogm", "opm(q_base=0.7)"],
    };
    fixture::suite("six", &[block], 10, 1)
}

fn checked_by(policy: Policy, change: impl Fn(&mut SuiteInput)) -> Check {
    let baseline = Baseline::of(&suite(), ACCURACY, 0.01, "").unwrap();
    let mut input = suite();
    change(&mut input);
    check(&input, &baseline, policy).unwrap()
}

/// The suite compared with itself after a change.
pub(super) fn checked(change: impl Fn(&mut SuiteInput)) -> Check {
    checked_by(POLICY, change)
}

fn shift(cell: &mut CellInput, by: f64) {
    for record in &mut cell.records {
        record.epochs[record.selected_epoch].test.shift("accuracy", by);
    }
}

/// One cell far worse.
pub(super) fn worse(input: &mut SuiteInput) {
    shift(&mut input.cells[1], -0.1);
}

#[test]
fn equal_roots_end_the_matter_and_the_smallest_drop_is_told_all_the_same() {
    let check = checked(|_| {});
    assert_eq!(check.outcome(), Outcome::Equal);
    assert!(check.rows().is_empty() && check.conclude().is_ok());
    assert!(check.cells.iter().all(|cell| cell.smallest_drop.is_some()));
    assert!(check.smallest_effects().contains(" points and "), "{}", check.smallest_effects());
}

#[test]
fn a_drop_of_one_cell_is_a_regression_of_that_cell() {
    let check = checked(worse);
    assert_eq!(check.outcome(), Outcome::Regressed);
    let verdicts: Vec<Judgement> = check.cells.iter().map(|cell| cell.verdict).collect();
    assert_eq!(verdicts[1], Judgement::Regressed);
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Judgement::Equal).count(), 5);
    let error = check.conclude().unwrap_err();
    assert_eq!(error.kind, Kind::Regression);
    assert!(error.message.contains("ogm: worse by 10.0 points (p < 0.001)"), "{error}");
}

#[test]
fn a_gain_is_never_a_regression() {
    let check = checked(|input| input.cells.iter_mut().for_each(|cell| shift(cell, 0.1)));
    assert_eq!(check.outcome(), Outcome::Pass);
}

#[test]
fn a_small_shift_of_all_cells_is_a_regression_of_the_whole() {
    let check = checked(|input| input.cells.iter_mut().for_each(|cell| shift(cell, -0.009)));
    assert_eq!(check.with(Judgement::Regressed).count(), 0);
    let whole = check.whole.unwrap();
    assert_eq!(check.whole_regressed(), whole.regressed);
    assert!(whole.change < 0.0 && whole.p < 0.1, "{whole:?}");
    let check = checked_by(Policy { alpha: 0.5, ..POLICY }, |input| {
        input.cells.iter_mut().for_each(|cell| shift(cell, -0.009));
    });
    assert_eq!(check.outcome(), Outcome::Regressed);
    assert!(check.conclude().unwrap_err().message.contains("6 cells together: worse by"));
}

#[test]
fn drift_without_a_drop_passes_unless_exactness_is_asked_for() {
    let drift = |input: &mut SuiteInput| shift(&mut input.cells[0], 1e-12);
    assert_eq!(checked(drift).outcome(), Outcome::Pass);
    let check = checked_by(Policy { exact: true, ..POLICY }, drift);
    assert_eq!(check.outcome(), Outcome::Drifted);
    let error = check.conclude().unwrap_err();
    assert_eq!(error.kind, Kind::Mismatch);
    assert!(error.message.contains("10 of 60 runs drifted"), "{error}");
    assert!(error.message.contains("and 5 more"), "{error}");
    // A regression is the worse news.
    let check = checked_by(Policy { exact: true, ..POLICY }, worse);
    assert_eq!(check.conclude().unwrap_err().kind, Kind::Regression);
}

#[test]
fn exactness_in_another_class_names_the_property_unless_roots_are_equal() {
    let class = |input: &mut SuiteInput| {
        for record in input.cells.iter_mut().flat_map(|cell| &mut cell.records) {
            record.environment.class.insert("cargo-lock".into(), "new".into());
            record.environment.class_id = crate::hash::Digest::of(b"new");
        }
    };
    let exact = Policy { exact: true, ..POLICY };
    let check = checked_by(exact, class);
    assert_eq!(check.outcome(), Outcome::Equal);
    assert!(check.drift().contains("although the determinism class is another: cargo-lock"));
    let check = checked_by(exact, |input| {
        class(input);
        shift(&mut input.cells[0], 1e-12);
    });
    let error = check.conclude().unwrap_err();
    assert_eq!(error.kind, Kind::Mismatch);
    assert!(error.message.contains("not comparable to the bit"), "{error}");
    assert!(error.message.contains("cargo-lock was absent and is new"), "{error}");
}

#[test]
fn what_cannot_be_told_warns_or_fails_as_asked() {
    let noisy = |input: &mut SuiteInput| {
        input.cells[2].records.truncate(2);
        input.cells[2].seeds.truncate(2);
        for (i, record) in input.cells[2].records.iter_mut().enumerate() {
            record.epochs[0].test.shift("accuracy", 0.1 * (i as f64 - 0.5));
            record.selected_epoch = 0;
        }
    };
    let check = checked(noisy);
    assert_eq!(check.outcome(), Outcome::Inconclusive);
    assert!(check.conclude().is_ok());
    let error = checked_by(Policy { strict: true, ..POLICY }, noisy).conclude().unwrap_err();
    assert_eq!(error.kind, Kind::Regression);
    assert!(error.message.contains("1 cell may have regressed"), "{error}");
}

#[test]
fn a_loss_is_worse_when_it_grows() {
    let baseline = Baseline::of(&suite(), LOSS, 0.01, "").unwrap();
    let mut input = suite();
    for record in &mut input.cells[0].records {
        record.epochs[record.selected_epoch].test.shift("loss", 1.0);
    }
    let check = check(&input, &baseline, POLICY).unwrap();
    assert_eq!(check.with(Judgement::Regressed).count(), 1);
    assert!((check.cells[0].change + 1.0).abs() < 1e-9);
}

#[test]
fn few_accepted_seeds_are_said() {
    assert_eq!(checked(|_| {}).caveat(), None);
    let baseline = Baseline::of(&fixture::tiny(), ACCURACY, 0.01, "").unwrap();
    let check = check(&fixture::tiny(), &baseline, POLICY).unwrap();
    assert!(check.caveat().unwrap().contains("only 2 seeds"));
}

#[test]
fn a_page_tells_the_verdict_and_the_cells_that_differ() {
    let page = markdown::render(&checked(worse));
    for said in ["# ❌ Suite six: regressed", "| **regressed** |", "−10.0", "Smallest drop found"]
    {
        assert!(page.contains(said), "{said}\n{page}");
    }
    assert_eq!(page.matches("\n| digits").count(), 1);
}

#[test]
fn one_run_against_one_is_no_pass() {
    let mut baseline = Baseline::of(&suite(), ACCURACY, 0.01, "").unwrap();
    let mut input = suite();
    baseline.cells.iter_mut().for_each(|cell| cell.runs.truncate(1));
    for cell in &mut input.cells {
        cell.records.truncate(1);
        shift(cell, 0.01);
    }
    let check = check(&input, &baseline, POLICY).unwrap();
    assert_eq!(check.with(Judgement::Inconclusive).count(), 6);
    assert_eq!(check.outcome(), Outcome::Inconclusive);
}

#[test]
fn cells_without_seeds_in_common_are_no_pass_together() {
    let mut baseline = Baseline::of(&suite(), ACCURACY, 0.01, "").unwrap();
    for (i, cell) in baseline.cells.iter_mut().enumerate() {
        cell.runs.iter_mut().for_each(|run| run.seed += 100 * i as u64);
    }
    let mut input = suite();
    input.cells.iter_mut().for_each(|cell| shift(cell, 0.1));
    let strict = Policy { strict: true, ..POLICY };
    let check = check(&input, &baseline, strict).unwrap();
    assert_eq!(check.with(Judgement::Pass).count(), 6);
    assert_eq!((check.whole, check.outcome()), (None, Outcome::Inconclusive));
    let error = check.conclude().unwrap_err();
    assert!(error.message.contains("too few seeds in common"), "{error}");
    assert!(junit::render(&check).contains("failures=\"1\""));
}

/// The baseline of the suite, as a file, and the suite trained again with far worse runs.
static WORSE: LazyLock<(String, SuiteInput)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("six.json");
    Baseline::of(&suite(), ACCURACY, 0.01, "").unwrap().write(&path).unwrap();
    let mut input = suite();
    for record in input.cells.iter_mut().flat_map(|cell| &mut cell.records) {
        let test = &mut record.epochs[record.selected_epoch].test;
        for name in ["accuracy", "macro-f1", "mean-average-precision"] {
            test.set(name, 0.3 * test.get(name).unwrap());
        }
        test.shift("loss", 0.5);
    }
    (std::fs::read_to_string(path).unwrap(), input)
});

/// The number of values in a value, itself among them.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(map) => map.values().map(size).sum(),
        _ => 0,
    }
}

/// Does something to the value in place `at`, counted as [`size`] does.
fn change_at(value: &mut Value, at: &mut usize, change: &mut dyn FnMut(&mut Value)) {
    if *at == 0 {
        change(value);
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| change_at(item, at, change)),
        Value::Object(map) => map.values_mut().for_each(|item| change_at(item, at, change)),
        _ => {}
    }
}

/// One way to damage a value.
fn damage(value: &mut Value, how: usize, other: f64) {
    let long = 9 < how;
    *value = match (std::mem::take(value), how % 10) {
        (Value::Array(mut items), 0) => {
            items.pop();
            items.into()
        }
        (Value::Array(items), 1) => [items.clone(), items].concat().into(),
        (Value::Array(items), 2) => items.into_iter().rev().collect(),
        (Value::Object(map), 0) => map.into_iter().skip(1).collect(),
        (Value::Number(number), 3) => json!(number.as_f64().unwrap_or(0.0) * 10.0),
        (Value::Number(number), 4) => json!(number.as_f64().unwrap_or(0.0) + 1.0),
        (Value::Number(_), 5) => json!(other),
        (Value::Number(_), 6) => json!(if long { 1e308 } else { -other }),
        (Value::String(text), 3) => json!(text.to_uppercase()),
        (Value::String(_), 4) => json!("macro-f1"),
        (Value::String(_), 5) => json!(if long { "f".repeat(64) } else { "0".repeat(16) }),
        (_, 6) => json!([]),
        (_, 7) => json!({}),
        (_, 8) => Value::Null,
        (_, _) => json!(if long { u64::MAX } else { 0 }),
    };
}

/// Asserts that a file is refused as a baseline, or that a worse suite does not pass by it.
fn never_passes(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("six.json");
    std::fs::write(&path, bytes).unwrap();
    let Ok(Some(baseline)) = Baseline::load(&path) else { return };
    let policy = Policy { margin: baseline.margin, ..POLICY };
    let Ok(check) = check(&WORSE.1, &baseline, policy) else { return };
    let outcome = check.outcome();
    assert!(![Outcome::Equal, Outcome::Pass].contains(&outcome), "{outcome:?}");
    let _ = (junit::render(&check), markdown::render(&check), check.conclude());
}

#[test]
fn a_worse_suite_is_a_regression_by_the_undamaged_baseline() {
    let baseline = Baseline::of(&suite(), ACCURACY, 0.01, "").unwrap();
    let check = check(&WORSE.1, &baseline, POLICY).unwrap();
    assert_eq!(check.with(Judgement::Regressed).count(), 6);
}

proptest! {
    #[test]
    fn no_damage_to_a_value_of_a_baseline_passes_a_worse_suite(
        at in any::<prop::sample::Index>(), how in 0usize..20, other in 0f64..1.0
    ) {
        let mut value: Value = serde_json::from_str(&WORSE.0).unwrap();
        let mut at = at.index(size(&value));
        change_at(&mut value, &mut at, &mut |value| damage(value, how, other));
        never_passes(value.to_string().as_bytes());
    }

    #[test]
    fn no_damage_to_the_bytes_of_a_baseline_passes_a_worse_suite(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..3),
        digits in any::<bool>(),
        length in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = WORSE.0.clone().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = if digits { b'0' + byte % 10 } else { byte };
        }
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len()));
        }
        never_passes(&bytes);
    }
}
