//! Every fusion with every strategy, and what must hold of all of them.

use crate::made::{IMAGES, backend, dataset, spec};
use counterpoise::checkpoint;
use counterpoise::data::column::Column;
use counterpoise::data::{Dataset, Shape};
use counterpoise::error::Error;
use counterpoise::model::encoder::ENCODERS;
use counterpoise::model::fusion::FUSIONS;
use counterpoise::protocol::Optimizer;
use counterpoise::record::probe::Probe;
use counterpoise::record::{Outcome, RunRecord};
use counterpoise::registry::{Value, find};
use counterpoise::strategy::STRATEGIES;
use counterpoise::suite::catalog::Sizes;
use counterpoise::suite::run::RunSpec;
use counterpoise::task::MULTI_LABEL;
use counterpoise::train;
use counterpoise::train::metrics::Predictions;
use counterpoise::train::needed;

fn run(spec: &RunSpec, data: &Dataset) -> RunRecord {
    let folder = tempfile::tempdir().unwrap();
    let backend = backend();
    let needed = needed::train(spec, data, &backend).unwrap();
    train::run(spec, data, &backend, folder.path(), &Probe::default(), &needed, &mut |_| ())
        .unwrap()
}

/// Why a run cannot begin.
fn refusal(spec: &RunSpec, data: &Dataset) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let (backend, probe) = (backend(), Probe::default());
    let needed = needed::train(spec, data, &backend).unwrap();
    train::run(spec, data, &backend, folder.path(), &probe, &needed, &mut |_| ()).unwrap_err()
}

#[test]
fn every_fusion_trains_with_every_strategy_and_two_runs_agree_to_the_bit() {
    let data = dataset(&IMAGES);
    for fusion in FUSIONS {
        for strategy in STRATEGIES {
            let spec = spec(&data, fusion.name, strategy.name, &[], 0);
            let name = format!("{} with {}", fusion.name, strategy.name);
            if fusion.name == "mmtm"
                && ["late-ensemble", "frozen-encoders"].contains(&strategy.name)
            {
                let error = refusal(&spec, &data);
                assert!(error.message.contains(": the fusion acts between"), "{error}");
                continue;
            }
            let first = run(&spec, &data);
            assert_eq!(first.outcome, Outcome::Finished, "{name}");
            assert_eq!(first.epochs.len(), 2, "{name}");
            assert_eq!(first.root().unwrap(), run(&spec, &data).root().unwrap(), "{name}");
        }
    }
}

#[test]
fn data_of_another_task_are_refused_before_an_epoch() {
    let data = dataset(&IMAGES);
    let mut spec = spec(&data, "concat", "joint", &[], 0);
    spec.cell.task = MULTI_LABEL.defaults();
    let error = refusal(&spec, &data);
    assert!(error.message.contains("has targets of the task `classification`"), "{error}");
}

#[test]
fn three_modalities_train_where_the_fusion_takes_them() {
    let data = dataset(&[
        Shape::Vector { size: 6 },
        Shape::Sequence { channels: 2, length: 9 },
        Shape::Vector { size: 4 },
    ]);
    for fusion in FUSIONS {
        let spec = spec(&data, fusion.name, "ogm-ge+opm", &[], 0);
        let sizes = vec![Sizes { features: 8, stages: vec![8] }; 3];
        if (fusion.build.joins)(&sizes).is_ok() {
            assert_eq!(run(&spec, &data).outcome, Outcome::Finished);
        } else {
            let error = refusal(&spec, &data);
            assert!(error.message.contains("joins two modalities, not 3"), "{error}");
        }
    }
}

#[test]
fn every_encoder_trains_with_every_optimizer_on_what_it_reads() {
    let shapes = [
        ("mlp", Shape::Vector { size: 6 }),
        ("cnn", Shape::Image { channels: 2, height: 5, width: 6 }),
        ("temporal", Shape::Sequence { channels: 2, length: 7 }),
        ("resnet18", Shape::Image { channels: 1, height: 9, width: 8 }),
        ("resnet18", Shape::Clip { channels: 3, frames: 2, height: 8, width: 8 }),
    ];
    let (lr, beta1, beta2, eps, weight_decay) = (1e-3, 0.9, 0.999, 1e-8, 1e-2);
    let optimizers = [
        Optimizer::Sgd { lr, momentum: 0.0, weight_decay },
        Optimizer::Adam { lr, beta1, beta2, eps, weight_decay },
        Optimizer::AdamW { lr, beta1, beta2, eps, weight_decay },
    ];
    let covered = |name| shapes.iter().any(|(encoder, _)| *encoder == name);
    assert!(ENCODERS.iter().all(|entry| covered(entry.name)));
    for (encoder, shape) in shapes {
        let data = dataset(&[shape, shape]);
        for optimizer in &optimizers {
            let mut spec = spec(&data, "concat", "ogm", &[], 0);
            for branch in &mut spec.cell.branches {
                branch.encoder = find("encoder", ENCODERS, encoder).unwrap().defaults();
            }
            spec.cell.protocol.optimizer = optimizer.part();
            spec.cell.protocol.epochs = 1;
            spec.cell.protocol.batch_size = 35;
            let record = run(&spec, &data);
            assert_eq!(record.outcome, Outcome::Finished, "{encoder} {optimizer:?}");
            assert_ne!(record.epochs[0].root, record.initial_root, "{encoder} {optimizer:?}");
        }
    }
}

#[test]
fn strategies_start_from_the_same_weights_and_end_elsewhere() {
    let data = dataset(&IMAGES);
    let joint = run(&spec(&data, "concat", "joint", &[], 0), &data);
    for name in ["ogm", "ogm-ge", "opm", "ogm-ge+opm", "modality-dropout"] {
        let other = run(&spec(&data, "concat", name, &[], 0), &data);
        assert_eq!(other.initial_root, joint.initial_root, "{name}");
        assert_ne!(other.final_root, joint.final_root, "`{name}` was not active");
    }
    let seeded = run(&spec(&data, "concat", "joint", &[], 1), &data);
    assert_ne!(seeded.initial_root, joint.initial_root);
}

#[test]
fn a_strategy_outside_its_window_is_joint_training_to_the_bit() {
    let data = dataset(&IMAGES);
    let joint = run(&spec(&data, "concat", "joint", &[], 0), &data);
    for name in ["ogm", "ogm-ge", "opm", "ogm-ge+opm"] {
        for closed in [("warmup", 2), ("starts", 2)] {
            let closed = [(closed.0, Value::Int(closed.1))];
            let other = run(&spec(&data, "concat", name, &closed, 0), &data);
            for (ours, theirs) in other.epochs.iter().zip(&joint.epochs) {
                assert_eq!(ours.root, theirs.root, "{name} {closed:?}");
            }
        }
    }
}

#[test]
fn modulation_lowers_the_dominant_modality_only() {
    let data = dataset(&[Shape::Vector { size: 6 }, Shape::Vector { size: 6 }]);
    let mut spec = spec(&data, "concat", "ogm", &[], 0);
    spec.cell.protocol.epochs = 8;
    let record = run(&spec, &data);
    let train = &record.epochs[7].train;
    assert!(train["rho.m0"] > 1.0, "{train:?}");
    assert!(train["k.m0"] < 0.5 && train["k.m1"] > 0.9, "{train:?}");
}

#[test]
fn conv_only_is_refused_where_an_encoder_has_no_convolution() {
    let data = dataset(&[Shape::Vector { size: 6 }, Shape::Vector { size: 4 }]);
    let targets = [("targets", Value::Text("conv-only".into()))];
    let spec = spec(&data, "concat", "ogm", &targets, 0);
    let folder = tempfile::tempdir().unwrap();
    let backend = backend();
    let error =
        train::run(&spec, &data, &backend, folder.path(), &Probe::default(), &[], &mut |_| ())
            .unwrap_err();
    assert!(error.message.contains("use `all-encoder`"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn metrics_follow_from_the_logits_that_a_run_keeps() {
    let data = dataset(&IMAGES);
    let spec = spec(&data, "concat", "ogm", &[], 0);
    let folder = tempfile::tempdir().unwrap();
    let progress = &mut |_: train::Progress<'_>| ();
    let record =
        train::run(&spec, &data, &backend(), folder.path(), &Probe::default(), &[], progress)
            .unwrap();
    let tensors = checkpoint::read(&folder.path().join("logits.safetensors")).unwrap();
    assert_eq!(Some(checkpoint::root(&tensors)), record.logits_root);
    let selected = record.selected().unwrap();
    let further = selected.further.iter().map(|(name, of)| (format!("further.{name}"), of));
    let own = [("validation", &selected.validation), ("test", &selected.test)];
    let own = own.map(|(name, of)| (name.to_string(), of));
    let splits: Vec<_> = own.into_iter().chain(further).collect();
    assert_eq!(tensors.len(), 2 * splits.len());
    for (name, measured) in splits {
        let find = |what: &str| {
            let path = format!("{name}.{what}");
            tensors.iter().find(|tensor| tensor.path == path).unwrap()
        };
        let (logits, labels) = (find("logits"), find("labels"));
        assert_eq!(logits.shape, [measured.n, spec.cell.outputs]);
        assert_eq!(labels.shape, [measured.n]);
        let labels: Vec<u32> = labels.to_f64().unwrap().iter().map(|x| *x as u32).collect();
        let logits = logits.to_f64().unwrap();
        let shown = Predictions::new(&logits, &labels, spec.cell.outputs).unwrap();
        assert_eq!(Some(shown.accuracy()), record.primary.of(measured), "{name}");
    }
}

#[test]
fn logits_that_are_not_finite_end_the_run_though_loss_and_weights_are() {
    // Of one split alone, which is evaluated and not trained on.
    let mut data = dataset(&IMAGES);
    let size = data.test.features[0].size();
    let infinite = vec![f32::INFINITY; data.test.len() * size];
    data.test.features[0] = Column::in_memory(size, infinite);
    let record = run(&spec(&data, "concat", "joint", &[], 0), &data);
    let failure = record.outcome.failure().unwrap();
    assert!(failure.contains("a logit on the split `test` is not finite"), "{failure}");
    assert!(record.epochs.is_empty() && record.logits_root.is_none());
}

#[test]
fn a_loss_that_is_not_finite_ends_the_run_and_says_where() {
    let data = dataset(&IMAGES);
    let mut spec = spec(&data, "concat", "joint", &[], 0);
    spec.cell.protocol.optimizer =
        Optimizer::Sgd { lr: 1e30, momentum: 0.0, weight_decay: 0.0 }.part();
    let record = run(&spec, &data);
    assert!(matches!(record.outcome, Outcome::Diverged { epoch: 0, .. }), "{:?}", record.outcome);
}
