//! Parameters without effect: what the lint says of descriptions is what training does.

use crate::bench::Bench;
use serde_json::Value;
use std::collections::BTreeMap;

/// A suite with every way to have no effect, and beside each one that has: a small data set many
/// times, with joint training on each, and on the first one the strategies.
fn text() -> String {
    let set = |name: &str, label: &str, changes: &str| {
        format!(
            "  - {{name: {name}, label: {label}, train: 64, validation: 32, test: 32{changes}}}\n"
        )
    };
    let sets = [
        ("made", ""),
        ("third modality", ", signal_c: 3, dimension_c: 16"),
        ("second modality", ", signal_b: 3"),
        ("narrow", ", encoders: {a: {name: mlp, depth: 0, hidden: 8}}"),
        ("wide", ", encoders: {a: {name: mlp, depth: 0, hidden: 9}}"),
        ("deep", ", encoders: {a: {name: mlp, depth: 1, hidden: 9}}"),
        ("late", ", protocol: {schedule: {every: 3, gamma: 0.5}}"),
        ("flat", ", protocol: {schedule: {every: 1, gamma: 1.0}}"),
        ("early", ", protocol: {schedule: {every: 2, gamma: 0.5}}"),
        ("adam", ", protocol: {optimizer: {kind: adam}}"),
        ("adam-w", ", protocol: {optimizer: {kind: adam-w, weight_decay: 0}}"),
        ("decayed", ", protocol: {optimizer: {kind: adam-w}}"),
    ];
    let tasks = [
        ("labels", ""),
        ("labels without segments", ", segments: 2"),
        ("other labels", ", names: 3"),
        ("clips", ", task: segments, segments: 2"),
        ("other clips", ", task: segments, segments: 3"),
        ("value", ", task: regression"),
        ("value without names", ", task: regression, names: 3, segments: 2"),
    ];
    let sets = sets.iter().map(|(label, changes)| set("synthetic", label, changes));
    let tasks = tasks.iter().map(|(label, changes)| set("synthetic-tasks", label, changes));
    let sets: String = sets.chain(tasks).collect();
    format!(
        "suite: idle
title: What has an effect and what has none
protocol: {{preset: small, epochs: 3, batch_size: 16}}
seeds: [0]
datasets:
{sets}fusion: [concat]
strategies: [joint]
include:
  - dataset: made
    fusion: concat
    strategy:
      - {{name: ogm, alpha: [0, 0.5], rule: [cvpr-eq10, journal-eq11]}}
      - {{name: ogm, starts: [1, 3], warmup: [0, 1, 2]}}
      - {{name: ogm, ends: [1, 2, 3]}}
      - {{name: ogm-ge, alpha: [0, 0.5], rule: [cvpr-eq10, journal-eq11]}}
      - {{name: ogm-ge, warmup: 1}}
      - {{name: opm, q_base: [0, 0.5, 1], lambda: [0, 3]}}
      - {{name: opm, p_exe: [0, 1], timing: [same-batch, lagged], rescale: [true, false]}}
      - {{name: ogm-ge+opm, alpha: 0, p_exe: [0, 0.5]}}
      - {{name: ogm-ge+opm, alpha: 0.5, q_base: 0, lambda: [0, 3]}}
      - {{name: ogm-ge+opm, q_base: 1, lambda: [0, 3], warmup: [2, 3]}}
      - {{name: modality-dropout, p: [0, 0.5]}}
  - dataset: {{name: synthetic, label: three, modalities: 3, train: 64, validation: 32, test: 32}}
    fusion: concat
    strategy: {{name: ogm, rule: [cvpr-eq10, cvpr-code]}}
"
    )
}

#[test]
fn the_lint_finds_exactly_the_cells_that_train_the_weights_of_another() {
    let bench = Bench::with(&text());
    bench.run("suite idle").exits(0);
    let plan = bench.run("suite idle --plan --format json").exits(0).json();
    let cells = plan["cells"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let label =
        |cell: &Value| ["dataset", "fusion", "strategy"].map(|key| text(&cell[key])).join(" / ");

    let mut trained: BTreeMap<String, String> = BTreeMap::new();
    let mut expected = Vec::new();
    for cell in cells {
        let record = bench.read(&format!("runs/{}/record.json", text(&cell["runs"][0]["id"])));
        let record: Value = serde_json::from_str(&record).unwrap();
        let root = text(&record["epochs"].as_array().unwrap().last().unwrap()["root"]);
        match trained.get(&root) {
            Some(first) => expected.push((label(cell), first.clone())),
            None => drop(trained.insert(root, label(cell))),
        }
    }

    let mut found = Vec::new();
    let findings = plan["lint"].as_array().unwrap().iter();
    for finding in findings.filter(|finding| finding["rule"] == "same-training") {
        let message = text(&finding["message"]);
        let rest = message.strip_prefix("the training of ").unwrap();
        let first = rest.split(" again: ").next().unwrap().to_string();
        for place in finding["where"].as_array().unwrap() {
            found.push((text(place), first.clone()));
        }
    }
    // A data set stands for its cells, of which there is one.
    for (cell, first) in &mut found {
        for label in [cell, first] {
            if !label.contains(" / ") {
                label.push_str(" / concat / joint");
            }
        }
    }
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    assert!(25 < found.len() && 25 < trained.len(), "{} {}", found.len(), trained.len());

    let page = bench.read("reports/idle/v1/README.md");
    let said = format!("and {} more", found.len() - 3);
    assert!(page.contains("Trained identically") && page.contains(&said), "{page}");
}
