//! Strategies with heads of their own, and with several losses from one forward pass.

use crate::made::{IMAGES, backend, dataset, spec};
use counterpoise::checkpoint::{self, NamedTensor};
use counterpoise::data::Dataset;
use counterpoise::record::RunRecord;
use counterpoise::record::metrics::modality;
use counterpoise::record::probe::Probe;
use counterpoise::registry::Value;
use counterpoise::suite::run::RunSpec;
use counterpoise::task::metric::ACCURACY;
use counterpoise::train::{self, parity::compare};
use std::collections::BTreeMap;

/// A run, and the tensors it ends with.
fn train(spec: &RunSpec, data: &Dataset) -> (RunRecord, BTreeMap<String, NamedTensor>) {
    let folder = tempfile::tempdir().unwrap();
    let (path, probe) = (folder.path(), Probe::default());
    let record = train::run(spec, data, &backend(), path, &probe, &[], &mut |_| ()).unwrap();
    let tensors = checkpoint::read(&path.join("final.safetensors")).unwrap();
    (record, tensors.into_iter().map(|tensor| (tensor.path.clone(), tensor)).collect())
}

/// A run of a single step.
fn one_step(data: &Dataset, strategy: &str, set: &[(&str, Value)]) -> RunSpec {
    let mut spec = spec(data, "concat", strategy, set, 0);
    spec.cell.protocol.epochs = 1;
    spec.cell.protocol.batch_size = data.train.len();
    spec
}

#[test]
fn running_statistics_are_updated_once_however_many_losses_there_are() {
    let data = dataset(&IMAGES);
    let (_, joint) = train(&one_step(&data, "joint", &[]), &data);
    let (_, several) = train(&one_step(&data, "mmpareto", &[]), &data);
    let statistics: Vec<&String> = joint.keys().filter(|path| path.contains(".running_")).collect();
    assert_eq!(statistics.len(), 8);
    for path in statistics {
        assert_eq!(joint[path], several[path], "{path}");
    }
    let weight = "encoder.m0.conv1.weight";
    assert_ne!(joint[weight], several[weight], "the losses do differ");
}

#[test]
fn heads_are_drawn_trained_kept_and_recorded() {
    let data = dataset(&IMAGES);
    for strategy in ["multi-loss", "mmpareto", "late-ensemble"] {
        let (record, tensors) = train(&spec(&data, "concat", strategy, &[], 0), &data);
        for name in ["m0", "m1"] {
            let weight = &tensors[&format!("head.{name}.weight")];
            assert_eq!(weight.shape, [3, 8], "{strategy}");
            assert!(tensors.contains_key(&format!("optimizer.head.{name}.bias.momentum_buffer")));
        }
        let (joint, _) = train(&spec(&data, "concat", "joint", &[], 0), &data);
        assert_eq!(record.work.parameters, joint.work.parameters + 2 * (3 * 8 + 3));
    }
}

#[test]
fn mmpareto_traces_its_weights_and_cosines() {
    let data = dataset(&IMAGES);
    let (record, _) = train(&spec(&data, "concat", "mmpareto", &[], 0), &data);
    for name in ["m0", "m1"] {
        let of = |what: &str| record.epochs[0].train[&format!("{what}.{name}")];
        assert!((0.0..=1.0).contains(&of("joint-weight")));
        assert!((-1.0..=1.0).contains(&of("cosine")) && of("cosine") != 0.0);
    }
}

#[test]
fn a_loss_without_weight_leaves_joint_training() {
    let data = dataset(&IMAGES);
    let weightless = [("weight", Value::Float(0.0))];
    let (_, joint) = train(&spec(&data, "concat", "joint", &[], 0), &data);
    let (_, several) = train(&spec(&data, "concat", "multi-loss", &weightless, 0), &data);
    for (path, tensor) in joint.iter().filter(|(path, _)| path.starts_with("encoder.")) {
        assert_eq!(*tensor, several[path], "{path}");
    }
}

#[test]
fn the_fusion_of_a_late_ensemble_is_neither_trained_nor_read() {
    let data = dataset(&IMAGES);
    let seed_of_fusion = |fusion: &str| {
        let spec = spec(&data, fusion, "late-ensemble", &[], 0);
        train(&spec, &data).0.epochs.pop().unwrap().test
    };
    assert_eq!(seed_of_fusion("concat"), seed_of_fusion("film"));
    let (record, tensors) = train(&spec(&data, "concat", "late-ensemble", &[], 0), &data);
    assert!(!tensors.contains_key("optimizer.fusion.fc_out.weight.momentum_buffer"));
    // Each modality alone is what it would say in the ensemble of one: the easy one knows more.
    let test = &record.epochs[1].test;
    let alone = |name: &str| test.get(&modality(ACCURACY, name)).unwrap();
    assert!(alone("m1") <= alone("m0"), "{test:?}");
}

#[test]
fn a_device_beside_itself_takes_the_same_steps_over_epochs_and_ends_with_the_run() {
    let data = dataset(&IMAGES);
    let device = backend();
    for strategy in ["opm", "mmpareto"] {
        let spec = spec(&data, "concat", strategy, &[], 0);
        let parity = compare(&spec, &data, [&device, &device], &[], 1000).unwrap();
        // Two epochs of 70 examples in batches of 16.
        assert_eq!(parity.steps.len(), 10, "{strategy}");
        assert!(parity.steps.iter().all(|step| step.loss == 0.0 && step.weights == 0.0));
        assert_eq!(compare(&spec, &data, [&device, &device], &[], 7).unwrap().steps.len(), 7);
    }
}
