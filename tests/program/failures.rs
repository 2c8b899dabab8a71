//! Runs that diverge.

use crate::bench::Bench;
use crate::suites::diverging;

#[test]
fn a_run_that_diverges_is_shown_as_missing_and_not_tried_again() {
    let bench = Bench::with(&diverging());
    let conclusion = "error: 4 runs without a usable result\n  \
                      wild / concat / joint / seed 0 and 3 more: diverged in epoch 1, step 1";
    bench
        .run("suite div")
        .exits(3)
        .prints("reports/div/v1\n")
        .says("4 runs trained, 4 failed or diverged")
        .says(conclusion);
    assert_eq!(bench.failures("reports/div/v1"), vec!["diverged in epoch 1, step 1"; 4]);
    let report = bench.read("reports/div/v1/README.md");
    for said in ["diverged in epoch 1, step 1", "4 finished, 4 missing or diverged"] {
        assert!(report.contains(said), "{said}\n{report}");
    }

    let before = (bench.files("runs"), bench.files("reports"));
    for line in ["suite div", "report div", "suite div --filter dataset=wild"] {
        bench.run(line).exits(3).says(conclusion).never_says("[");
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
