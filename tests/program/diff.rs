//! Two versions of a report side by side.

use crate::bench::Bench;
use crate::suites::{TINY, edit};

/// The tiny suite, then with a third strategy, without the second, and with more epochs.
fn two_versions() -> Bench {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    let text = edit(TINY, "[joint, ogm]", "[joint, opm]");
    bench.write("suites/tiny.yaml", edit(&text, "epochs: 2", "epochs: 3"));
    bench.run("suite tiny").exits(0).prints("reports/tiny/v2\n");
    bench
}

#[test]
fn cells_that_came_went_and_changed_are_shown() {
    let bench = two_versions();
    let outcome = bench.run("diff reports/tiny/v1 reports/tiny/v2").exits(0);
    for said in [
        "the suite's text changed\n",
        "removed: made / concat / ogm\n",
        "added: made / concat / opm\n",
        "made / concat / joint: protocol.epochs: 2 -> 3\n",
        "0/2\n",
        "1 cell with a difference, 0 the same to the bit\n",
    ] {
        assert!(outcome.stdout.contains(said), "{said}\n{}", outcome.stdout);
    }
    let found = bench.run("diff reports/tiny/v1 reports/tiny/v2 --format json").exits(0).json();
    assert_eq!(found["added"][0], "made / concat / opm");
    assert_eq!(found["cells"][0]["changes"][0]["field"], "protocol.epochs");
    assert!(found["cells"][0]["delta"]["mean"].is_number());
    assert_eq!(found["classes"], serde_json::json!({}));
    assert_eq!(found["data"], serde_json::json!({}));
}

#[test]
fn a_report_and_another_training_of_it_are_the_same() {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    bench.run("suite tiny --store again --reports elsewhere").exits(0);
    let outcome = bench.run("diff reports/tiny/v1 elsewhere/tiny/v1").exits(0);
    assert!(outcome.stdout.starts_with("the same root, "), "{}", outcome.stdout);
}

#[test]
fn what_is_no_report_is_bad_input() {
    let bench = two_versions();
    bench.run("diff reports/tiny/v1 reports/tiny/v3").exits(2).prints("").says("v3/manifest.json");
    bench.run("diff reports/tiny/v1").exits(2).prints("").says("required arguments");
    bench.write("reports/tiny/v2/results.csv", "run,seed\n1\n");
    let line = "diff reports/tiny/v1 reports/tiny/v2";
    bench.run(line).exits(2).prints("").says("reports/tiny/v2/results.csv: not a sheet");
    bench.write("reports/tiny/v2/results.csv", "run,seed\n");
    bench.run(line).exits(0).says("warning: reports/tiny/v2/results.csv was changed");
}
