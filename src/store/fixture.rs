//! Runs and records for tests.

use crate::data::{Modality, Shape};
use crate::hash::Digest;
use crate::protocol::{Optimizer, Protocol, Schedule, Selection};
use crate::record::metrics::{Better, Metrics, Primary};
use crate::record::{Cost, Environment, EpochRecord, Outcome, RunRecord, Work};
use crate::registry::{Params, Part};
use crate::suite::run::{Branch, CellSpec, RunSpec};
use crate::task::CLASSIFICATION;
use std::collections::BTreeMap;

fn part(name: &str) -> Part {
    Part { name: name.into(), params: Params::default(), revision: 1 }
}

/// A small run on the data set `dataset`.
pub(crate) fn spec(dataset: &str, seed: u64) -> RunSpec {
    let modality = Modality { name: "audio".into(), shape: Shape::Vector { size: 4 } };
    let cell = CellSpec {
        format: CellSpec::FORMAT,
        task: CLASSIFICATION.defaults(),
        dataset: part(dataset),
        data_manifest: Digest::of(dataset.as_bytes()),
        outputs: 2,
        branches: vec![Branch { modality, encoder: part("mlp") }],
        fusion: part("concat"),
        strategy: part("joint"),
        scores: part("split-head"),
        protocol: Protocol {
            optimizer: Optimizer::Sgd { lr: 0.1, momentum: 0.9, weight_decay: 1e-4 }.part(),
            schedule: Schedule { every: 70, gamma: 0.1 }.part(),
            epochs: 2,
            batch_size: 8,
            drop_last: false,
            selection: Selection::BestVal,
        },
        training: 1,
        observe: Vec::new(),
        backend: "cpu".into(),
        needs: Vec::new(),
    };
    cell.run(seed)
}

fn metrics(accuracy: f64) -> Metrics {
    let values = [
        // A number whose shortest decimal form many parsers get wrong by the last bit.
        ("loss", 0.689_655_172_413_793_1 + f64::EPSILON),
        ("accuracy", accuracy),
        ("macro-f1", accuracy),
        ("mean-average-precision", accuracy),
        ("modality-accuracy.audio", accuracy),
        ("contribution.audio", accuracy - 0.5),
        ("imbalance", 0.0),
    ];
    Metrics::new(10, values.map(|(name, value)| (name.to_string(), value)).into()).unwrap()
}

const WORK: Work =
    Work { steps: 2, forward: 8, backward: 8, multiply_adds: 240, inference: 10, parameters: 10 };

/// What finishing `spec` would leave: one epoch with a test accuracy of 0.75.
pub(crate) fn record(spec: &RunSpec) -> RunRecord {
    let root = Digest::of(&spec.seed.to_le_bytes());
    let cost = Cost { wall_seconds: 0.1, peak_memory: None };
    let epoch = EpochRecord {
        lr: 0.1,
        train: BTreeMap::from([("loss".to_string(), 1.0 / 3.0)]),
        validation: metrics(0.5),
        test: metrics(0.75),
        further: BTreeMap::new(),
        root,
    };
    RunRecord {
        format: RunRecord::FORMAT,
        id: spec.id().unwrap(),
        spec: spec.clone(),
        outcome: Outcome::Finished,
        data_content: root,
        initial_root: root,
        primary: Primary { metric: "accuracy".into(), better: Better::Higher },
        epochs: vec![epoch],
        final_root: root,
        selected_root: root,
        selected_epoch: 0,
        logits_root: Some(root),
        fault: None,
        needs: Vec::new(),
        links: Vec::new(),
        work: WORK,
        environment: Environment {
            class: BTreeMap::new(),
            class_id: root,
            program: "test".into(),
            host: BTreeMap::new(),
        },
        cost_digest: cost.digest().unwrap(),
        cost,
    }
}
