//! Runs that diverge.

use crate::bench::Bench;
use crate::suites::{TINY, diverging, edit};
use serde_json::Value;

#[test]
fn a_run_that_diverges_is_shown_as_missing_and_not_tried_again() {
    let bench = Bench::with(&diverging());
    let conclusion = "error: 4 runs without a usable result\n  \
                      wild / concat / joint / seed 0 and 3 more: diverged in epoch 1, step 1: loss is not finite";
    bench
        .run("suite div")
        .exits(3)
        .prints("reports/div/v1\n")
        .says("4 runs trained, 4 failed or diverged")
        .says(conclusion);
    assert_eq!(
        bench.failures("reports/div/v1"),
        vec!["diverged in epoch 1, step 1: loss is not finite"; 4]
    );
    let report = bench.read("reports/div/v1/README.md");
    for said in
        ["diverged in epoch 1, step 1: loss is not finite", "4 finished, 4 missing or diverged"]
    {
        assert!(report.contains(said), "{said}\n{report}");
    }

    let before = (bench.files("runs"), bench.files("reports"));
    for line in ["suite div", "report div", "suite div --filter dataset=wild"] {
        bench.run(line).exits(3).says(conclusion).never_says("[1/");
    }
    assert!(before == (bench.files("runs"), bench.files("reports")), "it was tried again");
    bench.run("suite div --filter dataset=made").exits(0);
}

#[test]
fn no_further_run_begins_after_a_failure_where_that_is_asked_for() {
    let bench = Bench::with(&diverging());
    bench.run("suite div --jobs 1 --fail-fast").exits(3).says("1 failed or diverged, 3 not begun");
    assert_eq!(bench.roots("runs").len(), 4 + 1);
    bench.run("suite div").exits(3).says("5 done before, 3 failed or diverged");
}

#[test]
fn a_run_whose_only_step_makes_its_weights_infinite_is_no_result() {
    let text = edit(TINY, "preset: small, epochs: 2, batch_size: 16", ONE_STEP);
    let bench = Bench::with(&text);
    let said = "diverged in epoch 1, step 0: encoder.a.layers.0.weight is not finite";
    bench.run("suite tiny").exits(3).says(&format!("and 3 more: {said}"));
    assert_eq!(bench.failures("reports/tiny/v1"), vec![said; 4]);
    bench.run("suite tiny").exits(3).says(said).never_says("[1/");
    bench.run("accept tiny --add-seeds 2 --reason first --yes").exits(3).says(said);
    assert!(bench.names("ci").is_empty(), "it was accepted");
    bench.run("verify reports/tiny/v1 --store runs --retrain 2").exits(0);
    bench.run("pace tiny --steps 1 --warmup 0").exits(2).says("diverges in step 0");
    let ids: Vec<String> = bench.roots("runs").into_keys().collect();
    bench.run(&format!("bisect runs/{} runs/{}", ids[0], ids[0])).exits(0);
}

/// One step at a learning rate at which no weight stays finite.
const ONE_STEP: &str = "preset: small, epochs: 1, batch_size: 64, optimizer: {kind: sgd, lr: 1e39}";

#[test]
fn a_score_sum_of_zero_in_a_last_batch_of_one_example_is_recorded_by_a_finite_number() {
    let bench = Bench::with(SUMS);
    bench.run("suite sums").exits(0);
    bench.run("suite sums").exits(0).never_says("[1/");
    let mut extreme = 0;
    for id in bench.roots("runs").into_keys() {
        let record = bench.read(&format!("runs/{id}/record.json"));
        let record: Value = serde_json::from_str(&record).unwrap();
        assert!(!record["epochs"].to_string().contains("null"), "{record}");
        for epoch in record["epochs"].as_array().unwrap() {
            let rho = ["rho.a", "rho.b"].map(|name| epoch["train"][name].as_f64().unwrap());
            extreme += rho.iter().filter(|rho| 1e44 < **rho).count();
        }
    }
    assert!(0 < extreme, "no sum was 0");
    bench.run("verify reports/sums/v1 --store runs --retrain 3").exits(0);
}

/// 65 examples in batches of 64, at a learning rate at which probabilities underflow.
const SUMS: &str = "\
suite: sums
title: Score sums of zero
protocol:
  preset: small
  epochs: 3
  batch_size: 64
  drop_last: false
  optimizer: {kind: sgd, lr: 10.0, momentum: 0.0, weight_decay: 0.0}
seeds: [2, 4]
datasets: [{name: synthetic, label: made, train: 65, validation: 32, test: 32}]
fusion: [sum]
strategies: [joint, ogm, opm]
";
