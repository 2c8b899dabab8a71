//! The suite language from text to runs, and every kind of mistake as it is shown.

use super::Suite;
use super::fixture::catalog;
use super::part::MAX_POINTS;
use super::problem::Problem;
use super::run::RunSpec;
use super::schema::schema;
use super::yaml;
use crate::error::Kind;
use crate::hash::canonical_json;
use crate::protocol::presets::PRESETS;
use crate::protocol::{Optimizer, Selection};
use proptest::prelude::*;
use std::path::Path;

const VALID: &str = "\
suite: t
title: A suite
analysis: >
  Two lines
  of prose.
protocol: {preset: small, epochs: 3}
seeds: [0, 1]
datasets:
  - name: mfeat
    views: [fac, zer]
    protocol: {batch_size: 32}
  - {name: synthetic, label: made, encoders: {a: {name: mlp, features: 8}}}
fusion: [concat, film]
strategies: [joint, {name: ogm, alpha: [0.3, 1]}, unimodal]
exclude:
  - {dataset: made, strategy: ogm}
include:
  - {dataset: made, fusion: [sum, gated], strategy: {name: opm, q_base: 0.2}}
";

/// A small suite, with a line put in the place of the one that starts like it, or added.
fn with(lines: &str) -> String {
    let mut text: Vec<String> = [
        "suite: t",
        "title: T",
        "protocol: small",
        "seeds: [0, 1]",
        "datasets: [synthetic]",
        "fusion: [concat]",
        "strategies: [joint]",
    ]
    .map(str::to_string)
    .to_vec();
    for line in lines.lines() {
        let key = line.split(':').next().unwrap_or_default();
        match text.iter().position(|old| old.split(':').next() == Some(key)) {
            Some(at) => text[at] = line.to_string(),
            None => text.push(line.to_string()),
        }
    }
    text.join("\n") + "\n"
}

fn parse(text: &str) -> crate::error::Result<Suite> {
    Suite::parse(text, Path::new("suites/t.yaml"), &catalog(), "cpu")
}

fn good(text: &str) -> Suite {
    parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn labels(suite: &Suite) -> Vec<String> {
    suite.cells.iter().map(super::Cell::label).collect()
}

#[test]
fn a_suite_expands_in_the_order_written() {
    let suite = good(VALID);
    assert_eq!(suite.analysis, "Two lines of prose.");
    assert_eq!(
        labels(&suite),
        [
            "mfeat / concat / joint",
            "mfeat / concat / ogm(alpha=0.3)",
            "mfeat / concat / ogm(alpha=1)",
            "mfeat / concat / unimodal fac",
            "mfeat / concat / unimodal zer",
            "mfeat / film / joint",
            "mfeat / film / ogm(alpha=0.3)",
            "mfeat / film / ogm(alpha=1)",
            "made / concat / joint",
            "made / concat / unimodal a",
            "made / concat / unimodal b",
            "made / film / joint",
            "made / sum / opm(q_base=0.2)",
            "made / gated / opm(q_base=0.2)",
        ]
    );
    assert_eq!(suite.len(), 28);
}

#[test]
fn runs_are_resolved_down_to_every_default() {
    let suite = good(VALID);
    let run = &suite.cells[2].runs[1];
    assert_eq!((run.seed, run.cell.protocol.epochs, run.cell.protocol.batch_size), (1, 3, 32));
    assert_eq!(run.cell.protocol.selection, Selection::BestVal);
    // The whole number became a float, and what was not written is there.
    let params = canonical_json(&run.cell.strategy.params).unwrap();
    assert_eq!(params, r#"{"alpha":1.0,"rule":"cvpr-eq10","warmup":0}"#);
    assert_eq!(run.cell.scores.name, "split-head");
    assert_eq!(suite.cells[5].runs[0].cell.scores.name, "zero-out-feature");
    let unimodal = &suite.cells[3].runs[0];
    assert_eq!((unimodal.cell.branches.len(), unimodal.cell.fusion.name.as_str()), (1, "concat"));
    assert_eq!(suite.cells[8].runs[0].cell.branches[0].encoder.params.count("features"), 8);
}

#[test]
fn a_resolved_run_survives_its_own_text_with_its_id() {
    for cell in good(VALID).cells {
        for run in cell.runs {
            let again: RunSpec = serde_json::from_str(&canonical_json(&run).unwrap()).unwrap();
            assert_eq!(
                (again.id().unwrap(), again.cell.id().unwrap()),
                (run.id().unwrap(), cell.id.clone())
            );
            assert_eq!(again, run);
        }
    }
}

#[test]
fn the_id_of_a_run_is_pinned() {
    // A change here makes every stored run unknown. The digest of the data is left out: it
    // follows from the data sets, which have pins of their own.
    let mut run = good(&with("")).cells.remove(0).runs.remove(0);
    run.cell.data_manifest = crate::hash::Digest([0; 32]);
    assert_eq!(run.id().unwrap().0, "c560d0bc15bc6609");
}

#[test]
fn writing_out_a_default_changes_no_id() {
    let id = |strategy: &str| good(&with(&format!("strategies: [{strategy}]"))).cells[0].id.clone();
    let bare = id("ogm");
    for same in ["{name: ogm}", "{name: ogm, alpha: 0.8}", "{name: ogm, warmup: 0, alpha: 8e-1}"] {
        assert_eq!(id(same), bare, "{same}");
    }
    assert_eq!(id("{name: ogm, alpha: 0}"), id("{name: ogm, alpha: -0.0}"));
    assert_ne!(id("{name: ogm, alpha: 0.7}"), bare);
}

#[test]
fn a_grid_runs_over_its_parameters_in_declared_order() {
    let text = "strategies: [{name: ogm, rule: [cvpr-eq10, journal-eq11], alpha: [0.8, 0.1]}]";
    let strategies: Vec<String> =
        good(&with(text)).cells.into_iter().map(|cell| cell.strategy).collect();
    assert_eq!(
        strategies,
        ["ogm", "ogm(rule=journal-eq11)", "ogm(alpha=0.1)", "ogm(alpha=0.1,rule=journal-eq11)"]
    );
}

#[test]
fn a_data_set_changes_the_suites_protocol_or_takes_another() {
    let protocol = |own: &str| {
        let text = format!(
            "protocol: {{preset: small, epochs: 7}}\ndatasets: [{{name: synthetic, protocol: {own}}}]"
        );
        let cell = good(&with(&text)).cells.remove(0);
        (cell.preset, cell.runs[0].cell.protocol.clone())
    };
    let (preset, changed) = protocol("{batch_size: 8}");
    assert_eq!((preset.as_str(), changed.epochs, changed.batch_size), ("small", 7, 8));
    for own in ["ogm-cvpr", "{preset: ogm-cvpr}"] {
        let (preset, other) = protocol(own);
        assert_eq!((preset.as_str(), other.epochs), ("ogm-cvpr", 100));
    }
    let kind = protocol("{optimizer: {kind: adam-w, lr: 1}}").1.optimizer;
    let pytorch =
        Optimizer::AdamW { lr: 1.0, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
    assert_eq!(kind, pytorch.part());
}

#[test]
fn every_preset_is_a_protocol() {
    for preset in PRESETS {
        let suite = good(&with(&format!("protocol: {}", preset.name)));
        assert_eq!(suite.cells[0].runs[0].cell.protocol, preset.protocol());
    }
}

#[test]
fn mistakes_are_shown_where_they_are() {
    for (lines, expected) in [
        (
            "strategies: [{name: ogm, alpha: -1}]",
            "\
suites/t.yaml:7:33: `alpha` must be a number of at least 0, not `-1`
    7 | strategies: [{name: ogm, alpha: -1}]
      |                                 ^",
        ),
        (
            "strategies: [jiont]",
            "\
suites/t.yaml:7:14: unknown strategy `jiont`, did you mean `joint`?
    7 | strategies: [jiont]
      |              ^",
        ),
        (
            "sedes: [1]",
            "\
suites/t.yaml:8:1: unknown key of a suite `sedes`, did you mean `seeds`?
    8 | sedes: [1]
      | ^",
        ),
        (
            "seeds: []",
            "\
suites/t.yaml:4:8: `seeds` is empty
    4 | seeds: []
      |        ^",
        ),
        (
            "seeds: [1, 2, 1]",
            "\
suites/t.yaml:4:15: seed 1 stands twice
    4 | seeds: [1, 2, 1]
      |               ^",
        ),
        (
            "protocol: {preset: small, epochs: 0}",
            "\
suites/t.yaml:3:35: `epochs` must be a whole number of at least 1, not `0`
    3 | protocol: {preset: small, epochs: 0}
      |                                   ^",
        ),
        (
            "protocol: {preset: small, schedule: {gamma: 1.5}}",
            "\
suites/t.yaml:3:45: `gamma` must be a number above 0 and at most 1, not `1.5`
    3 | protocol: {preset: small, schedule: {gamma: 1.5}}
      |                                             ^",
        ),
        (
            "strategies: [joint, {name: joint}]",
            "\
suites/t.yaml:7:28: the cell synthetic / concat / joint is there already, from line 7
    7 | strategies: [joint, {name: joint}]
      |                            ^
  hint: list each part once",
        ),
        (
            "include: [{dataset: {name: synthetic, protocol: {epochs: 2}}, fusion: concat, strategy: joint}]",
            "\
suites/t.yaml:8:89: another cell is called synthetic / concat / joint too, from line 7
    8 | nthetic, protocol: {epochs: 2}}, fusion: concat, strategy: joint}]
      |                                                            ^
  hint: give its data set a `label`",
        ),
        (
            "datasets: [{name: mfeat, views: [fac, fou, zer]}]\nfusion: [film]",
            "\
suites/t.yaml:6:10: fusion `film` cannot join data set `mfeat(views=fac+fou+zer)`: joins two modalities, not 3
    6 | fusion: [film]
      |          ^
  hint: leave the cell out: `exclude: [{dataset: \"mfeat(views=fac+fou+zer)\", fusion: \"film\"}]`",
        ),
        (
            "scores: split-head\nfusion: [film]\nstrategies: [joint, ogm, opm]",
            "\
suites/t.yaml:8:9: `split-head` does not work with fusion `film`
    8 | scores: split-head
      |         ^
  hint: use `zero-out-feature`, or leave `scores` out",
        ),
        (
            "exclude: [{fusion: film}]",
            "\
suites/t.yaml:8:11: this pattern matches no cell
    8 | exclude: [{fusion: film}]
      |           ^",
        ),
        (
            "suite: other",
            "\
suites/t.yaml:1:8: the suite is called `other` but its file is not
    1 | suite: other
      |        ^
  hint: rename the file to `other.yaml`",
        ),
        (
            "datasets: [{name: synthetic, encoders: {a: cnn}}]",
            "\
suites/t.yaml:5:44: encoder `cnn` cannot read `a`: it reads images only
    5 | datasets: [{name: synthetic, encoders: {a: cnn}}]
      |                                            ^",
        ),
    ] {
        let error = parse(&with(lines)).unwrap_err();
        assert_eq!(error.kind, Kind::Input);
        assert_eq!(error.message, format!("the suite cannot be used\n{expected}"), "{lines}");
    }
}

#[test]
fn all_mistakes_are_shown_at_once() {
    let lines = "protocol: smal\nseeds: {count: 0}\ndatasets: [x]\nfusion: [y]\nstrategies: [z]";
    let message = parse(&with(lines)).unwrap_err().message;
    assert!(message.starts_with("the suite cannot be used, for 5 reasons\n"), "{message}");
    for place in ["3:11", "4:16", "5:12", "6:10", "7:14"] {
        assert!(message.contains(&format!("suites/t.yaml:{place}: ")), "{message}");
    }
}

#[test]
fn a_cell_that_cannot_be_is_no_mistake_once_excluded() {
    let lines = "scores: split-head\nfusion: [concat, film]\nexclude: [{fusion: film}]";
    assert_eq!(labels(&good(&with(lines))), ["synthetic / concat / joint"]);
}

#[test]
fn a_suite_that_would_fill_the_memory_is_refused_before_it_does() {
    let many: Vec<String> = (0..40).map(|i| format!("0.{i:03}1")).collect();
    let many = many.join(", ");
    let warmups: Vec<String> = (0..40).map(|i| i.to_string()).collect();
    let grid =
        format!("strategies: [{{name: ogm, alpha: [{many}], warmup: [{}]}}]", warmups.join(", "));
    let message = parse(&with(&grid)).unwrap_err().message;
    assert!(message.contains(&format!("has 1600 points, of at most {MAX_POINTS}")), "{message}");
    let product = format!("seeds: {{count: 10000}}\nstrategies: [{{name: ogm, alpha: [{many}]}}]");
    let message = parse(&with(&product)).unwrap_err().message;
    assert!(message.contains("a suite has at most 20000 runs"), "{message}");
}

#[test]
fn a_filter_keeps_what_matches_and_refuses_to_keep_nothing() {
    let suite = good(VALID);
    let kept = |filter: &str| suite.filter(filter).map(|suite| suite.len());
    assert_eq!(kept("dataset=mfeat,strategy=ogm").unwrap(), 8);
    assert_eq!(kept("strategy=ogm(alpha=*),seed=1").unwrap(), 4);
    assert_eq!(kept("strategy=unimodal").unwrap(), 8);
    assert_eq!(kept("dataset=synthetic,fusion=film").unwrap(), 2);
    let id = suite.cells[0].runs[1].id().unwrap();
    assert_eq!(kept(&format!("id={}", &id.0[..8])).unwrap(), 1);
    assert_eq!(kept("id=*").unwrap(), 28);
    assert_eq!(kept(&format!("id={}", suite.cells[1].id)).unwrap(), 2);
    assert_eq!(kept(&format!("id={}*|{}", &id.0[..8], suite.cells[1].id)).unwrap(), 3);
    assert_eq!(kept("strategy=joint|opm*,fusion=film|gated").unwrap(), 6);
    let grid = good(&with("strategies: [{name: ogm, alpha: 0.1, warmup: 2}, joint]"));
    assert_eq!(grid.filter("strategy=ogm(alpha=0.1,warmup=2)").unwrap().len(), 2);
    for (filter, message) in [
        ("dataset=watch", "no dataset of the suite matches `watch`"),
        ("strategy=omg", "no strategy of the suite matches `omg`, did you mean `ogm`?"),
        ("dataset=made,fusion=sum|film,strategy=opm,seed=7|0", "no seed of the suite matches `7`"),
        ("dataset=mfeat,strategy=opm", "the filter `dataset=mfeat,strategy=opm` matches no run"),
        ("dataste=mfeat", "unknown filter key `dataste`, did you mean `dataset`?"),
        ("mfeat", "`mfeat` in the filter is not `key=pattern`"),
        ("", "`` in the filter is not `key=pattern`"),
    ] {
        assert_eq!(kept(filter).unwrap_err().message, message);
    }
}

#[test]
fn suites_are_found_by_name_and_bad_bytes_have_a_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("smoke.yaml"), with("suite: smoke")).unwrap();
    std::fs::write(folder.path().join("README.md"), "no suite").unwrap();
    let bytes = folder.path().join("bytes.yaml");
    std::fs::write(&bytes, b"suite: bytes\ntitle: \xff\n").unwrap();
    let path = super::folder::find(folder.path(), "smoke").unwrap();
    assert_eq!(Suite::load(&path, &catalog(), "cpu").unwrap().name, "smoke");
    assert_eq!(super::folder::list(folder.path()).unwrap(), [bytes.clone(), path]);
    let unknown = super::folder::find(folder.path(), "smoek").unwrap_err();
    assert_eq!(unknown.message, "unknown suite `smoek`, did you mean `smoke`?");
    let error = Suite::load(&bytes, &catalog(), "cpu").unwrap_err();
    assert!(error.message.ends_with("bytes.yaml:2:8: not UTF-8 text"), "{error}");
}

#[test]
fn the_schema_knows_every_name_and_every_key() {
    let catalog = catalog();
    let text = schema(&catalog);
    assert_eq!(text, schema(&catalog));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    for key in super::expand::KEYS {
        assert!(json["properties"].get(key).is_some(), "{key}");
    }
    for key in super::protocol::KEYS {
        assert!(json["$defs"]["protocol"]["properties"].get(key).is_some(), "{key}");
    }
    for (kind, n) in [("dataset", catalog.datasets.len()), ("strategy", catalog.strategies.len())] {
        assert_eq!(json["$defs"][kind]["anyOf"].as_array().unwrap().len(), n);
    }
    let ogm = &json["$defs"]["strategy"]["anyOf"][1]["anyOf"][1]["properties"];
    assert_eq!(ogm["alpha"]["default"], 0.8);
    assert_eq!(ogm["alpha"]["anyOf"][0]["minimum"], 0.0);
}

/// Every error of a text has a place in it, and no text makes a panic.
fn check(text: &str) -> Result<(), TestCaseError> {
    match parse(text) {
        Ok(suite) => {
            let mut known = labels(&suite);
            known.sort();
            known.dedup();
            prop_assert_eq!(known.len(), suite.cells.len());
        }
        Err(error) => {
            prop_assert_eq!(error.kind, Kind::Input);
            let place = error.message.split("suites/t.yaml:").nth(1);
            let line: Option<usize> = place.and_then(|at| at.split(':').next()?.parse().ok());
            let n = text.split('\n').count();
            prop_assert!(line.is_some_and(|line| 1 <= line && line <= n), "{}", error);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_text_is_a_suite_or_an_error_with_a_place(text in "\\PC{0,60}") {
        check(&text)?;
    }

    #[test]
    fn a_damaged_suite_is_a_suite_or_an_error_with_a_place(
        at in any::<prop::sample::Index>(), cut in 0usize..12, put in "[-\\[\\]{}:,&*!|>'\"# \n\ta0.\u{1b}ß]{0,4}",
    ) {
        let chars: Vec<char> = VALID.chars().collect();
        let at = at.index(chars.len());
        let mut text: String = chars[..at].iter().collect();
        text.push_str(&put);
        text.extend(chars.iter().skip(at + cut));
        check(&text)?;
    }

    #[test]
    fn a_suite_with_lines_lost_or_moved_is_a_suite_or_an_error_with_a_place(
        order in prop::collection::vec(0usize..17, 1..20),
    ) {
        let lines: Vec<&str> = VALID.lines().collect();
        let text: Vec<&str> = order.iter().map(|i| lines[*i]).collect();
        check(&text.join("\n"))?;
    }

    #[test]
    fn deep_nesting_is_an_error(depth in 33usize..400, open in prop::sample::select(vec!["[", "{a: ", "- "])) {
        let problem: Problem = yaml::parse(&open.repeat(depth)).unwrap_err();
        prop_assert!(1 <= problem.place.column);
    }
}
