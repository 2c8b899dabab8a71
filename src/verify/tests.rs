use super::attest::{Conclusion, Retraining, Verification};
use super::retrained::{Agreement, TOLERANCE, allowed, choose, compare};
use super::*;
use crate::error::Kind;
use crate::hash::{Digest, merkle_root};
use crate::record::{NeededRun, RunRecord};
use crate::report::render;
use crate::results::input::SuiteInput;
use crate::results::manifest::FILE;
use crate::results::{fixture, rows};
use crate::stream::Stream;
use crate::suite::Suite;
use crate::suite::described::Described;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

/// Rendering draws every figure, hence once for all tests.
static TINY: LazyLock<Files> = LazyLock::new(|| render(&fixture::tiny(), 1).unwrap());
static SMALL: LazyLock<Files> = LazyLock::new(|| render(&fixture::small(), 4).unwrap());

fn manifest(files: &Files) -> crate::error::Result<Manifest> {
    Manifest::parse(&files[FILE], Path::new(FILE))
}

/// Everything that differs in a report.
fn mismatches(files: &Files) -> Vec<Mismatch> {
    let checks = report(files, &manifest(files).unwrap()).unwrap();
    checks.into_iter().flat_map(|check| check.mismatches).collect()
}

/// The report with a changed manifest, written as the program would.
fn with(files: &Files, change: impl FnOnce(&mut Manifest)) -> Files {
    let mut changed = manifest(files).unwrap();
    change(&mut changed);
    let mut files = files.clone();
    files.insert(FILE.into(), changed.to_bytes().unwrap());
    files
}

/// The report with `from` replaced by `to` in a file, and the file's digest in the manifest.
fn forged(files: &Files, path: &str, from: &str, to: &str) -> Files {
    let mut files = files.clone();
    let text = String::from_utf8(files[path].clone()).unwrap();
    assert!(text.contains(from), "`{from}` is not in {path}");
    let text = text.replacen(from, to, 1).into_bytes();
    let digest = Digest::of(&text);
    files.insert(path.into(), text);
    with(&files, |manifest| {
        manifest.files.insert(path.into(), digest);
    })
}

#[test]
fn reports_as_they_are_rendered_pass_every_check() {
    for files in [TINY.clone(), SMALL.clone()] {
        assert_eq!(mismatches(&files), []);
        let checks = report(&files, &manifest(&files).unwrap()).unwrap();
        assert!(checks.iter().all(|check| 0 < check.n));
        assert_eq!(checks[0].n + 1, files.len());
    }
}

#[test]
fn a_flipped_bit_in_any_file_is_found_and_the_file_named() {
    let files = TINY.clone();
    for path in files.keys().filter(|path| *path != FILE) {
        let mut changed = files.clone();
        let bytes = changed.get_mut(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        assert_eq!(mismatches(&changed)[0].path, *path);
    }
}

#[test]
fn a_changed_byte_anywhere_in_the_manifest_is_found() {
    let files = TINY.clone();
    let mut stream = Stream::new(0, "verify/bytes");
    for _ in 0..400 {
        let mut changed = files.clone();
        let bytes = changed.get_mut(FILE).unwrap();
        let at = stream.below(bytes.len() as u64) as usize;
        let digit = b'0' + stream.below(10) as u8;
        bytes[at] = if bytes[at] == digit { b' ' } else { digit };
        match manifest(&changed) {
            Err(error) => assert_eq!(error.kind, Kind::Input),
            Ok(_) => assert!(!mismatches(&changed).is_empty(), "byte {at}"),
        }
    }
}

#[test]
fn a_file_that_is_gone_or_was_never_named_is_found() {
    let mut files = TINY.clone();
    files.remove("tables/overall.md");
    files.insert("tables/notes.md".into(), Vec::new());
    let found: Vec<String> = mismatches(&files).iter().map(Mismatch::to_string).collect();
    assert_eq!(
        found,
        ["tables/notes.md: is not named in the manifest", "tables/overall.md: is missing"]
    );
}

#[test]
fn a_manifest_that_leads_outside_is_refused() {
    let files = TINY.clone();
    let files = with(&files, |manifest| {
        manifest.files.insert("../../secret".into(), Digest::of(b""));
    });
    let error = report(&files, &manifest(&files).unwrap()).unwrap_err();
    assert_eq!(error.kind, Kind::Input);
    assert!(error.message.contains("`../../secret` is outside"), "{error}");
}

#[test]
fn forgeries_with_a_new_digest_contradict_the_rest_of_the_report() {
    let files = TINY.clone();
    let before = manifest(&files).unwrap();
    let root = before.runs[0].root.to_string();
    let other = Digest::of(b"other");
    let first = |files: &Files| mismatches(files)[0].to_string();

    let changed = forged(&files, "results.csv", &root, &other.to_string());
    assert!(first(&changed).contains("`run_root`"), "{}", first(&changed));
    let rows = rows::read("summary.csv", &files["summary.csv"]).unwrap();
    let mean = rows[0].text("accuracy_mean");
    let changed = forged(&files, "summary.csv", mean, "0.999999");
    assert!(first(&changed).starts_with("summary.csv:2: `accuracy_mean`"), "{}", first(&changed));
    let changed = with(&files, |manifest| manifest.runs[0].root = other);
    assert!(first(&changed).starts_with("manifest.json: root: is "), "{}", first(&changed));
    let changed = with(&files, |manifest| {
        if let Described::Current(cell) = &mut manifest.cells[0].spec {
            cell.protocol.epochs += 1;
        }
    });
    assert!(first(&changed).starts_with("manifest.json: cells[0]: is "), "{}", first(&changed));
    let changed = with(&files, |manifest| {
        manifest.classes.values_mut().next().unwrap().insert("isa".into(), "other".into());
    });
    assert!(first(&changed).starts_with("manifest.json: classes."), "{}", first(&changed));
    let changed = with(&files, |manifest| {
        manifest.runs.pop();
    });
    assert!(first(&changed).contains("neither done nor failed"), "{}", first(&changed));
    let changed = forged(&files, "README.md", &before.root.to_string(), &other.to_string());
    assert!(first(&changed).starts_with("README.md: does not say"), "{}", first(&changed));
}

fn suite_of(input: &SuiteInput) -> Suite {
    Suite {
        name: input.suite.clone(),
        title: input.title.clone(),
        analysis: input.analysis.clone(),
        margin: input.margin,
        text: input.source_text.clone(),
        digest: Digest::of(input.source_text.as_bytes()),
        cells: Vec::new(),
    }
}

#[test]
fn records_render_to_the_report_whatever_they_cost_and_to_another_if_a_metric_changes() {
    let input = fixture::small();
    let files = SMALL.clone();
    let manifest = manifest(&files).unwrap();
    let cells = input.cells.iter().flat_map(|cell| &cell.records);
    let mut records: records::Records =
        cells.map(|record| (record.id.clone(), record.clone())).collect();
    for record in records.values_mut() {
        record.cost.wall_seconds *= 2.0;
        record.cost.peak_memory = None;
        record.environment.class.insert("libm".into(), "another".into());
    }
    let again = |records: &records::Records| {
        rendering::check(&files, &manifest, &suite_of(&input), records, None).unwrap()
    };
    let check = again(&records);
    assert_eq!((check.n, check.mismatches), (files.len(), Vec::new()));

    let record = records.values_mut().next().unwrap();
    let selected = record.selected_epoch;
    record.epochs[selected].test.shift("macro-f1", 0.01);
    let paths: Vec<String> = again(&records).mismatches.into_iter().map(|m| m.path).collect();
    assert!(paths.contains(&"results.csv".to_string()), "{paths:?}");
}

#[test]
fn the_sample_is_a_function_of_the_seed_and_holds_no_run_twice() {
    let files = SMALL.clone();
    let manifest = manifest(&files).unwrap();
    let ids = |n, seed| -> Vec<String> {
        let choices = choose(&manifest, n, seed, "cpu").unwrap();
        choices.iter().map(|choice| choice.entry.id.to_string()).collect()
    };
    assert_eq!(ids(5, 1), ids(5, 1));
    assert_ne!(ids(5, 1), ids(5, 2));
    let all = manifest.runs.len();
    assert_eq!(ids(10 * all, 0).into_iter().collect::<BTreeSet<_>>().len(), all);
    for choice in choose(&manifest, all, 0, manifest.cells[0].spec.backend()).unwrap() {
        assert_eq!(choice.spec.id().unwrap(), choice.entry.id);
    }
}

/// What comes of a run of the tiny report that is trained again with this change.
fn retrained(change: impl FnOnce(&mut RunRecord), keep: bool) -> retrained::Retrained {
    let input = fixture::tiny();
    let files = &*TINY;
    let manifest = manifest(files).unwrap();
    let backend = manifest.cells[0].spec.backend();
    let choice = choose(&manifest, 1, 0, backend).unwrap().remove(0);
    let records: Vec<&RunRecord> = input.cells.iter().flat_map(|cell| &cell.records).collect();
    let stored = *records.iter().find(|record| record.id == choice.entry.id).unwrap();
    let rows = rows::read("results.csv", &files["results.csv"]).unwrap();
    let mut here = stored.clone();
    change(&mut here);
    compare(&manifest, &choice, &rows, keep.then_some(stored), &here, TOLERANCE).unwrap()
}

fn of_another_class(record: &mut RunRecord) {
    record.environment.class.insert("libm".into(), "another".into());
}

#[test]
fn equal_roots_are_equal_in_any_class() {
    let equal = retrained(|_| (), false);
    assert_eq!((equal.verdict, equal.difference), (Agreement::Equal, None));
    assert_eq!(equal.value_there, equal.value_here);
    assert_eq!(retrained(of_another_class, false).verdict, Agreement::Equal);
}

#[test]
fn other_bits_in_an_equal_class_are_a_mismatch_with_the_first_epoch_that_differs() {
    let other = Digest::of(b"other");
    let change = |record: &mut RunRecord| {
        record.epochs[1].root = other;
        record.final_root = other;
    };
    let known = retrained(change, true);
    assert_eq!(known.verdict, Agreement::Different);
    assert_eq!(known.difference.unwrap(), "the weights differ from epoch 2 on");
    let unknown = retrained(change, false);
    assert_eq!(unknown.difference.unwrap(), "the weights or states at the end differ");
    let data = retrained(|record| record.data_content = other, true);
    assert_eq!(data.difference.unwrap(), "the data differ");
    let start = retrained(|record| record.initial_root = other, true);
    assert_eq!(start.difference.unwrap(), "the initial weights differ");
}

#[test]
fn other_bits_in_another_class_are_held_to_the_tolerance() {
    let by = |points: f64| {
        retrained(
            |record| {
                of_another_class(record);
                let selected = record.selected_epoch;
                record.epochs[selected].test.shift("accuracy", points);
            },
            false,
        )
    };
    let room = by(0.0).allowed;
    assert!(TOLERANCE <= room);
    let near = by(0.9 * room);
    assert_eq!(near.verdict, Agreement::WithinTolerance);
    assert_eq!(near.class_differs["libm"][1].as_deref(), Some("another"));
    assert!(near.verdict.agrees());
    assert_eq!(by(-1.1 * room).verdict, Agreement::BeyondTolerance);
    let diverged = retrained(
        |record| {
            of_another_class(record);
            record.outcome =
                crate::record::Outcome::Diverged { epoch: 1, step: 0, what: "loss".into() };
        },
        false,
    );
    assert_eq!((diverged.verdict, diverged.value_here), (Agreement::BeyondTolerance, None));
}

#[test]
fn a_cell_whose_seeds_differ_by_more_than_the_tolerance_has_more_room() {
    assert_eq!(allowed(0.02, None), 0.02);
    assert_eq!(allowed(0.02, Some(0.005)), 0.02);
    assert!((allowed(0.02, Some(0.01)) - 0.028_284).abs() < 1e-6);
}

#[test]
fn an_attestation_names_the_report_the_verdict_and_what_differs() {
    let files = TINY.clone();
    let manifest = manifest(&files).unwrap();
    let mut found = Verification {
        checks: report(&files, &manifest).unwrap(),
        notes: vec!["a note".into()],
        retraining: None,
        class: BTreeMap::new(),
    };
    assert_eq!(found.verdict(), Conclusion::Verified);
    let run = retrained(|record| record.initial_root = Digest::of(b"x"), false);
    let failed = BTreeMap::from([(run.run.clone(), "killed".to_string())]);
    let mut retraining = Retraining { seed: 7, tolerance: TOLERANCE, runs: vec![], failed };
    found.retraining = Some(retraining.clone());
    assert_eq!(found.verdict(), Conclusion::Incomplete);
    retraining.runs.push(run.clone());
    found.retraining = Some(retraining);
    assert_eq!(found.verdict(), Conclusion::Mismatch);
    let first = found.mismatches().next().unwrap();
    assert!(first.to_string().starts_with(&format!("run {}: digits / concat", run.run)), "{first}");

    let statement = found.statement(&files, &manifest).unwrap();
    let root = merkle_root(
        std::iter::once(manifest.suite_text).chain(manifest.runs.iter().map(|run| run.root)),
    );
    assert_eq!(statement["subject"][0]["digest"]["counterpoise-root"], root.to_string());
    let predicate = &statement["predicate"];
    assert_eq!(predicate["verdict"], "mismatch");
    assert_eq!(predicate["retraining"]["runs"][0]["verdict"], "different");
    assert_eq!(predicate["retraining"]["seed"], 7);
    let bytes = attest::to_bytes(&statement).unwrap();
    let back: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(back, statement);
}

/// The tiny suite with a strategy that begins from the runs of one modality.
fn needing() -> SuiteInput {
    let mut input = fixture::tiny();
    let (before, teachers) = input.cells.split_at_mut(2);
    let cell = &mut before[1];
    cell.spec.needs = teachers.iter().map(|cell| cell.spec.clone()).collect();
    cell.id = cell.spec.id().unwrap();
    for (at, record) in cell.records.iter_mut().enumerate() {
        record.spec.cell = cell.spec.clone();
        record.id = record.spec.id().unwrap();
        let needed = teachers.iter().map(|cell| &cell.records[at]);
        let needed =
            needed.map(|record| NeededRun { run: record.id.clone(), root: record.root().unwrap() });
        record.needs = needed.collect();
        record.check_needs().unwrap();
    }
    input
}

#[test]
fn runs_began_from_those_of_their_description_as_they_are_in_the_report() {
    let files = render(&needing(), 1).unwrap();
    assert_eq!(mismatches(&files), []);
    let begun = |manifest: &mut Manifest, change: fn(&mut Vec<NeededRun>)| {
        change(&mut manifest.runs.iter_mut().find(|run| !run.needs.is_empty()).unwrap().needs);
    };
    let first = |change: fn(&mut Vec<NeededRun>)| {
        mismatches(&with(&files, |manifest| begun(manifest, change)))[0].to_string()
    };
    let other = first(|needs| needs[0].root = Digest::of(b"other"));
    assert!(other.contains("it began from run ") && other.contains("another in the report"));
    let changes: [fn(&mut Vec<NeededRun>); 2] = [|needs| needs.reverse(), |needs| needs.clear()];
    for change in changes {
        let found = first(change);
        assert!(found.contains("not begin from the runs that its description needs"), "{found}");
    }
}
