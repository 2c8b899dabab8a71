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
        ("full", 206, 1030, "3e2701eac37c21cb"),
        ("quick", 32, 96, "f5a0df5be9a8113e"),
        ("smoke", 44, 88, "a92a2253af5f6e48"),
        ("tasks", 33, 165, "80119919b3e3aeb5"),
    ];
    let expected = expected.map(|(name, cells, runs, id)| (name.into(), cells, runs, id.into()));
    assert_eq!(found, expected);
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
        "full note split-overlap: mfeat; mfeat(views=fou+mor+zer)",
        "full warning score-estimator-differs: cg-mnist; av-digits; mfeat; watch; synthetic",
        "full note small-validation-split: mfeat; mfeat(views=fou+mor+zer); synthetic",
        "full note small-validation-split: watch",
        "quick warning split-overlap: av-digits",
        "quick note split-overlap: mfeat",
        "quick warning score-estimator-differs: cg-mnist; av-digits; mfeat; watch",
        "quick note few-seeds: cg-mnist; av-digits; mfeat; watch",
        "quick note small-validation-split: mfeat",
        "quick note small-validation-split: watch",
        "smoke note split-overlap: mfeat; three views",
        "smoke warning score-estimator-differs: mfeat",
        "smoke note few-seeds: mfeat; cg-mnist(test=200,train=600,validation=200); watch, temporal; three views",
        "smoke note small-validation-split: mfeat; cg-mnist(test=200,train=600,validation=200); three views",
        "smoke note small-validation-split: watch, temporal",
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
