//! What is asked without training, and filters.

use crate::bench::{Bench, Outcome};
use crate::suites::{TINY, edit};
use serde_json::Value;
use std::time::Duration;

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
    let plan = bench.run("suite tiny --plan --format json").json();
    assert_eq!(states(&plan), ["pending"; 4]);
    assert_eq!(plan["cells"][0]["scores"], "split-head");
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
    outcome.says("protocol lint: 3 notes").says("note: made: there are 2 seeds [few-seeds]");
    let plan = bench.run("suite tiny --plan --format json").exits(0).json();
    let rules: Vec<&Value> = plan["lint"].as_array().unwrap().iter().map(|f| &f["rule"]).collect();
    assert_eq!(rules, ["few-seeds", "fixed-split", "small-validation-split"]);
    assert_eq!(plan["lint"][0]["where"][0], "made");
    // A filter is about this call, not about what is compared.
    bench.run("suite tiny --plan --filter seed=1").exits(0).says("there are 2 seeds");
    bench.run("suite tiny").exits(0).says("protocol lint: 3 notes; `suite tiny --plan` lists them");
    let page = bench.read("reports/tiny/v1/README.md");
    assert!(
        page.contains("<summary>Protocol warnings</summary>") && page.contains("`few-seeds`"),
        "{page}"
    );

    let clean = edit(
        &edit(TINY, "[0, 1]", "{count: 5}"),
        "validation: 32",
        "validation: 625\n    draw: seed",
    );
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
    if cfg!(not(any(feature = "tch", feature = "wgpu"))) {
        assert_eq!(names("devices").len(), 2);
        assert_eq!(names("devices_of_other_builds"), ["tch-cpu", "cuda:N", "gpu:N"]);
        assert_eq!(doctor["gpus"], serde_json::json!({}));
        let text = bench.run("doctor").exits(0).stdout;
        let [first, _, _, last] = text.lines().take(4).collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(first, "devices of this build: auto, cpu");
        assert_eq!(last, "of other builds: gpu:N, with `--features wgpu`; see docs/gpu.md");
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
        ("strategy=omg", "no strategy of the suite matches `omg`, did you mean `ogm`?"),
        ("strategy=ogm|jiont", "no strategy of the suite matches `jiont`, did you mean `joint`?"),
        ("seed=0|7", "no seed of the suite matches `7`"),
        ("id=zz", "no id of the suite matches `zz`"),
        ("strategy=ogm,strategy=joint", "matches no run"),
        ("strategy=ogm|", "holds an empty pattern"),
        ("dataset=\"made", "a quote is left open"),
        ("gated", "hint: for example `--filter dataset=mfeat,strategy=ogm*|opm`"),
        ("", "hint: for example `--filter dataset=mfeat,strategy=ogm*|opm`"),
        ("strategy=ogm,", "hint: for example `--filter dataset=mfeat,strategy=ogm*|opm`"),
        ("datset=made", "did you mean `dataset`?"),
        ("colour=red", "expected one of dataset, fusion, strategy, seed, id"),
    ] {
        let mut command = bench.command("suite tiny --filter");
        let outcome = Outcome::of(filter, command.arg(filter));
        outcome.exits(2).prints("").says(said);
    }
    assert_eq!(bench.names(""), ["suites"]);
}

/// The seeds of the runs that a filter leaves, by cell.
fn left(bench: &Bench, suite: &str, filter: &str) -> Vec<(String, Vec<u64>)> {
    let mut command = bench.command(&format!("suite {suite} --plan --format json --filter"));
    let plan = Outcome::of(filter, command.arg(filter)).exits(0).json();
    let cells = plan["cells"].as_array().unwrap().iter();
    let seeds = |cell: &Value| {
        let runs = cell["runs"].as_array().unwrap().iter();
        runs.map(|run| run["seed"].as_u64().unwrap()).collect()
    };
    let label = |cell: &Value| {
        let part = |key: &str| cell[key].as_str().unwrap().to_string();
        ["dataset", "fusion", "strategy"].map(part).join("/")
    };
    cells.map(|cell| (label(cell), seeds(cell))).collect()
}

#[test]
fn a_filter_by_id_takes_runs_and_cells_by_their_first_digits_or_a_pattern() {
    let bench = Bench::with(TINY);
    let plan = bench.run("suite tiny --plan --format json").exits(0).json();
    let (cell, run) = (&plan["cells"][1], &plan["cells"][1]["runs"][1]);
    let [cell_id, run_id] = [cell, run].map(|value| value["id"].as_str().unwrap());
    for (id, seeds) in [(cell_id, &[0, 1][..]), (run_id, &[1])] {
        for pattern in [
            id.to_string(),
            id[..8].to_string(),
            format!("{}*", &id[..8]),
            format!("*{}", &id[8..]),
        ] {
            let expected = vec![("made/concat/ogm".to_string(), seeds.to_vec())];
            assert_eq!(left(&bench, "tiny", &format!("id={pattern}")), expected, "{pattern}");
        }
    }
}

#[test]
fn a_filter_has_alternatives_and_quotes() {
    let labelled = edit(TINY, "label: made", "label: 'noise, \"high\" | a*b'");
    let bench = Bench::with(&edit(&labelled, "[joint, ogm]", "[joint, ogm, ogm-ge, opm]"));
    let strategies = |filter: &str| -> Vec<String> {
        let cells = left(&bench, "tiny", filter).into_iter();
        cells.map(|(cell, _)| cell.rsplit('/').next().unwrap().to_string()).collect()
    };
    assert_eq!(strategies("strategy=joint|opm"), ["joint", "opm"]);
    assert_eq!(strategies("strategy=ogm*|\"opm\",seed=1"), ["ogm", "ogm-ge", "opm"]);
    assert_eq!(strategies(r#"dataset="noise, ""high"" | a*b",strategy=joint"#), ["joint"]);
    assert_eq!(strategies(r#"dataset="noise, "*,strategy=opm"#), ["opm"]);
    let mut command = bench.command("suite tiny --plan --filter");
    Outcome::of("a quoted star", command.arg(r#"dataset="noise*""#)).exits(2).prints("");
    let help = bench.run("suite --help").exits(0).stdout;
    let words: Vec<&str> = help.split_whitespace().collect();
    assert!(words.join(" ").contains("KEY is dataset, fusion, strategy, seed or id"), "{help}");
}

#[test]
fn a_list_shows_the_other_suites_where_one_cannot_be_used() {
    let bench = Bench::with(TINY);
    bench.write("suites/broken.yaml", "suite: broken\n\tx");
    bench.write("suites/foreign.yaml", "services: {web: {image: nginx}}\n");
    bench.write("suites/notes.txt", "no suite");
    bench.write("suites/short.yml", edit(TINY, "suite: tiny", "suite: short"));
    for ending in ["yaml", "yml"] {
        bench.write(&format!("suites/twin.{ending}"), edit(TINY, "suite: tiny", "suite: twin"));
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere.yaml", bench.path("suites/dangling.yaml")).unwrap();
    let outcome = bench.run("suite --list").exits(2);
    let names: Vec<&str> =
        outcome.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["suite", "short", "tiny"], "{}", outcome.stdout);
    let outcome = outcome
        .says("suites/broken.yaml:1:8: ")
        .says("suites/foreign.yaml:1:1: ")
        .says("suites/twin.yaml and suites/twin.yml");
    #[cfg(unix)]
    let outcome = outcome.says("suites/dangling.yaml").says("4 of 6 suites cannot be used");
    outcome.never_says("notes.txt");
    let listed = bench.run("suite --list --format json").exits(2).json();
    assert_eq!(listed.as_array().unwrap().len(), 2);

    bench.run("suite short --plan").exits(0).says("4 runs");
    bench.run("suite twin --plan").exits(2).says("suites/twin.yaml and suites/twin.yml");
    bench.run("suite suites/twin.yml --plan").exits(0).says("4 runs");
    bench.run("suite shrot").exits(2).says("did you mean `short`?");
}

/// The largest grid that is taken: 20,000 cells, each of one seed.
fn largest() -> String {
    let alphas: Vec<String> = (1..=1000).map(|i| format!("{}", f64::from(i) / 1000.0)).collect();
    let text = edit(TINY, "suite: tiny", "suite: largest");
    let text = edit(&text, "[0, 1]", "[0]");
    let text = edit(&text, "    label: made\n", "    signal_a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n");
    let text = edit(&text, "[concat]", "[concat, sum]");
    edit(&text, "[joint, ogm]", &format!("[{{name: ogm, alpha: [{}]}}]", alphas.join(", ")))
}

#[test]
fn the_largest_grid_is_planned_listed_and_filtered_in_seconds() {
    let bench = Bench::with(&largest());
    // Ten times what it takes on a slow machine, and a fraction of what anything quadratic takes.
    let limit = Duration::from_secs(30);
    let quick = |line: &str| {
        let mut command = bench.command(line);
        Outcome::of(line, command.timeout(limit)).exits(0)
    };
    quick("suite largest --plan").says("20000 cells");
    quick("suite --list");
    let plan = quick("suite largest --plan --format json --filter strategy=ogm(alpha=0.5)").json();
    assert_eq!(plan["cells"].as_array().unwrap().len(), 20);
    let larger = edit(&edit(&largest(), "[0]", "[0, 1]"), "suite: largest", "suite: larger");
    bench.write("suites/larger.yaml", larger);
    bench.run("suite larger --plan").exits(2).says("a suite has at most 20000 runs");
}

#[test]
fn a_plan_of_a_grid_without_effect_says_so_and_its_report_too() {
    let text = edit(TINY, "    label: made\n", "    signal_c: [1.0, 2.0]\n");
    let bench = Bench::with(&text);
    bench
        .run("suite tiny --plan")
        .exits(0)
        .says("dataset.signal_c differs without effect [same-training]");
    bench.run("suite tiny").exits(0);
    let page = bench.read("reports/tiny/v1/README.md");
    assert!(page.contains("Trained identically") && page.contains("`same-training`"), "{page}");
}
