//! `export` and `pace`: the first steps of every cell, as files and as a time.

use crate::bench::Bench;
use crate::suites::TINY;
use counterpoise::checkpoint;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn an_export_holds_what_another_program_needs() {
    let bench = Bench::with(TINY);
    bench.run("export tiny --steps 5 --out deep/first").exits(0).prints("").says("deep/first");
    assert_eq!(bench.names("deep"), ["first"], "nothing temporary stays");
    let export: Value = serde_json::from_str(&bench.read("deep/first/runs.json")).unwrap();
    let runs = export["runs"].as_array().unwrap();
    let cells: Vec<_> = runs.iter().map(|run| run["cell"].as_str().unwrap()).collect();
    assert_eq!(cells, ["made / concat / joint", "made / concat / ogm"]);
    let mut files = BTreeSet::from(["runs.json".to_string()]);
    for run in runs {
        assert_eq!(run["seeds"], 2);
        let tensors = |key: &str| {
            let name = run[key].as_str().unwrap();
            files.insert(name.into());
            checkpoint::read(&bench.path("deep/first").join(name)).unwrap()
        };
        let [initial, data] = ["initial", "data"].map(tensors);
        assert!(initial.iter().any(|tensor| tensor.path == "encoder.a.layers.0.weight"));
        let labels = data.iter().find(|tensor| tensor.path == "train.labels").unwrap();
        assert_eq!(labels.shape, [64]);
        let features = data.iter().find(|tensor| tensor.path == "test.b").unwrap();
        assert_eq!(features.shape[0], 32);
        let steps = run["steps"].as_array().unwrap();
        assert_eq!(steps.len(), 5);
        for step in steps {
            assert_eq!(step["rows"].as_array().unwrap().len(), 16);
            assert!(step["loss"].as_f64().unwrap() > 0.0);
        }
    }
    let first = |run: &Value| run["steps"][0].clone();
    assert_eq!(first(&runs[0]), first(&runs[1]), "modulation begins after the first loss");
    assert_eq!(files.into_iter().collect::<Vec<_>>(), bench.names("deep/first"));
}

#[test]
fn an_export_never_touches_what_is_there() {
    let bench = Bench::with(TINY);
    bench.write("first/mine.txt", "mine");
    bench
        .run("export tiny --out first")
        .exits(2)
        .says("first exists already")
        .says("hint: give a folder by --out that is not there yet");
    bench.run("export tiny --filter strategy=no --out second").exits(2);
    assert_eq!(bench.names(""), ["first", "suites"]);
    assert_eq!(bench.names("first"), ["mine.txt"]);
}

#[test]
fn a_pace_is_told_for_every_cell() {
    let bench = Bench::with(TINY);
    let told = bench.run("pace tiny --steps 3 --warmup 1 --format json").exits(0).json();
    let cells = told["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 2);
    assert!(cells.iter().all(|cell| cell["seconds"].as_f64().unwrap() > 0.0), "{told}");
    let text = bench.run("pace tiny --steps 3 --filter strategy=ogm").exits(0).stdout;
    assert!(text.contains("made / concat / ogm") && text.lines().count() == 2, "{text}");
    bench.run("pace tiny --steps 0").exits(2).says("invalid value '0' for '--steps <N>'");
    assert_eq!(bench.names(""), ["suites"], "nothing is written");
}
