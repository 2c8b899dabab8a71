//! Every rule on a suite that has the flaw, and on one that has not.

use super::*;
use crate::cli::catalog::catalog;
use crate::data::partition::{Group, Overlap, Partition};
use crate::suite::Suite;
use std::path::Path;

/// A suite without any flaw.
const CLEAN: &str = "\
suite: t
title: T
protocol: small
seeds: {count: 5}
datasets: [{name: synthetic, validation: 700, draw: seed}]
fusion: [sum, concat]
strategies: [joint, ogm, unimodal]
";

fn suite(text: &str) -> Suite {
    Suite::parse(text, Path::new("t.yaml"), &catalog(), "cpu").unwrap_or_else(|e| panic!("{e}"))
}

/// The findings of the clean suite after a change of its text.
fn after(old: &str, new: &str) -> Vec<Finding> {
    assert!(CLEAN.contains(old), "{old}");
    lint(&Subject::of_suite(&suite(&CLEAN.replace(old, new))))
}

/// The one finding after a change.
fn only(old: &str, new: &str) -> Finding {
    let mut findings = after(old, new);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

#[test]
fn a_clean_suite_has_no_finding() {
    assert_eq!(after("", ""), []);
    assert_eq!(tally(&[]), "none");
}

#[test]
fn rules_have_stable_names_of_their_own() {
    for (at, rule) in RULES.iter().enumerate() {
        assert!(rule.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.name);
        assert!(RULES[..at].iter().all(|other| other.name != rule.name), "{} twice", rule.name);
        assert!(!rule.why.ends_with('.') && !rule.remedy.ends_with('.'));
    }
}

#[test]
fn selection_on_the_test_split_is_a_warning() {
    let finding = only("protocol: small", "protocol: {preset: small, selection: best-test}");
    assert_eq!((finding.rule.as_str(), finding.severity), ("selection-on-test", Severity::Warning));
    assert_eq!(finding.places, ["synthetic(draw=seed,validation=700)"]);
    assert_eq!(after("protocol: small", "protocol: {preset: small, selection: last}"), []);
}

#[test]
fn one_seed_is_a_warning_and_fewer_than_five_are_a_note() {
    let seeds = "seeds: {count: 5}";
    let finding = only(seeds, "seeds: [7]");
    assert_eq!((finding.rule.as_str(), finding.severity), ("few-seeds", Severity::Warning));
    let finding = only(seeds, "seeds: {count: 4}");
    assert_eq!((finding.message.as_str(), finding.severity), ("there are 4 seeds", Severity::Note));
}

#[test]
fn a_seed_that_counts_twice_is_a_warning_in_its_cell() {
    let suite = suite(CLEAN);
    let mut subjects = Subject::of_suite(&suite);
    for subject in &mut subjects {
        subject.seeds.push(0);
    }
    let findings = lint(&subjects);
    assert_eq!((findings.len(), findings[0].rule.as_str()), (1, "duplicate-seeds"));
    assert_eq!(findings[0].message, "1 of 6 seeds stand there twice");
    let n = subjects.len();
    subjects[..n - 1].iter_mut().for_each(|subject| subject.seeds.truncate(5));
    let findings = lint(&subjects);
    assert_eq!(findings[1].rule, "duplicate-seeds");
    assert_eq!(findings[1].places, ["synthetic(draw=seed,validation=700) / concat / ogm"]);
}

#[test]
fn a_dropped_batch_of_training_is_a_note() {
    let finding = only("protocol: small", "protocol: {preset: small, drop_last: true}");
    assert_eq!((finding.rule.as_str(), finding.severity), ("drop-last", Severity::Note));
}

#[test]
fn a_small_validation_split_matters_where_it_selects() {
    let finding = only("validation: 700", "validation: 100");
    assert_eq!(finding.rule, "small-validation-split");
    assert!(finding.message.contains("about 100 validation examples: one is 1.0 points"));
    assert!(finding.message.ends_with("reaches 5.0 points"), "{}", finding.message);
    assert_eq!(after("validation: 700", "validation: 625"), []);
    let last = "validation: 100, protocol: {selection: last}";
    assert_eq!(after("validation: 700", last), []);
}

#[test]
fn a_validation_split_unlike_the_test_is_a_warning_where_it_selects() {
    let set = "cg-mnist, validation: 700, draw: seed";
    let rule = |findings: Vec<Finding>| {
        let found = findings.into_iter().find(|finding| finding.rule == "validation-unlike-test");
        found.map(|finding| finding.severity)
    };
    let with = |changes: &str, protocol: &str| {
        let text =
            CLEAN.replace("synthetic, validation: 700, draw: seed", &format!("{set}{changes}"));
        rule(lint(&Subject::of_suite(&suite(&text.replace("protocol: small", protocol)))))
    };
    assert_eq!(with("", "protocol: small"), Some(Severity::Warning));
    let last = "protocol: {preset: small, selection: last}";
    assert_eq!(with("", last), Some(Severity::Note));
    assert_eq!(with(", correlation: 0.0", "protocol: small"), None);
}

#[test]
fn one_draw_behind_all_seeds_is_a_note() {
    let finding = only(", draw: seed", "");
    assert_eq!((finding.rule.as_str(), finding.severity), ("fixed-split", Severity::Note));
    let one = after("{count: 5}", "[3]");
    assert!(one.iter().all(|finding| finding.rule != "fixed-split"), "{one:?}");
}

#[test]
fn a_data_set_without_validation_is_a_warning() {
    let partition = |n_validation| Partition { n_validation, groups: &[], unlike_test: None };
    assert_eq!(splits::without_validation(partition(0)).unwrap().0, Severity::Warning);
    assert_eq!(splits::too_small(partition(0)), None);
    assert_eq!(splits::without_validation(partition(1)), None);
}

#[test]
fn people_on_both_sides_are_a_warning_and_unnamed_ones_a_note() {
    const DISJOINT: Group = Group { name: "subject", overlap: Overlap::Disjoint };
    const SHARED: Group = Group { name: "speaker", overlap: Overlap::Shared };
    const UNKNOWN: Group = Group { name: "writer", overlap: Overlap::Unknown };
    let shared =
        |groups| splits::shared(Partition { n_validation: 1000, groups, unlike_test: None });
    assert_eq!(shared(&[]), None);
    assert_eq!(shared(&[DISJOINT]), None);
    let (severity, message) = shared(&[DISJOINT, UNKNOWN, SHARED]).unwrap();
    assert_eq!(severity, Severity::Warning);
    assert_eq!(message, "the test split shares its speakers with training");
    assert_eq!(shared(&[DISJOINT, UNKNOWN]).unwrap().0, Severity::Note);

    let finding =
        only("{name: synthetic, validation: 700, draw: seed}", "{name: av-digits, draw: seed}");
    assert_eq!((finding.rule.as_str(), finding.severity), ("split-overlap", Severity::Warning));
    let findings = after("{name: synthetic, validation: 700, draw: seed}", "mfeat");
    assert_eq!(findings[0].rule, "split-overlap");
    assert_eq!(findings[0].severity, Severity::Note);
    let disjoint = "{name: cg-mnist, correlation: 0, draw: seed}";
    assert_eq!(after("{name: synthetic, validation: 700, draw: seed}", disjoint), []);
}

#[test]
fn a_data_set_that_is_not_known_any_more_is_a_note() {
    let suite = suite(CLEAN);
    let mut specs: Vec<_> = suite.cells.iter().map(|cell| cell.runs[0].clone()).collect();
    specs.iter_mut().for_each(|spec| spec.cell.dataset.name = "gone".into());
    let mut subjects = Subject::of_suite(&suite);
    subjects.iter_mut().zip(&specs).for_each(|(subject, spec)| subject.spec = &spec.cell);
    let findings = lint(&subjects);
    assert_eq!((findings.len(), findings[0].severity), (1, Severity::Note));
    assert!(findings[0].message.contains("does not know the data set"));
}

#[test]
fn estimators_that_differ_between_fusions_are_named_with_them() {
    let finding = only("[sum, concat]", "[sum, concat, film]");
    assert_eq!(finding.rule, "score-estimator-differs");
    assert_eq!(
        finding.message,
        "modality scores of the compared fusions are estimated by split-head under sum, concat and \
         by zero-out-feature under film"
    );
    // One for all, as the remedy says.
    let remedy = "[sum, concat, film]\nscores: zero-out-feature";
    assert_eq!(after("[sum, concat]", remedy), []);
}

/// The clean suite and an opm cell on what is the same data set by label, with `changes`.
fn with_stranger(changes: &str) -> Vec<Finding> {
    let label = "synthetic(draw=seed,validation=700)";
    let text = format!(
        "{CLEAN}include:\n  - dataset: {{name: synthetic, validation: 700, draw: seed, label: \"{label}\", \
         {changes}}}\n    fusion: concat\n    strategy: opm\n"
    );
    lint(&Subject::of_suite(&suite(&text)))
}

#[test]
fn an_estimator_other_than_that_of_the_baseline_is_a_warning() {
    let findings = with_stranger("scores: zero-out-feature");
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].rule, "score-estimator-differs");
    assert_eq!(findings[0].places, ["synthetic(draw=seed,validation=700) / concat / opm"]);
    assert!(findings[0].message.ends_with("under the same fusion by split-head"));
    assert_eq!(with_stranger("scores: split-head"), []);
}

#[test]
fn a_protocol_other_than_that_of_the_baseline_is_named_with_both_values() {
    let findings = with_stranger("protocol: {epochs: 3, optimizer: {lr: 0.5}}");
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].rule, "protocol-differs");
    assert_eq!(findings[0].places, ["synthetic(draw=seed,validation=700) / concat / opm"]);
    assert_eq!(
        findings[0].message,
        "not as synthetic(draw=seed,validation=700) / concat / joint: protocol.epochs is 3, there 20; \
         protocol.optimizer.params.lr is 0.5, there 0.02"
    );
}

#[test]
fn other_encoders_and_other_data_are_named_too() {
    let findings = with_stranger("encoders: {a: {name: mlp, hidden: 8}}, test: 500");
    let message = &findings[0].message;
    assert!(message.contains("branches.a.encoder.params.hidden is 8, there 64"), "{message}");
    assert!(message.contains("dataset.params.test is 500, there 1000"), "{message}");
    assert!(!message.contains("data_manifest"), "it follows from the parameters: {message}");
}

#[test]
fn cells_of_other_seeds_and_unimodal_cells_of_another_encoder_are_found() {
    let suite = suite(CLEAN);
    let mut subjects = Subject::of_suite(&suite);
    subjects[1].seeds = vec![5, 6, 7, 8, 9];
    let findings = lint(&subjects);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert!(findings[0].message.ends_with("seeds are [5, 6, 7, 8, 9], there [0, 1, 2, 3, 4]"));

    let mut subjects = Subject::of_suite(&suite);
    let alone = subjects.iter().position(Subject::is_unimodal).unwrap();
    let mut spec = subjects[alone].spec.clone();
    spec.branches[0].encoder.name = "other".into();
    subjects[alone].spec = &spec;
    let findings = lint(&subjects);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert!(findings[0].message.ends_with("branches.a.encoder.name is other, there mlp"));
}

#[test]
fn what_holds_in_several_places_is_said_once() {
    let mut text = CLEAN.replace("{count: 5}", "[0]");
    text = text.replace("datasets: [", "datasets: [{name: cg-mnist, correlation: 0, draw: seed}, ");
    let findings = lint(&Subject::of_suite(&suite(&text)));
    assert_eq!((findings.len(), tally(&findings).as_str()), (1, "1 warning"));
    assert_eq!(
        findings[0].places,
        ["cg-mnist(correlation=0,draw=seed)", "synthetic(draw=seed,validation=700)"]
    );
    assert_eq!(findings[0].places(1), "cg-mnist(correlation=0,draw=seed); and 1 more");
}

/// The places at which the clean suite with other strategies has one training several times.
fn repeated(strategies: &str) -> Vec<String> {
    let text =
        CLEAN.replace("[joint, ogm, unimodal]", strategies).replace("[sum, concat]", "[sum]");
    let findings = lint(&Subject::of_suite(&suite(&text)));
    assert!(findings.iter().all(|finding| finding.rule == "same-training"), "{findings:#?}");
    let places = findings.into_iter().flat_map(|finding| finding.places);
    places.map(|place| place.rsplit(" / ").next().unwrap_or_default().to_string()).collect()
}

#[test]
fn a_grid_over_what_has_no_effect_is_a_warning_with_the_parameter() {
    let grid = "{name: synthetic, validation: 700, draw: seed, signal_c: [1, 2, 3]}";
    let finding = only("{name: synthetic, validation: 700, draw: seed}", grid);
    assert_eq!((finding.rule.as_str(), finding.severity), ("same-training", Severity::Warning));
    assert_eq!(
        finding.message,
        "the training of synthetic(draw=seed,validation=700) again: dataset.signal_c differs without effect"
    );
    let again = ["signal_c=2", "signal_c=3"];
    assert_eq!(finding.places, again.map(|c| format!("synthetic(draw=seed,{c},validation=700)")));
    assert_eq!(
        after("{name: synthetic, validation: 700, draw: seed}", &grid.replace("_c", "_b")),
        []
    );
    let three = grid.replace("validation", "modalities: 3, validation");
    assert_eq!(after("{name: synthetic, validation: 700, draw: seed}", &three), []);
}

#[test]
fn strategies_that_another_setting_leaves_without_effect_are_found() {
    for (strategies, expected) in [
        ("[{name: opm, q_base: 0, lambda: [0, 1]}]", &["opm(lambda=1,q_base=0)"][..]),
        ("[{name: opm, q_base: 0.1, lambda: [0, 1]}]", &[]),
        ("[{name: opm, q_base: 1, lambda: [0, 1]}]", &["opm(lambda=1,q_base=1)"]),
        (
            "[{name: opm, p_exe: [0, 0.5], timing: [same-batch, lagged]}]",
            &["opm(p_exe=0,timing=lagged)"],
        ),
        ("[joint, {name: ogm, alpha: [0, 0.1]}]", &["ogm(alpha=0)"]),
        ("[joint, {name: ogm-ge, alpha: [0, 0.1]}]", &[]),
        (
            "[{name: ogm-ge, alpha: 0, rule: [cvpr-eq10, journal-eq11]}]",
            &["ogm-ge(alpha=0,rule=journal-eq11)"],
        ),
        ("[{name: ogm, rule: [cvpr-eq10, cvpr-code]}]", &[]),
        ("[ogm-ge, {name: ogm-ge+opm, p_exe: 0}]", &["ogm-ge+opm(p_exe=0)"]),
        ("[{name: ogm, warmup: [0, 2], starts: 3}]", &["ogm(starts=3,warmup=2)"]),
        ("[{name: ogm, ends: [18, 19, 20]}]", &["ogm(ends=20)"]),
        ("[joint, {name: opm, starts: 20}]", &["opm(starts=20)"]),
        ("[joint, {name: modality-dropout, p: [0, 0.5]}]", &["modality-dropout(p=0)"]),
    ] {
        assert_eq!(repeated(strategies), expected, "{strategies}");
    }
}

#[test]
fn an_optimizer_and_a_schedule_without_effect_are_found() {
    let sets = |a: &str, b: &str| {
        let set = |label: &str, changes: &str| {
            format!("{{name: synthetic, validation: 700, draw: seed, label: {label}, {changes}}}")
        };
        after(
            "{name: synthetic, validation: 700, draw: seed}",
            &format!("{}, {}", set("a", a), set("b", b)),
        )
    };
    let kind = |kind: &str| {
        format!("protocol: {{optimizer: {{kind: {kind}, weight_decay: 0, lr: 0.001}}}}")
    };
    assert_eq!(sets(&kind("adam"), &kind("adam-w"))[0].rule, "same-training");
    assert_eq!(sets(&kind("adam"), &kind("sgd")), []);
    let every = |every| format!("protocol: {{schedule: {{every: {every}, gamma: 0.5}}}}");
    assert_eq!(sets(&every(20), &every(30))[0].rule, "same-training");
    assert_eq!(sets(&every(19), &every(20)), []);
    let hidden = |n, depth| {
        let mlp = format!("{{name: mlp, depth: {depth}, hidden: {n}}}");
        format!("encoders: {{a: {mlp}, b: {mlp}}}")
    };
    let finding = &sets(&hidden(8, 0), &hidden(9, 0))[0];
    assert!(finding.message.contains("encoders.a.hidden, encoders.b.hidden differ without effect"));
    assert_eq!(sets(&hidden(8, 1), &hidden(9, 1)), []);
}
