//! Every task with every strategy: what is learned, what is recorded, and that it repeats.

use crate::made::{backend, spec};
use counterpoise::checkpoint;
use counterpoise::data::targets::Targets;
use counterpoise::data::{self, Dataset};
use counterpoise::record::RunRecord;
use counterpoise::record::metrics::{IMBALANCE, contribution, modality};
use counterpoise::record::probe::Probe;
use counterpoise::registry::{Params, Part, Value, find};
use counterpoise::strategy::STRATEGIES;
use counterpoise::suite::catalog::Needs;
use counterpoise::suite::run::{CellSpec, RunSpec};
use counterpoise::task::metric::{Better, LOSS};
use counterpoise::task::{REGRESSION, SEGMENTS, TASKS, Task};
use counterpoise::train;
use std::path::Path;

/// A small data set of a task, and what a description says of it.
fn made(task: &str) -> (Dataset, Part, usize) {
    made_of(task, [96, 40])
}

/// As [`made`], of so many examples for training and for the test.
fn made_of(task: &str, [train, test]: [i64; 2]) -> (Dataset, Part, usize) {
    let declared = find("data set", data::DATASETS, "synthetic-tasks").unwrap().params;
    let sizes =
        [("train", train), ("validation", 32), ("test", test), ("names", 3), ("segments", 2)];
    let sizes = sizes.map(|(name, size)| (name.to_string(), Value::Int(size)));
    let text = ("task".to_string(), Value::Text(task.into()));
    let given = sizes.into_iter().chain([text]).collect();
    let params = Params::resolve(declared, given).unwrap();
    let (task, outputs) = data::task("synthetic-tasks", &params).unwrap();
    let part = Part { name: "synthetic-tasks".into(), params, revision: 1 };
    (data::load(&part, Path::new("none")).unwrap(), task, outputs)
}

fn described(task: &str, strategy: &str, data: &Dataset) -> RunSpec {
    let (_, task, outputs) = made(task);
    let spec = spec(data, "concat", strategy, &[], 0);
    let cell = CellSpec { task, outputs, ..spec.cell };
    cell.run(0)
}

fn trained(spec: &RunSpec, data: &Dataset) -> (RunRecord, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let probe = Probe::default();
    let record =
        train::run(spec, data, &backend(), folder.path(), &probe, &[], &mut |_| ()).unwrap();
    (record, folder)
}

#[test]
fn every_strategy_learns_every_task_and_records_its_metrics() {
    for task in TASKS {
        let (data, ..) = made(task.name);
        let strategies = STRATEGIES
            .iter()
            .filter(|entry| entry.build.needs == Needs::Nothing && entry.name != "unimodal");
        for strategy in strategies {
            let what = format!("{} with {}", task.name, strategy.name);
            let mut spec = described(task.name, strategy.name, &data);
            spec.cell.protocol.epochs = 3;
            let (record, folder) = trained(&spec, &data);
            assert_eq!(record.outcome.failure(), None, "{what}");
            assert_eq!(record.check_values(), Ok(()), "{what}");
            let Task { primary, metrics, .. } = task.build;
            assert_eq!(record.primary.metric, primary.name, "{what}");
            let test = &record.selected().unwrap().test;
            let missing = metrics.iter().find(|metric| test.get(metric.name).is_none());
            assert!(missing.is_none(), "{what}: {missing:?}");
            for name in ["a", "b"] {
                assert!(test.get(&modality(primary, name)).is_some(), "{what}");
                assert!(test.get(&contribution(name)).is_some(), "{what}");
            }
            let losses: Vec<f64> = record.epochs.iter().map(|epoch| epoch.train["loss"]).collect();
            assert!(losses[2] < losses[0], "{what}: {losses:?}");
            assert_eq!(trained(&spec, &data).0.root().unwrap(), record.root().unwrap(), "{what}");

            let logits = checkpoint::read(&folder.path().join("logits.safetensors")).unwrap();
            let kept = logits.iter().find(|tensor| tensor.path == "test.logits").unwrap();
            assert_eq!(kept.shape, [data.test.len(), spec.cell.outputs], "{what}");
        }
    }
}

/// The stronger modality is better alone and contributes more, whichever way the metric points.
#[test]
fn the_stronger_modality_contributes_more_in_every_task() {
    for task in TASKS {
        let (data, ..) = made_of(task.name, [800, 400]);
        let mut spec = described(task.name, "late-ensemble", &data);
        spec.cell.protocol.epochs = 6;
        let (record, _folder) = trained(&spec, &data);
        let test = &record.selected().unwrap().test;
        let [a, b] = ["a", "b"].map(|name| test.get(&modality(task.build.primary, name)).unwrap());
        let sign = task.build.primary.better.sign();
        assert!(sign * b < sign * a, "{}: {a} {b}", task.name);
        let [a, b] = ["a", "b"].map(|name| test.get(&contribution(name)).unwrap());
        assert!(b < a, "{}: {a} {b}", task.name);
        assert!((test.get(IMBALANCE).unwrap() - (a - b)).abs() < 1e-12, "{}", task.name);
    }
}

#[test]
fn the_best_epoch_of_a_regression_has_the_lowest_error() {
    let (data, ..) = made(REGRESSION.name);
    let mut spec = described(REGRESSION.name, "joint", &data);
    spec.cell.protocol.epochs = 6;
    let (record, folder) = trained(&spec, &data);
    assert_eq!(record.primary.better, Better::Lower);
    let errors: Vec<f64> =
        record.epochs.iter().map(|epoch| record.primary.of(&epoch.validation).unwrap()).collect();
    let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(errors[record.selected_epoch], least, "{errors:?}");
    // What is recorded is what the kept logits give.
    let Targets::Values(truth) = &data.test.targets else { panic!("other targets") };
    let logits = checkpoint::read(&folder.path().join("logits.safetensors")).unwrap();
    let kept = logits.iter().find(|tensor| tensor.path == "test.logits").unwrap();
    let predicted = kept.to_f64().unwrap();
    let squares = predicted.iter().zip(truth).map(|(x, y)| (x - f64::from(*y)).powi(2));
    let mean = squares.sum::<f64>() / truth.len() as f64;
    let loss = record.selected().unwrap().test.get(LOSS.name).unwrap();
    assert!((mean - loss).abs() < 1e-12, "{mean} {loss}");
}

#[test]
fn targets_that_do_not_fit_the_described_task_are_refused() {
    let (data, ..) = made(SEGMENTS.name);
    let mut spec = described(SEGMENTS.name, "joint", &data);
    spec.cell.outputs = 5;
    let folder = tempfile::tempdir().unwrap();
    let probe = Probe::default();
    let error = train::run(&spec, &data, &backend(), folder.path(), &probe, &[], &mut |_| ());
    let error = error.unwrap_err();
    assert!(error.message.contains("cannot share 5 outputs"), "{error}");
}
