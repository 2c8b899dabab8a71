//! `check` and `accept`: baselines, verdicts, exit codes and the files for CI services.

use crate::bench::{Bench, Outcome};
use crate::suites::{TINY, diverging, edit};
use counterpoise::hash::digest_json;
use serde_json::{Value, json};

const BASELINE: &str = "ci/baselines/tiny.json";

/// A bench where the tiny suite was trained into `runs` and accepted with further seeds.
fn accepted() -> Bench {
    let bench = Bench::with(TINY);
    bench
        .run("accept tiny --add-seeds 8 --reason first --yes")
        .exits(0)
        .prints_at_end("ci/baselines/tiny.json\n");
    bench
}

/// Changes the baseline's text as a value.
fn change(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let mut baseline: Value = serde_json::from_str(&bench.read(BASELINE)).unwrap();
    change(&mut baseline);
    bench.write(BASELINE, baseline.to_string());
}

/// As if all accepted runs of the first cell had been other ones, and better by `by`, or all right.
fn raise(baseline: &mut Value, by: f64) {
    for run in baseline["cells"][0]["runs"].as_array_mut().unwrap() {
        run["score"] = (run["score"].as_f64().unwrap() + by).min(1.0).into();
        run["root"] = "0".repeat(64).into();
    }
}

#[test]
fn equal_runs_pass_whatever_is_asked_and_leave_nothing_behind() {
    let bench = accepted();
    let outcome = bench.run("check tiny --exact --strict").exits(0);
    assert!(outcome.stdout.starts_with("suite tiny: equal\nall 4 runs are equal to the bit\n"));
    assert!(outcome.stdout.contains("smallest drop found four times in five: "));
    assert_eq!(bench.names(""), ["ci", "suites"]);
    // The runs of a store are taken as they are.
    bench.run("check tiny --exact --runs runs").exits(2).says("runs is not a run store");
    bench.run("suite tiny").exits(0);
    bench.run("check tiny --exact --runs runs").exits(0);
}

#[test]
fn other_bits_fail_only_where_exactness_is_asked_for() {
    let bench = accepted();
    change(&bench, |baseline| raise(baseline, 0.0));
    bench
        .run("check tiny --exact")
        .exits(4)
        .says("tiny is not exact: 2 of 4 runs drifted\n  run ")
        .says("made / concat / joint, seed 1")
        .says("`bisect` finds the step");
    let found = bench.run("check tiny --format json").exits(0).json();
    assert_eq!(found["exact"]["drifted"].as_array().unwrap().len(), 2);
    assert!(["pass", "inconclusive"].contains(&found["outcome"].as_str().unwrap()));
    assert_eq!(found["cells"][1]["verdict"], "equal");
}

#[test]
fn another_class_is_named_and_not_compared_to_the_bit() {
    let bench = accepted();
    change(&bench, |baseline| {
        raise(baseline, 0.0);
        baseline["class"]["libm"] = "another".into();
        baseline["class_id"] = digest_json(&baseline["class"]).unwrap().to_string().into();
    });
    bench
        .run("check tiny --exact")
        .exits(4)
        .says("not comparable to the bit, since the determinism class is another: libm was another")
        .says("check without --exact");
    bench.run("check tiny").exits(0);
}

#[test]
fn a_drop_is_a_regression_in_every_format() {
    let bench = accepted();
    change(&bench, |baseline| raise(baseline, 0.6));
    let line = "check tiny --output a.json --output b.xml --output c.md";
    bench.run(line).exits(5).says("tiny regressed\n  made / concat / joint: worse by ");
    let json: Value = serde_json::from_str(&bench.read("a.json")).unwrap();
    assert_eq!(json["outcome"], "regressed");
    assert_eq!(json["cells"][0]["verdict"], "regressed");
    let xml = bench.read("b.xml");
    assert!(xml.contains("<testsuites tests=\"3\" failures=\"1\""), "{xml}");
    assert!(bench.read("c.md").starts_with("# ❌ Suite tiny: regressed\n"));
    bench.run("check tiny --output a.txt").exits(2).says("must end in .json, .xml or .md");
    bench.run("check tiny --output no/a.json").exits(2).says("there is no folder no");
}

#[test]
fn cells_that_are_too_close_to_call_get_a_second_look() {
    let bench = accepted();
    change(&bench, |baseline| raise(baseline, 0.02));
    bench.run("check tiny").exits(0);
    bench.run("check tiny --strict").exits(5).says("1 cell may have regressed");
    let outcome = bench.run("check tiny --add-seeds 3 --format json").exits(0);
    let outcome = outcome.says("a second look at 1 cell, with 3 more seeds");
    assert_eq!(outcome.json()["cells"][0]["found"]["n"], 5);
    assert_eq!(outcome.json()["cells"][1]["found"]["n"], 2);
}

#[test]
fn a_changed_suite_is_not_compared_and_the_field_is_named() {
    let bench = accepted();
    bench.write("suites/tiny.yaml", edit(TINY, "epochs: 2", "epochs: 3"));
    bench
        .run("check tiny")
        .exits(2)
        .says("the suite `tiny` is not the one that was accepted")
        .says("made / concat / joint: protocol.epochs: 2 -> 3")
        .says("counterpoise accept tiny");
    bench
        .run("accept tiny --reason longer --yes")
        .exits(0)
        .never_says("holds these numbers already");
    bench.run("check tiny --exact").exits(0);
}

#[test]
fn without_a_baseline_or_with_a_damaged_one_nothing_is_trained() {
    let bench = Bench::with(TINY);
    bench.run("check tiny").exits(2).says("no baseline ci/baselines/tiny.json").says("accept tiny");
    bench.write(BASELINE, "{");
    bench.run("check tiny").exits(2).says("tiny.json: not a baseline").never_says("[1/4]");
    bench.run("accept tiny --reason x --yes").exits(2).says("tiny.json: not a baseline");
    assert_eq!(bench.read(BASELINE), "{");
}

#[test]
fn a_baseline_that_is_not_sound_is_refused_whole_and_nothing_is_trained() {
    let bench = accepted();
    let sound = bench.read(BASELINE);
    type Damage = fn(&mut Value);
    let damages: [(Damage, &str); 12] = [
        (
            |b| b["cells"].as_array_mut().unwrap().iter_mut().for_each(|c| c["runs"] = json!([])),
            "cell 1 (made / concat / joint): there is no run",
        ),
        (|b| b["cells"][1]["runs"] = json!([]), "cell 2 (made / concat / ogm): there is no run"),
        (|b| b["cells"] = json!([]), "there is no cell"),
        (
            |b| {
                let runs = b["cells"][0]["runs"].as_array().unwrap()[..2].to_vec();
                b["cells"][0]["runs"] = vec![runs; 50].concat().into();
            },
            "cell 1 (made / concat / joint): seed 0 stands twice",
        ),
        (
            |b| {
                let cell = b["cells"][0].clone();
                b["cells"].as_array_mut().unwrap().push(cell);
            },
            "cell 3 (made / concat / joint): the id ",
        ),
        (|b| b["class_id"] = "0".repeat(64).into(), "the digest of the class is "),
        (|b| b["cells"][0]["id"] = "0000000000000000".into(), "that of the description is "),
        (|b| b["cells"][0]["runs"][0]["examples"] = 0.into(), "the number of examples is 0"),
        (|b| b["cells"][0]["runs"][1]["score"] = 1.5.into(), "seed 1: an accuracy of 1.5 is none"),
        (|b| b["cells"][0]["runs"][1]["score"] = 1e308.into(), "an accuracy of 1e308 is none"),
        (|b| b["margin"] = 1e308.into(), "a margin of "),
        (|b| b["margin"] = 0.9.into(), "a margin of 90.0 points makes no sense"),
    ];
    for (damage, said) in damages {
        bench.write(BASELINE, &sound);
        change(&bench, damage);
        for line in ["check tiny", "check tiny --strict", "accept tiny --reason x --yes"] {
            let outcome =
                bench.run(line).exits(2).says("tiny.json: not a sound baseline").says(said);
            outcome.never_says("[1/4]").prints("");
        }
    }
}

#[test]
fn a_baseline_that_contradicts_its_roots_or_is_of_other_examples_is_refused() {
    let bench = accepted();
    bench.run("suite tiny").exits(0);
    let sound = bench.read(BASELINE);
    change(&bench, |b| b["cells"][1]["runs"][1]["score"] = 0.001.into());
    bench
        .run("check tiny --exact --runs runs")
        .exits(2)
        .says("contradicts itself on the accuracy of runs")
        .says("made / concat / ogm, seed 1: accepted with 0.001");
    bench.write(BASELINE, &sound);
    change(&bench, |b| b["metric"] = "loss".into());
    bench.run("check tiny --runs runs").exits(2).says("contradicts itself on the loss of runs");
    bench.write(BASELINE, &sound);
    change(&bench, |b| b["cells"][0]["runs"][0]["examples"] = 1_000_000.into());
    bench.run("check tiny --runs runs").exits(2).says("joint: test examples: 1000000 -> 32");
}

#[test]
fn a_check_that_ends_early_leaves_no_verdict_of_an_earlier_one() {
    let bench = accepted();
    bench.run("suite tiny").exits(0);
    let sound = bench.read(BASELINE);
    let files = "--output a.json --output b.xml --output=c.md";
    let green = || {
        bench.write(BASELINE, &sound);
        bench.run(&format!("check tiny --runs runs {files}")).exits(0);
        assert!(bench.read("c.md").starts_with("# ✅ Suite tiny: equal\n"));
    };
    let failed = |line: &str, code: i32, said: &str| {
        bench.run(&format!("{line} {files}")).exits(code).says(said);
        let json: Value = serde_json::from_str(&bench.read("a.json")).unwrap();
        assert_eq!((&json["outcome"], &json["exit_code"]), (&"failed".into(), &code.into()));
        assert!(json["message"].as_str().unwrap().contains(said), "{line}: {json}");
        let xml = bench.read("b.xml");
        assert!(xml.contains("<testsuites tests=\"1\" failures=\"1\" errors=\"0\">"), "{xml}");
        assert!(xml.contains("<failure message="), "{xml}");
        let page = bench.read("c.md");
        assert!(page.starts_with("# ❌ ") && page.contains(": no verdict\n"), "{page}");
        assert!(page.contains(said), "{page}");
    };
    green();
    failed("check tino --runs runs", 2, "tino");
    green();
    failed("check tiny --runs nowhere", 2, "nowhere is not a run store");
    green();
    failed("check tiny --runs runs --alpha 0", 2, "a level of 0.0 makes no sense");
    green();
    failed("check tiny --runs runs --margin 1e300", 2, "makes no sense");
    green();
    let line = format!("check tiny --runs runs {files}");
    Outcome::of(&line, bench.command(&line).env("RUST_MIN_STACK", "x")).exits(2);
    assert!(bench.read("b.xml").contains("RUST_MIN_STACK"), "{}", bench.read("b.xml"));
    // A baseline is no place for a verdict, whatever else is wrong with the command line.
    let baseline = bench.read("ci/baselines/tiny.json");
    for more in ["", " --exactly"] {
        let line = format!("check tiny --runs runs --output ci/baselines/tiny.json{more}");
        bench.run(&line).exits(2);
        assert!(bench.read("ci/baselines/tiny.json") == baseline, "{line}");
    }
    // What the command line's parser refuses.
    green();
    failed("check tiny --runs runs --exactly", 2, "unexpected argument '--exactly'");
    green();
    failed("check tiny --runs runs --margin x", 2, "invalid value 'x'");
    green();
    bench.write(BASELINE, "{");
    failed("check tiny --runs runs", 2, "tiny.json: not a baseline");
    green();
    std::fs::remove_file(bench.path(BASELINE)).unwrap();
    failed("check tiny --runs runs", 2, "no baseline ci/baselines/tiny.json");
    green();
    let id = bench.roots("runs").into_keys().next().unwrap();
    std::fs::remove_dir_all(bench.path(&format!("runs/{id}"))).unwrap();
    failed("check tiny --runs runs", 3, "1 run without a usable result");
    // A file that cannot be written is known before anything is trained.
    std::fs::create_dir(bench.path("taken.md")).unwrap();
    bench
        .run("check tiny --output taken.md --output a.json")
        .exits(2)
        .says("cannot write taken.md")
        .never_says("[1/4]");
    assert!(bench.read("a.json").contains("cannot write taken.md"));
}

#[test]
fn runs_without_a_result_are_neither_accepted_nor_compared() {
    let bench = Bench::with(&diverging());
    bench.run("accept div --reason x --yes").exits(3).says("wild / concat / joint / seed 0: ");
    assert_eq!(bench.names(""), ["suites"]);
    let bench = accepted();
    bench.run("suite tiny --filter strategy=ogm").exits(0);
    bench.run("check tiny --runs runs").exits(3).says("2 runs without a usable result");
}

#[test]
fn nobody_accepts_in_ci_or_without_being_asked() {
    let bench = Bench::with(TINY);
    let line = "accept tiny --reason first";
    let in_ci = |line: &str| Outcome::of(line, bench.command(line).env("CI", "true"));
    in_ci(line).exits(2).says("in CI no baseline is accepted");
    in_ci(&format!("{line} --yes")).exits(2).says("in CI no baseline is accepted");
    bench.run(line).exits(2).says("there is nobody to ask").never_says("[1/4]");
    assert_eq!(bench.names(""), ["suites"]);
    // A no is no yes.
    for no in ["false", "0", ""] {
        let mut command = bench.command(line);
        Outcome::of(line, command.env("CI", no)).exits(2).says("there is nobody to ask");
    }
}

#[test]
fn a_baseline_is_shown_beside_the_new_one_and_written_once() {
    let bench = accepted();
    let before = bench.read(BASELINE);
    bench
        .run("accept tiny --add-seeds 8 --reason again --yes")
        .exits(0)
        .says("holds these numbers already");
    assert_eq!(bench.read(BASELINE), before);
    let outcome = bench.run("accept tiny --reason fewer --metric loss --margin 0.1 --yes").exits(0);
    assert!(outcome.stdout.contains("metric: accuracy -> loss"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("accepted before because: first"), "{}", outcome.stdout);
    let baseline: Value = serde_json::from_str(&bench.read(BASELINE)).unwrap();
    assert_eq!(baseline["margin"], 0.1);
    assert_eq!(baseline["cells"][0]["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn kept_runs_can_be_bisected() {
    let bench = accepted();
    bench.run("check tiny --keep kept").exits(0);
    bench.run("check tiny --keep kept").exits(2).says("kept holds something already");
    bench.run("suite tiny --store flipped --plant lr@3=0.5").exits(0);
    bench.run("check tiny --runs flipped").exits(3).says("a fault was planted");
    let id = bench.roots("kept").into_keys().next().unwrap();
    let other = bench.roots("flipped").into_keys().next().unwrap();
    assert_eq!(id, other);
    let outcome = bench.run(&format!("bisect kept/{id} flipped/{id}"));
    let outcome = outcome.exits(4);
    assert!(outcome.stdout.contains("step 3"), "{}", outcome.stdout);
}
