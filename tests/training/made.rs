//! Small made data and the specs of runs on them.

use counterpoise::data::column::Column;
use counterpoise::data::targets::Targets;
use counterpoise::data::{Dataset, Modality, Shape, Split};
use counterpoise::device::{self, Backend};
use counterpoise::hash::Digest;
use counterpoise::model::encoder::{ENCODERS, default_for};
use counterpoise::model::fusion::FUSIONS;
use counterpoise::model::score::ESTIMATORS;
use counterpoise::protocol::{Optimizer, Protocol, Schedule, Selection};
use counterpoise::registry::{Entry, Params, Part, Value, find};
use counterpoise::strategy::STRATEGIES;
use counterpoise::stream::Stream;
use counterpoise::suite::catalog::Needs;
use counterpoise::suite::run::{Branch, CellSpec, RunSpec};
use counterpoise::task::CLASSIFICATION;
use counterpoise::train;
use std::collections::BTreeMap;

/// The device under test: `cpu`, or that which `COUNTERPOISE_DEVICE` names.
pub(crate) fn backend() -> Backend {
    let name = std::env::var("COUNTERPOISE_DEVICE").unwrap_or_else(|_| "cpu".into());
    device::open(&name).unwrap_or_else(|e| panic!("{e}"))
}

pub(crate) const CLASSES: usize = 3;

/// Three classes, the given modalities: the first is easy, the others are hard.
pub(crate) fn dataset(shapes: &[Shape]) -> Dataset {
    let modalities: Vec<Modality> = shapes
        .iter()
        .enumerate()
        .map(|(m, shape)| Modality { name: format!("m{m}"), shape: *shape })
        .collect();
    let split = |name: &str, n: usize| {
        let labels: Vec<u32> = (0..n).map(|i| (i % CLASSES) as u32).collect();
        let features = modalities
            .iter()
            .enumerate()
            .map(|(m, modality)| {
                let mut stream = Stream::new(1, &format!("{name}/{m}"));
                let signal = if m == 0 { 2.0 } else { 0.3 };
                let values = labels
                    .iter()
                    .flat_map(|label| {
                        (0..modality.shape.size())
                            .map(|i| {
                                let on = i % CLASSES == *label as usize;
                                (stream.normal() + if on { signal } else { 0.0 }) as f32
                            })
                            .collect::<Vec<f32>>()
                    })
                    .collect();
                Column::in_memory(modality.shape.size(), values)
            })
            .collect();
        Split { features, targets: Targets::Classes(labels) }
    };
    Dataset {
        train: split("train", 70),
        validation: split("validation", 30),
        test: split("test", 30),
        further: vec![("shifted".into(), split("shifted", 15))],
        classes: (0..CLASSES).map(|c| c.to_string()).collect(),
        modalities,
        content: Digest::of(b"made"),
    }
}

pub(crate) const IMAGES: [Shape; 2] = [
    Shape::Image { channels: 1, height: 8, width: 8 },
    Shape::Image { channels: 3, height: 8, width: 8 },
];

pub(crate) fn part<B>(entry: &Entry<B>, set: &[(&str, Value)]) -> Part {
    let given: BTreeMap<String, Value> =
        set.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
    entry.part(Params::resolve(entry.params, given).unwrap())
}

pub(crate) fn spec(
    data: &Dataset,
    fusion: &str,
    strategy: &str,
    set: &[(&str, Value)],
    seed: u64,
) -> RunSpec {
    let fusion_entry = find("fusion", FUSIONS, fusion).unwrap();
    let branches = data
        .modalities
        .iter()
        .map(|modality| {
            let encoder = find("encoder", ENCODERS, default_for(modality.shape)).unwrap();
            // Small, where the encoder has a size.
            let sizes = [("features", 8), ("channels", 4), ("hidden", 8)];
            let declared = |name: &str| encoder.params.iter().any(|param| param.name == name);
            let sizes: Vec<(&str, Value)> = sizes
                .into_iter()
                .filter(|(name, _)| declared(name))
                .map(|(name, size)| (name, Value::Int(size)))
                .collect();
            Branch { modality: modality.clone(), encoder: part(encoder, &sizes) }
        })
        .collect();
    let strategy_entry = find("strategy", STRATEGIES, strategy).unwrap();
    let mut cell = CellSpec {
        format: CellSpec::FORMAT,
        task: CLASSIFICATION.defaults(),
        dataset: Part { name: "made".into(), params: Params::default(), revision: 1 },
        data_manifest: Digest::of(b"made"),
        outputs: CLASSES,
        branches,
        fusion: fusion_entry.defaults(),
        strategy: part(strategy_entry, set),
        scores: find("score estimator", ESTIMATORS, fusion_entry.build.default_scores)
            .unwrap()
            .defaults(),
        protocol: Protocol {
            optimizer: Optimizer::Sgd { lr: 0.05, momentum: 0.9, weight_decay: 1e-4 }.part(),
            schedule: Schedule { every: 2, gamma: 0.1 }.part(),
            epochs: 2,
            batch_size: 16,
            drop_last: false,
            selection: Selection::BestVal,
        },
        training: train::REVISION,
        observe: Vec::new(),
        backend: "cpu".into(),
        needs: Vec::new(),
    };
    if strategy_entry.build.needs == Needs::Unimodal {
        let concat = find("fusion", FUSIONS, "concat").unwrap();
        let scores = find("score estimator", ESTIMATORS, concat.build.default_scores).unwrap();
        let alone = |branch: &Branch| CellSpec {
            branches: vec![branch.clone()],
            fusion: concat.defaults(),
            strategy: find("strategy", STRATEGIES, "unimodal").unwrap().defaults(),
            scores: scores.defaults(),
            ..cell.clone()
        };
        cell.needs = cell.branches.iter().map(alone).collect();
    }
    cell.run(seed)
}
