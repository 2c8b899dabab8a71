//! What a person asks of results, without a report and without code.

use crate::bench::Bench;
use crate::suites::TINY;

fn trained() -> Bench {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    bench
}

#[test]
fn a_suite_ends_with_its_results_best_first() {
    let bench = Bench::with(TINY);
    let outcome = bench.run("suite tiny --filter strategy=joint").exits(0);
    outcome.says("made").says("verdict").says("best").prints("");
    let outcome = bench.run("suite tiny").exits(0).prints("reports/tiny/v1\n");
    let table: Vec<&str> =
        outcome.stderr.lines().skip_while(|line| !line.contains("from the best")).collect();
    assert!(table.len() > 2 && table[1].ends_with("best"), "{}", outcome.stderr);
    assert!(table[2].ends_with("told apart"), "{}", outcome.stderr);
}

#[test]
fn runs_are_listed_before_and_after_they_are_done() {
    let bench = Bench::with(TINY);
    bench.run("runs tiny").exits(0);
    assert!(!bench.path("runs").exists(), "a question makes no store");
    bench.run("suite tiny --filter seed=0").exits(0);
    let rows = bench.run("runs tiny --format json").exits(0).json();
    let states: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["done", "pending", "done", "pending"]);
    assert!(rows[0]["value"].as_f64().is_some() && rows[1]["value"].is_null());
    let csv = bench.run("runs tiny --filter strategy=ogm --format csv").exits(0).stdout;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("run,cell,dataset,fusion,strategy,seed,state,"), "{csv}");
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(lines[1].contains(",made,concat,ogm,0,done,"), "{csv}");
}

#[test]
fn a_run_and_a_cell_are_shown_by_the_first_digits_of_their_ids() {
    let bench = trained();
    let rows = bench.run("runs tiny --format json").exits(0).json();
    let [run, cell] = ["run", "cell"].map(|key| rows[0][key].as_str().unwrap().to_string());
    let shown = bench.run(&format!("show {}", &run[..10])).exits(0).stdout;
    for said in [&run, &cell, "strategy   joint", "selected", rows[0]["root"].as_str().unwrap()] {
        assert!(shown.contains(said), "{said}\n{shown}");
    }
    let outcome = bench.run(&format!("show {}", &cell[..10])).exits(0);
    let outcome = outcome.says("2 finished runs");
    assert!(outcome.stdout.contains(&run), "{}", outcome.stdout);
    let record = bench.run(&format!("show {run} --format json")).exits(0).json();
    assert_eq!(record["id"], run.as_str());
    bench.run("show zz").exits(2).says("is not the beginning of a run id");
    bench.run("show 0000000000000000").exits(2).says("no finished run in runs begins with");
    bench.run("show 1 --store elsewhere").exits(2);
}

#[test]
fn a_question_to_the_results_is_answered_by_any_axis_and_writes_nothing() {
    let bench = trained();
    let csv = bench.run("report tiny --by strategy --format csv").exits(0).stdout;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "strategy,metric,cells,n,mean,sd,low,high");
    assert!(lines[1].starts_with("joint,accuracy,1,2,0."), "{csv}");
    let json = bench.run("report tiny --metric macro-f1 --by dataset,fusion --format json");
    let json = json.exits(0).json();
    assert_eq!((&json[0]["dataset"], &json[0]["cells"]), (&"made".into(), &2.into()));
    bench.run("report tiny --metric loss").exits(0);
    bench
        .run("report tiny --metric macro-f2")
        .exits(2)
        .says("unknown metric `macro-f2`, did you mean `macro-f1`?");
    bench.run("report tiny --filter strategy=opm").exits(2).says("`opm`");
    assert_eq!(bench.names("reports/tiny"), ["v1"]);
    // What is printed is what the report says.
    let summary = bench.read("reports/tiny/v1/summary.csv");
    let mean: f64 = lines[1].split(',').nth(4).unwrap().parse().unwrap();
    assert!(summary.contains(&format!(",{mean:.6},")), "{summary}");
}

#[test]
fn parts_are_listed_with_their_parameters_and_defaults() {
    let bench = Bench::with(TINY);
    let text = bench.run("list strategies").exits(0).stdout;
    assert!(text.contains("\nogm: ") && text.contains("\n    alpha = 0.8: "), "{text}");
    for kind in
        ["strategies", "fusions", "encoders", "datasets", "estimators", "observers", "protocols"]
    {
        let parts = bench.run(&format!("list {kind} --format json")).exits(0).json();
        assert!(!parts.as_array().unwrap().is_empty(), "{kind}");
        assert!(!bench.run(&format!("list {kind}")).exits(0).stdout.is_empty(), "{kind}");
    }
    bench.run("list strategy").exits(2).says("strategies");
}

#[test]
fn the_manual_is_made_of_the_commands() {
    let bench = Bench::with(TINY);
    for shell in ["bash", "zsh", "fish"] {
        let text = bench.run(&format!("manual --shell {shell}")).exits(0).stdout;
        assert!(text.contains("counterpoise") && text.contains("report"), "{shell}");
    }
    bench.run("manual --man pages").exits(0).prints("pages\n");
    let pages = bench.names("pages");
    for page in ["counterpoise.1", "counterpoise-suite.1", "counterpoise-show.1"] {
        assert!(pages.iter().any(|name| name == page), "{page} is not in {pages:?}");
    }
    assert!(!pages.iter().any(|name| name.contains("worker")), "{pages:?}");
    bench.run("manual").exits(2);
}
