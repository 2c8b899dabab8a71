//! Suites of every task: from training to the report, the gate, `verify` and `diff`.

use crate::bench::Bench;
use serde_json::Value;

const SMALL: &str = "names: 3, train: 64, validation: 32, test: 32";

/// A suite of data sets by label and task.
fn suite(sets: &[(&str, &str)]) -> String {
    let set = |(label, task): &(&str, &str)| {
        format!("  - {{name: synthetic-tasks, label: {label}, task: {task}, {SMALL}}}\n")
    };
    let sets: String = sets.iter().map(set).collect();
    format!(
        "suite: tasks
title: Tasks
protocol: {{preset: small, epochs: 2, batch_size: 16}}
seeds: [0, 1, 2]
datasets:
{sets}fusion: [concat]
strategies: [joint, ogm-ge, late-ensemble, unimodal]
"
    )
}

const ALL: [(&str, &str); 3] =
    [("labels", "multi-label"), ("number", "regression"), ("clips", "segments")];

#[test]
fn a_report_of_several_tasks_judges_each_by_its_own_metric() {
    let bench = Bench::with(&suite(&ALL));
    let log = bench.run("suite tasks").exits(0);
    log.says("labels / concat / joint / seed 0: mAP ")
        .says("number / concat / joint / seed 0: MAE ");
    let read = |name: &str| bench.read(&format!("reports/tasks/v1/{name}"));
    let page = ["tables/overall.md", "tables/number.md", "README.md"].map(read).join("\n");
    for said in [
        "labels, mAP (%) | number, MAE (lower is better) | clips, accuracy (%)",
        "Performance is mAP (%) on labels, MAE (lower is better) on number, accuracy (%) on clips.",
        "| MAE (lower is better) | 95 % interval |",
        "[Performance by strategy and fusion](",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
    let summary = bench.read("reports/tasks/v1/summary.csv");
    let header = summary.lines().next().unwrap();
    for column in ["mean_average_precision_mean", "mean_absolute_error_low", "accuracy_sd"] {
        assert!(header.split(',').any(|name| name == column), "{column}: {header}");
    }
    let results = bench.read("reports/tasks/v1/results.csv");
    let header = results.lines().next().unwrap();
    for column in ["task", "best_val_test_correlation", "modality_1_mean_absolute_error"] {
        assert!(header.split(',').any(|name| name == column), "{column}: {header}");
    }
    assert!(results.lines().any(|line| line.contains(",finished,segments,")), "{results}");
    bench
        .run("verify reports/tasks/v1 --store runs --retrain 3")
        .exits(0)
        .prints_at_end("verified\n");
    // Another draw of the data changes every cell, each told in its own metric.
    let text = suite(&ALL).replace("test: 32", "test: 32, draw: 1");
    bench.write("suites/tasks.yaml", text);
    bench.run("suite tasks").exits(0);
    let outcome = bench.run("diff reports/tasks/v1 reports/tasks/v2").exits(0);
    assert!(outcome.stdout.contains("primary metric"), "{}", outcome.stdout);
    let json = bench.run("diff reports/tasks/v1 reports/tasks/v2 --format json").exits(0).json();
    let metrics = json["cells"].as_array().unwrap().iter().map(|cell| cell["metric"].clone());
    assert!(metrics.into_iter().any(|metric| metric == "mean-absolute-error"), "{json}");
}

#[test]
fn the_gate_asks_which_metric_is_watched_where_cells_are_judged_by_several() {
    let bench = Bench::with(&suite(&ALL));
    bench
        .run("accept tasks --reason first --yes")
        .exits(2)
        .says("judged by mean-average-precision, others by mean-absolute-error")
        .says("--metric");
    bench
        .run("accept tasks --metric accuracy --reason first --yes")
        .exits(3)
        .says("labels / concat / joint / seed 0: no accuracy was measured");
    bench.run("accept tasks --metric loss --margin 0.1 --reason first --yes").exits(0);
    bench.run("check tasks --exact").exits(0);
}

/// An error that grows is a regression, one that shrinks is none.
#[test]
fn an_error_that_grew_is_a_regression() {
    let bench = Bench::with(&suite(&[("number", "regression")]));
    bench.run("accept tasks --margin 0.01 --add-seeds 5 --reason first --yes").exits(0);
    let path = "ci/baselines/tasks.json";
    let baseline: Value = serde_json::from_str(&bench.read(path)).unwrap();
    assert_eq!(baseline["metric"], "mean-absolute-error");
    for (by, exit) in [(0.3, 0), (-0.3, 5)] {
        let mut other = baseline.clone();
        for cell in other["cells"].as_array_mut().unwrap() {
            for run in cell["runs"].as_array_mut().unwrap() {
                run["score"] = (run["score"].as_f64().unwrap() + by).max(0.0).into();
                run["root"] = "0".repeat(64).into();
            }
        }
        bench.write(path, other.to_string());
        bench.run("check tasks").exits(exit);
    }
}
