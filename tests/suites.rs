//! The shipped suites, their schema and their description.

use counterpoise::cli::catalog::catalog;
use counterpoise::lint::{Subject, lint};
use counterpoise::protocol::presets::PRESETS;
use counterpoise::suite::Suite;
use counterpoise::suite::folder::list;
use counterpoise::suite::schema::schema;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suites")
}

/// A change of an id makes every stored run of the suite count as another: it must be deliberate.
#[test]
fn the_shipped_suites_expand_to_the_pinned_runs() {
    let found: Vec<(String, usize, usize, String)> = list(&folder())
        .unwrap()
        .iter()
        .map(|path| {
            let suite = Suite::load(path, &catalog(), "cpu").unwrap();
            let first = suite.cells[0].runs[0].id().unwrap();
            (suite.name.clone(), suite.cells.len(), suite.len(), first.to_string())
        })
        .collect();
    let expected = [
        ("full", 143, 1430, "5981b8e9b946abb7"),
        ("imbalance", 28, 140, "a7ed4fc5cd90129c"),
        ("quick", 32, 96, "7bac46a5b4cf94e3"),
        ("sensitivity", 37, 370, "5981b8e9b946abb7"),
        ("smoke", 44, 88, "2f10142d7066e663"),
        ("tasks", 33, 165, "6b3c1268a2518547"),
        ("thorough", 143, 2860, "5981b8e9b946abb7"),
    ];
    let expected = expected.map(|(name, cells, runs, id)| (name.into(), cells, runs, id.into()));
    assert_eq!(found, expected);
}

#[test]
fn the_thorough_suite_is_the_full_one_with_twice_as_many_seeds() {
    let [full, thorough] = ["full", "thorough"].map(|name| {
        Suite::load(&folder().join(format!("{name}.yaml")), &catalog(), "cpu").unwrap()
    });
    let cells = |suite: &Suite| {
        let cells = suite.cells.iter();
        cells.map(|cell| (cell.id.clone(), cell.label(), cell.runs.len())).collect::<Vec<_>>()
    };
    let twice = cells(&full).into_iter().map(|(id, label, n)| (id, label, 2 * n));
    assert_eq!(twice.collect::<Vec<_>>(), cells(&thorough));
}

/// What is honestly wrong with the shipped suites, and nothing else.
#[test]
fn the_shipped_suites_have_the_pinned_findings() {
    let mut found = Vec::new();
    for path in list(&folder()).unwrap() {
        let suite = Suite::load(&path, &catalog(), "cpu").unwrap();
        for finding in lint(&Subject::of_suite(&suite)) {
            let places = finding.places.join("; ");
            found.push(format!("{} {} {}: {places}", suite.name, finding.severity, finding.rule));
        }
    }
    let expected = [
        "full warning split-overlap: av-digits",
        "full note split-overlap: mfeat; mfeat-3",
        "full warning validation-unlike-test: cg-mnist",
        "full warning score-estimator-differs: cg-mnist; av-digits; mfeat; watch; synthetic",
        "full note small-validation-split: mfeat; mfeat-3; synthetic",
        "imbalance warning split-overlap: av-digits",
        "imbalance note split-overlap: mfeat",
        "imbalance warning validation-unlike-test: cg-mnist",
        "imbalance note small-validation-split: mfeat",
        "quick warning split-overlap: av-digits",
        "quick note split-overlap: mfeat",
        "quick warning validation-unlike-test: cg-mnist",
        "quick warning score-estimator-differs: cg-mnist; av-digits; mfeat; watch",
        "quick note few-seeds: cg-mnist; av-digits; mfeat; watch",
        "quick note small-validation-split: mfeat",
        "sensitivity warning split-overlap: av-digits; av-digits, one split",
        "sensitivity note split-overlap: mfeat; mfeat, one split; mfeat-3; mfeat-3, one split",
        "sensitivity warning validation-unlike-test: cg-mnist; cg-mnist-95; cg-mnist, one split",
        "sensitivity note fixed-split: cg-mnist, one split; av-digits, one split; mfeat, one split; mfeat-3, one split; watch, one split; synthetic, one split",
        "sensitivity note small-validation-split: mfeat; mfeat, one split; mfeat-3; mfeat-3, one split; synthetic; synthetic, one split",
        "sensitivity note small-validation-split: watch, one split",
        "smoke note split-overlap: mfeat; three views",
        "smoke warning validation-unlike-test: cg-mnist(test=200,train=600,validation=200)",
        "smoke warning score-estimator-differs: mfeat",
        "smoke note few-seeds: mfeat; cg-mnist(test=200,train=600,validation=200); watch, temporal; three views",
        "smoke note fixed-split: mfeat; cg-mnist(test=200,train=600,validation=200); three views",
        "smoke note small-validation-split: mfeat; cg-mnist(test=200,train=600,validation=200); three views",
        "tasks note fixed-split: labels; number; clips",
        "thorough warning split-overlap: av-digits",
        "thorough note split-overlap: mfeat; mfeat-3",
        "thorough warning validation-unlike-test: cg-mnist",
        "thorough warning score-estimator-differs: cg-mnist; av-digits; mfeat; watch; synthetic",
        "thorough note small-validation-split: mfeat; mfeat-3; synthetic",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_checked_in_schema_is_that_of_the_tables() {
    let path = folder().join("schema.json");
    let checked_in = std::fs::read_to_string(&path).unwrap();
    assert!(
        checked_in == schema(&catalog()),
        "suites/schema.json is old: cargo run -- suite --schema > suites/schema.json"
    );
}

#[test]
fn the_description_names_every_key_and_preset() {
    let text = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema(&catalog())).unwrap();
    let keys = schema["properties"].as_object().unwrap().keys();
    let presets = PRESETS.iter().map(|preset| preset.name);
    for name in keys.map(String::as_str).chain(presets) {
        assert!(text.contains(&format!("`{name}`")), "`{name}` is not described");
    }
}

#[test]
fn the_example_of_the_description_is_a_suite() {
    let text = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let example = text.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let suite = Suite::parse(example, Path::new("mine.yaml"), &catalog(), "cpu").unwrap();
    assert!(20 < suite.cells.len(), "{}", suite.cells.len());
}
