//! What earlier releases wrote, and what says which release writes now.

use crate::bench::Bench;
use crate::suites::TINY;
use std::path::Path;

/// A path in the repository, which the program is not run in.
fn of_repository(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).display().to_string()
}

#[test]
fn a_report_of_release_0_1_is_verified_but_for_what_needs_training() {
    let bench = Bench::with(TINY);
    let (report, suites) = (of_repository("reports/full/v2"), of_repository("suites"));
    let line = format!("verify {report} --suites {suites}");
    let outcome = bench.run(&line).exits(0);
    for check in ["files", "ids", "root", "runs", "estimates"] {
        assert!(outcome.stdout.contains(check), "{check}: {}", outcome.stdout);
    }
    // Its cells are not held to a suite that has more of them by now.
    outcome.says("full.yaml has changed since the report").prints_at_end("verified\n");
    bench.run(&format!("{line} --retrain 1")).exits(2).says("in format 1").says("release 0.1");
}

#[test]
fn reports_of_two_releases_are_compared() {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    let old = of_repository("reports/full/v2");
    bench.run(&format!("diff {old} reports/tiny/v1")).exits(0);
}

#[test]
fn the_program_tells_its_version_and_commit_and_records_hold_them() {
    let bench = Bench::with(TINY);
    let version = bench.run("--version").exits(0).stdout;
    let program = version.trim().strip_prefix("counterpoise ").unwrap();
    assert!(program.starts_with(env!("CARGO_PKG_VERSION")) && program.ends_with(')'), "{program}");
    bench.run("suite tiny").exits(0);
    let id = bench.roots("runs").into_keys().next().unwrap();
    let said = serde_json::json!(program).to_string();
    for path in [format!("runs/{id}/record.json"), "reports/tiny/v1/manifest.json".into()] {
        assert!(bench.read(&path).contains(&said), "{path} does not hold {said}");
    }
}

/// The ids of a plan's runs.
fn ids(bench: &Bench, suite: &str) -> Vec<String> {
    let plan = bench.run(&format!("suite {suite} --plan --format json")).exits(0).json();
    let cells = plan["cells"].as_array().unwrap().iter();
    let runs = cells.flat_map(|cell| cell["runs"].as_array().unwrap());
    runs.map(|run| run["id"].as_str().unwrap().to_string()).collect()
}

#[test]
fn what_moves_no_weight_moves_no_id() {
    let bench = Bench::with(TINY);
    let before = ids(&bench, "tiny");
    let preset = "preset: small";
    assert!(TINY.contains(preset));
    for (other, moves) in [
        ("preset: small, trace_every: 3", false),
        ("preset: ogm-cvpr, optimizer: {lr: 0.02}, schedule: {every: 15}", false),
        ("preset: small, optimizer: {lr: 0.03}", true),
    ] {
        bench.write("suites/tiny.yaml", TINY.replace(preset, other));
        assert_eq!(ids(&bench, "tiny") != before, moves, "{other}");
    }
}
