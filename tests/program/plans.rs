//! What is asked without training, and filters.

use crate::bench::Bench;
use crate::suites::{TINY, edit};
use serde_json::Value;

/// The state of every run in a plan.
fn states(plan: &Value) -> Vec<&str> {
    let cells = plan["cells"].as_array().unwrap();
    let runs = cells.iter().flat_map(|cell| cell["runs"].as_array().unwrap());
    runs.map(|run| run["state"].as_str().unwrap()).collect()
}

#[test]
fn a_plan_tells_the_state_of_every_run_and_writes_nothing() {
    let bench = Bench::with(TINY);
    let outcome = bench.run("suite tiny --plan").exits(0).says("4 runs, 4 of them to train");
    assert_eq!(outcome.stdout.matches("2 pending").count(), 2, "{}", outcome.stdout);
    assert_eq!(states(&bench.run("suite tiny --plan --format json").json()), ["pending"; 4]);
    assert_eq!(bench.names(""), ["suites"]);

    bench.run("suite tiny").exits(0);
    let before = bench.files("");
    bench.run("suite tiny --plan").exits(0).says("4 runs, 0 of them to train");
    let plan = bench.run("suite tiny --plan --format json").exits(0).json();
    assert_eq!(states(&plan), ["done"; 4]);
    assert!(bench.files("") == before, "a plan wrote something");

    let ids: Vec<&str> = plan["cells"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|cell| cell["runs"].as_array().unwrap())
        .map(|run| run["id"].as_str().unwrap())
        .collect();
    assert!(ids.iter().all(|id| bench.roots("runs").contains_key(*id)), "{ids:?}");
}

#[test]
fn a_plan_lists_what_the_lint_finds_and_training_counts_it() {
    let bench = Bench::with(TINY);
    let outcome = bench.run("suite tiny --plan").exits(0);
    outcome.says("protocol lint: 2 notes").says("note: made: there are 2 seeds [few-seeds]");
    let plan = bench.run("suite tiny --plan --format json").exits(0).json();
    let rules: Vec<&Value> = plan["lint"].as_array().unwrap().iter().map(|f| &f["rule"]).collect();
    assert_eq!(rules, ["few-seeds", "small-validation-split"]);
    assert_eq!(plan["lint"][0]["where"][0], "made");
    // A filter is about this call, not about what is compared.
    bench.run("suite tiny --plan --filter seed=1").exits(0).says("there are 2 seeds");
    bench.run("suite tiny").exits(0).says("protocol lint: 2 notes; `suite tiny --plan` lists them");
    let page = bench.read("reports/tiny/v1/README.md");
    assert!(page.contains("## Protocol warnings") && page.contains("`few-seeds`"), "{page}");

    let clean = edit(&edit(TINY, "[0, 1]", "{count: 5}"), "validation: 32", "validation: 625");
    let clean = edit(&clean, "tiny", "clean");
    bench.write("suites/clean.yaml", clean);
    bench.run("suite clean --plan").exits(0).says("protocol lint: none");
    bench.run("suite clean").exits(0).never_says("protocol lint");
    let page = bench.read("reports/clean/v1/README.md");
    assert!(page.contains("applied to the resolved suite: none."), "{page}");
}

#[test]
fn a_plan_leaves_an_empty_folder_empty() {
    let bench = Bench::with(TINY);
    std::fs::create_dir(bench.path("runs")).unwrap();
    bench.run("suite tiny --plan").exits(0);
    assert!(bench.names("runs").is_empty());
}

#[test]
fn what_a_script_would_read_is_json_where_it_is_asked_for() {
    let bench = Bench::with(TINY);
    let listed = bench.run("suite --list --format json").exits(0).json();
    assert_eq!(listed[0]["suite"], "tiny");
    assert_eq!((&listed[0]["cells"], &listed[0]["runs"]), (&Value::from(2), &Value::from(4)));

    let doctor = bench.run("doctor --format json").exits(0).json();
    assert_eq!(doctor["device"], "cpu");
    assert!(doctor["class"].is_object() && doctor["class_id"].is_string());
    // What this build cannot open is not among its devices.
    let names = |key: &str| doctor[key].as_array().unwrap().clone();
    assert_eq!(names("devices")[..2], ["auto", "cpu"]);
    if cfg!(not(feature = "tch")) {
        assert_eq!(names("devices").len(), 2);
        assert_eq!(names("devices_of_other_builds"), ["tch-cpu", "cuda:N"]);
        let text = bench.run("doctor").exits(0).stdout;
        assert!(
            text.starts_with("devices of this build: auto, cpu\nbuilt with `--features tch`: ")
        );
    }

    let sets = bench.run("data list --format json").exits(0).json();
    let names: Vec<&Value> = sets.as_array().unwrap().iter().map(|set| &set["name"]).collect();
    for name in ["synthetic", "mfeat"] {
        assert!(names.contains(&&Value::from(name)), "{names:?}");
    }
    let states = bench.run("data status --format json").exits(0).json();
    assert_eq!(states["synthetic"], "ready");
    assert!(states["mfeat"].as_str().unwrap().starts_with("missing"));

    bench.run("suite --schema").exits(0).json();
    assert_eq!(bench.names(""), ["suites"], "asking made something");
}

#[test]
fn a_list_shows_every_suite_with_its_size() {
    let bench = Bench::with(TINY);
    bench.write("suites/larger.yaml", edit(&edit(TINY, "tiny", "larger"), "[0, 1]", "{count: 5}"));
    let outcome = bench.run("suite --list").exits(0);
    let rows: Vec<Vec<&str>> =
        outcome.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 3, "{}", outcome.stdout);
    assert_eq!(rows[1][..3], ["larger", "2", "10"]);
    assert_eq!(rows[2][..3], ["tiny", "2", "4"]);
}

#[test]
fn a_filter_trains_what_matches_and_writes_no_report() {
    let bench = Bench::with(TINY);
    bench.run("suite tiny --filter strategy=ogm*,seed=1").exits(0).prints("").says("no report");
    assert_eq!(bench.roots("runs").len(), 1);
    assert_eq!(bench.names(""), ["runs", "suites"]);
    bench.run("suite tiny").exits(0).says("3 runs trained, 1 done before");
}

#[test]
fn a_filter_that_cannot_be_right_is_refused_with_what_would_be() {
    let bench = Bench::with(TINY);
    for (filter, said) in [
        ("fusion=gated", "hint: `--plan` lists the cells and their labels"),
        ("gated", "hint: for example `--filter dataset=mfeat,strategy=ogm*`"),
        ("", "hint: for example `--filter dataset=mfeat,strategy=ogm*`"),
        ("strategy=ogm,", "hint: for example `--filter dataset=mfeat,strategy=ogm*`"),
        ("datset=made", "did you mean `dataset`?"),
        ("colour=red", "expected one of dataset, fusion, strategy, seed, id"),
    ] {
        let mut command = bench.command("suite tiny --filter");
        let outcome = crate::bench::Outcome::of(filter, command.arg(filter));
        outcome.exits(2).prints("").says(said);
    }
    assert_eq!(bench.names(""), ["suites"]);
}
