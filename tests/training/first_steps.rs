//! Steps that are told or timed are those of the run itself.

use crate::made::{IMAGES, backend, dataset, spec};
use counterpoise::checkpoint;
use counterpoise::record::probe::Probe;
use counterpoise::train::first_steps::first_steps;
use counterpoise::train::pace::pace;
use counterpoise::{device, train};
use std::time::Duration;

/// Batches of 16 of 70 examples: five steps an epoch, ten a run.
const STEPS: usize = 10;

#[test]
fn first_steps_are_those_of_the_run() {
    let data = dataset(&IMAGES);
    // The default backend, on which runs draw from the host, too.
    let backend = device::open("cpu").unwrap();
    for strategy in ["joint", "ogm-ge+opm"] {
        let spec = spec(&data, "concat", strategy, &[], 0);
        let folder = tempfile::tempdir().unwrap();
        let record =
            train::run(&spec, &data, &backend, folder.path(), &Probe::default(), &[], &mut |_| ())
                .unwrap();
        let mut trace = csv::Reader::from_path(folder.path().join("steps.csv")).unwrap();
        let column = trace.headers().unwrap().iter().position(|name| name == "loss").unwrap();
        let losses: Vec<f64> =
            trace.records().map(|row| row.unwrap()[column].parse().unwrap()).collect();

        for n in [0, 1, 7, STEPS + 5] {
            let first = first_steps(&spec, &data, &backend, &[], n).unwrap();
            assert_eq!(checkpoint::root(&first.initial), record.initial_root);
            let told: Vec<f64> = first.steps.iter().map(|step| step.loss.unwrap()).collect();
            assert_eq!(told, losses[..n.min(STEPS)], "{strategy}, {n} steps");
        }
        let first = first_steps(&spec, &data, &backend, &[], STEPS).unwrap();
        for epoch in first.steps.chunks(STEPS / 2) {
            let mut rows: Vec<usize> = epoch.iter().flat_map(|step| step.rows.clone()).collect();
            rows.sort_unstable();
            assert_eq!(rows, (0..70).collect::<Vec<_>>(), "every example once an epoch");
        }
    }
}

#[test]
fn a_pace_goes_on_where_the_run_would_end() {
    let data = dataset(&IMAGES);
    let spec = spec(&data, "concat", "ogm", &[], 0);
    let backend = backend();
    for (warmup, steps) in [(0, 1), (3, 2 * STEPS), (STEPS, 1)] {
        assert!(pace(&spec, &data, &backend, &[], warmup, steps).unwrap().time > Duration::ZERO);
    }
}

#[test]
fn a_pace_of_a_run_that_diverges_is_refused() {
    let data = dataset(&IMAGES);
    let mut spec = spec(&data, "concat", "joint", &[], 0);
    spec.cell.protocol.optimizer =
        counterpoise::protocol::Optimizer::Sgd { lr: 1e30, momentum: 0.9, weight_decay: 0.0 }
            .part();
    let error = pace(&spec, &data, &backend(), &[], 0, 200).unwrap_err();
    assert!(error.message.contains("loss is not finite"), "{error}");
}
