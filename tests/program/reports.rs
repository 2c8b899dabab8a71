//! A suite from its text to versions of its report.

use crate::bench::Bench;
use crate::suites::{MATRIX, TINY, edit};
use serde_json::Value;
use std::time::{Duration, Instant};

#[test]
fn a_suite_trains_every_run_and_writes_its_report() {
    let bench = Bench::with(TINY);
    bench
        .run("suite tiny")
        .exits(0)
        .prints("reports/tiny/v1\n")
        .says("[4/4]")
        .says("4 runs trained")
        .says("wrote version 1");
    assert_eq!(bench.roots("runs").len(), 4);

    let report = bench.files("reports/tiny/v1");
    for file in ["manifest.json", "README.md", "index.html", "results.csv", "summary.csv"] {
        assert!(report.contains_key(file), "{file}");
    }
    for ending in [".md", ".tex"] {
        let is_table = |path: &String| path.starts_with("tables/") && path.ends_with(ending);
        assert!(report.keys().any(is_table), "tables/*{ending}");
    }
    for ending in [".svg", ".pdf", ".png"] {
        let figure = format!("figures/accuracy-double{ending}");
        assert!(report.contains_key(&figure), "{figure}");
    }
    let manifest: Value = serde_json::from_slice(&report["manifest.json"]).unwrap();
    assert_eq!(manifest["runs"].as_array().unwrap().len(), 4);
    let listed = manifest["files"].as_object().unwrap().keys();
    let others = report.keys().filter(|path| *path != "manifest.json");
    assert!(listed.eq(others), "the manifest lists every other file");
    // A header and a line per run, or per cell.
    assert_eq!(report["results.csv"].iter().filter(|byte| **byte == b'\n').count(), 1 + 4);
    assert_eq!(report["summary.csv"].iter().filter(|byte| **byte == b'\n').count(), 1 + 2);
}

#[test]
fn a_finished_run_leaves_its_record_root_trace_log_and_weights() {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    for (id, root) in bench.roots("runs") {
        let expected = [
            "final.safetensors",
            "log.txt",
            "logits.safetensors",
            "record.json",
            "root",
            "selected.safetensors",
            "steps.csv",
        ];
        assert_eq!(bench.names(&format!("runs/{id}")), expected);
        assert_eq!(root.trim_end().len(), 64, "{root}");
        let record = bench.read(&format!("runs/{id}/record.json"));
        let record: Value = serde_json::from_str(&record).unwrap();
        assert_eq!(record["id"], Value::from(id));
        assert_eq!(record["epochs"].as_array().unwrap().len(), 2);
    }
    assert!(bench.names("runs/.work").is_empty(), "nothing of a finished run is left there");
}

#[test]
fn the_second_run_says_that_nothing_is_to_do_within_a_second() {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    let before = (bench.files("runs"), bench.files("reports"));
    let begun = Instant::now();
    bench.run("suite tiny").exits(0).prints("reports/tiny/v1\n").says("nothing to do: 4 runs done");
    assert!(begun.elapsed() < Duration::from_secs(1), "it took {:?}", begun.elapsed());
    assert!(before == (bench.files("runs"), bench.files("reports")), "nothing is touched");
}

#[test]
fn another_seed_trains_the_new_runs_alone_and_leaves_the_old_version_as_it_is() {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    let (runs, report) = (bench.files("runs"), bench.files("reports/tiny/v1"));

    bench.write("suites/tiny.yaml", edit(TINY, "[0, 1]", "[0, 1, 2]"));
    bench
        .run("suite tiny")
        .exits(0)
        .prints("reports/tiny/v2\n")
        .says("2 runs trained, 4 done before");
    assert_eq!(bench.names("reports/tiny"), ["v1", "v2"]);
    assert!(bench.files("reports/tiny/v1") == report, "version 1 changed");
    assert_eq!(bench.roots("runs").len(), 6);
    let after = bench.files("runs");
    assert!(runs.iter().all(|(path, bytes)| after[path] == *bytes), "an old run changed");
}

#[test]
fn a_lost_report_is_written_again_without_training() {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    let report = bench.files("reports");
    std::fs::remove_dir_all(bench.path("reports")).unwrap();
    bench.run("suite tiny").exits(0).says("0 runs trained, 4 done before");
    assert!(bench.files("reports") == report, "the same runs give the same report");
}

#[test]
fn rendering_again_gives_the_same_bytes() {
    let bench = Bench::with(MATRIX);
    bench.run("suite matrix").exits(0);
    for folder in ["again", "and-again"] {
        let printed = format!("{folder}/matrix/v1\n");
        bench.run(&format!("report matrix --reports {folder}")).exits(0).prints(&printed);
        assert!(bench.files(folder) == bench.files("reports"), "{folder} differs");
    }
    bench.run("report matrix").exits(0).prints("reports/matrix/v1\n").says("unchanged");
}

#[test]
fn the_number_of_jobs_changes_no_root_and_nothing_but_measured_cost() {
    let bench = Bench::with(MATRIX);
    bench.run("suite matrix --jobs 1 --store runs-1 --reports reports-1").exits(0);
    bench.run("suite matrix --jobs 2 --store runs-2 --reports reports-2").exits(0);
    // Runs of one modality alone know no fusion: those of all fusions are the same.
    assert_eq!(bench.roots("runs-1").len(), 2 * (4 * 6 + 2 + 2));
    assert_eq!(bench.roots("runs-1"), bench.roots("runs-2"));

    let manifest = |reports: &str| -> Value {
        let text = bench.read(&format!("{reports}/matrix/v1/manifest.json"));
        let mut manifest: Value = serde_json::from_str(&text).unwrap();
        for run in manifest["runs"].as_array_mut().unwrap() {
            assert!(run.as_object_mut().unwrap().remove("cost").is_some());
        }
        manifest
    };
    let (one, two) = (manifest("reports-1"), manifest("reports-2"));
    for key in ["root", "suite_text", "cells", "runs", "failures", "classes"] {
        assert_eq!(one[key], two[key], "{key}");
    }
    let (one, two) = (bench.files("reports-1"), bench.files("reports-2"));
    assert!(one.keys().eq(two.keys()));
    for (path, bytes) in &one {
        assert!(tells_cost(path) || two[path] == *bytes, "{path} differs");
    }
}

/// A suite called `labels` with data sets of these labels, one seed each.
fn labelled(labels: &[&str]) -> String {
    let sets: String = labels
        .iter()
        .enumerate()
        .map(|(at, label)| {
            let label = serde_json::to_string(label).unwrap();
            let train = 64 + at;
            format!(
                "  - {{name: synthetic, label: {label}, train: {train}, validation: 32, test: 32, \
                 dimension_a: 16, dimension_b: 16}}\n"
            )
        })
        .collect();
    format!(
        "suite: labels\ntitle: Labels\nprotocol: {{preset: small, epochs: 1}}\nseeds: [0]\n\
         datasets:\n{sets}fusion: [concat]\nstrategies: [joint, ogm-ge]\n"
    )
}

#[test]
fn no_two_labels_share_a_file() {
    // As long as a label may be: 300 bytes.
    let long = "長".repeat(100);
    let labels = [
        "noise < 1",
        "noise > 1",
        "图像",
        "音频",
        "overall",
        "protocol",
        "selection",
        "variants",
        "effects",
        "made",
        "made-modalities",
        &long,
    ];
    let bench = Bench::with(&labelled(&labels));
    bench.run("suite labels").exits(0);
    let tables = bench.names("reports/labels/v1/tables");
    // Each data set has two tables, and the report twelve, in two forms.
    assert_eq!(tables.len(), 2 * (2 * labels.len() + 12), "{tables:?}");
    for name in ["overall.md", "protocol.tex", "made.md", "made-modalities.md"] {
        assert!(tables.iter().any(|table| table == name), "{name} is not in {tables:?}");
    }
    // The table of a data set is about that data set.
    for label in labels {
        let starts = format!("{label}: every strategy and fusion.").replace('<', "&lt;");
        let starts = starts.replace('>', "&gt;");
        let is_about = |table: &&String| {
            table.ends_with(".md")
                && bench.read(&format!("reports/labels/v1/tables/{table}")).contains(&starts)
        };
        assert_eq!(tables.iter().filter(is_about).count(), 1, "{label}");
    }
    let accuracy = |name: &&String| name.starts_with("accuracy-") && name.ends_with("-single.png");
    let figures = bench.names("reports/labels/v1/figures");
    assert_eq!(figures.iter().filter(accuracy).count(), labels.len(), "{figures:?}");
    bench.run("verify reports/labels/v1 --store runs").exits(0);
}

#[test]
fn only_what_was_written_as_a_version_counts_as_one() {
    let bench = Bench::with(TINY);
    for name in ["v007", "v+7", "v0", "v4294967296"] {
        bench.write(&format!("reports/tiny/{name}/manifest.json"), "{");
    }
    bench.run("suite tiny").exits(0).prints("reports/tiny/v1\n");
    bench.write("suites/tiny.yaml", edit(TINY, "[0, 1]", "[0, 1, 2]"));
    bench.write("reports/tiny/v4294967295/manifest.json", "{");
    let before = bench.files("runs");
    for command in ["suite tiny", "report tiny"] {
        bench
            .run(command)
            .exits(2)
            .prints("")
            .says("reports/tiny/v4294967295: no version can follow this one")
            .says("hint: ");
    }
    assert!(bench.files("runs") == before, "something was trained for no report");
}

#[test]
fn what_a_failure_says_steers_no_terminal_and_no_page() {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    let id = bench.roots("runs").into_keys().next().unwrap();
    std::fs::remove_dir_all(bench.path(&format!("runs/{id}"))).unwrap();
    let note = serde_json::json!({
        "kind": "failed", "message": "bad \u{1b}[31mred\u{9b}2J\nline \u{202e}", "status": null,
        "signal": null, "log": [],
    });
    bench.write(&format!("runs/.failed/{id}.json"), note.to_string());
    let said = "bad \\u001b[31mred\\u009b2J";
    bench.run("report tiny").exits(3).says(said).never_says("\u{1b}").never_says("\u{9b}");
    for (path, bytes) in bench.files("reports/tiny/v2") {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let is_raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(path.ends_with(".pdf") || !text.contains(is_raw), "{path}");
    }
    assert!(bench.read("reports/tiny/v2/results.csv").contains("2J line \\u202e,"));
    assert_eq!(bench.failures("reports/tiny/v2").len(), 1);
    bench.run("verify reports/tiny/v2 --store runs").exits(0);
}

/// Whether a file of a report holds measured time or memory, or the digest of one that does.
fn tells_cost(path: &str) -> bool {
    let measured = ["index.html", "results.csv", "manifest.json", "tables/cost.md"];
    path.split_once("/v1/").is_some_and(|(_, inside)| measured.contains(&inside))
}
