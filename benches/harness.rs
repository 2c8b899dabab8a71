//! Time of one training step per encoder, of hashing a checkpoint and of rendering a report.

use counterpoise::checkpoint::{self, NamedTensor};
use counterpoise::data::column::Column;
use counterpoise::data::targets::Targets;
use counterpoise::data::{Dataset, Modality, Shape, Split};
use counterpoise::device::{self, Draws, Place};
use counterpoise::hash::Digest;
use counterpoise::model::batch::{Batch, gather};
use counterpoise::model::encoder::ENCODERS;
use counterpoise::model::fusion::FUSIONS;
use counterpoise::model::objective::Objective;
use counterpoise::model::parameters::{Site, snapshot};
use counterpoise::model::score::{ESTIMATORS, Estimator};
use counterpoise::model::{Model, init};
use counterpoise::protocol::{self, Protocol, Schedule, Selection};
use counterpoise::record::RunRecord;
use counterpoise::record::probe::Probe;
use counterpoise::registry::{Params, Part, find};
use counterpoise::report::render;
use counterpoise::results::input::{CellInput, SuiteInput};
use counterpoise::strategy::{self, STRATEGIES, Setting, Updates};
use counterpoise::stream::Stream;
use counterpoise::suite::run::{Branch, CellSpec, RunSpec};
use counterpoise::task::{CLASSIFICATION, Task};
use counterpoise::train;
use counterpoise::train::optimizer::Optimizer;
use counterpoise::train::step::{Position, step};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

const CLASSES: usize = 10;
const BATCH: usize = 64;

/// Two modalities of one shape through one encoder, fused by concatenation, under a strategy.
fn spec(encoder: &str, shape: Shape, strategy: &str) -> RunSpec {
    let branch = |name: &str| Branch {
        modality: Modality { name: name.into(), shape },
        encoder: find("encoder", ENCODERS, encoder).unwrap().defaults(),
    };
    let cell = CellSpec {
        format: CellSpec::FORMAT,
        task: CLASSIFICATION.defaults(),
        dataset: Part { name: "made".into(), params: Params::default(), revision: 1 },
        data_manifest: Digest::of(b"made"),
        outputs: CLASSES,
        branches: vec![branch("a"), branch("b")],
        fusion: find("fusion", FUSIONS, "concat").unwrap().defaults(),
        strategy: find("strategy", STRATEGIES, strategy).unwrap().defaults(),
        scores: find("score estimator", ESTIMATORS, "split-head").unwrap().defaults(),
        protocol: Protocol {
            optimizer: protocol::Optimizer::Sgd { lr: 0.01, momentum: 0.9, weight_decay: 1e-4 }
                .part(),
            schedule: Schedule { every: 1, gamma: 1.0 }.part(),
            epochs: 1,
            batch_size: BATCH,
            drop_last: false,
            selection: Selection::Last,
        },
        training: train::REVISION,
        observe: Vec::new(),
        backend: "cpu".into(),
        needs: Vec::new(),
    };
    cell.run(0)
}

fn random_batch(shape: Shape, rows: usize, place: &Place) -> Batch {
    let features = |name: &str| {
        let mut stream = Stream::new(0, name);
        let values = (0..rows * shape.size()).map(|_| stream.normal() as f32);
        Column::in_memory(shape.size(), values.collect())
    };
    let split = Split {
        features: vec![features("a"), features("b")],
        targets: Targets::Classes((0..rows).map(|i| (i % CLASSES) as u32).collect()),
    };
    gather(&split, &[0, 1], &(0..rows).collect::<Vec<_>>(), None, CLASSES, place).unwrap()
}

fn training_steps(c: &mut Criterion) {
    let mut group = c.benchmark_group("training step");
    group.sample_size(20);
    let image = Shape::Image { channels: 3, height: 14, width: 14 };
    let cases = [
        ("mlp", Shape::Vector { size: 588 }, BATCH),
        ("cnn", image, BATCH),
        ("temporal", Shape::Sequence { channels: 3, length: 100 }, BATCH),
        ("resnet18", Shape::Image { channels: 3, height: 64, width: 64 }, 4),
    ];
    let names = ["a".to_string(), "b".to_string()];
    for (encoder, shape, rows) in cases {
        for strategy in ["joint", "ogm-ge", "opm"] {
            let spec = spec(encoder, shape, strategy);
            let device = device::open("cpu").unwrap().device.autodiff();
            let place = Place { device, dtype: device::DTYPE };
            let batch = random_batch(shape, rows, &place);
            let mut model = init::fill(Model::build(&spec.cell, &place).unwrap(), &names, 0);
            let sites: Vec<Site> =
                snapshot(&model, &names).into_iter().map(|(site, _)| site).collect();
            let objective = Objective::of(&spec.cell.task).unwrap();
            let setting = Setting {
                seed: 0,
                modalities: &names,
                objective,
                outputs: spec.cell.outputs,
                features: &[],
                between: false,
                sites: &sites,
                needed: &[],
            };
            let mut strategy_hooks = strategy::build(&spec.cell.strategy, &setting).unwrap();
            let mut optimizer =
                Optimizer::new(&protocol::Optimizer::of(&spec.cell.protocol.optimizer).unwrap());
            group.bench_function(format!("{encoder}/{strategy}/batch {rows}"), |b| {
                b.iter(|| {
                    let at = Position {
                        seed: 0,
                        epoch: 0,
                        step: 0,
                        pass: 0,
                        turn: 0,
                        lr: 0.0,
                        names: &names,
                        objective,
                        estimator: Estimator::SplitHead,
                        draws: Draws::Host,
                    };
                    let hooks = strategy_hooks.as_mut();
                    model = step(model.clone(), hooks, &mut optimizer, &batch, &Updates::All, &at)
                        .unwrap()
                        .model;
                });
            });
        }
    }
    group.finish();
}

fn hashing(c: &mut Criterion) {
    let values = vec![0.5f32; 1 << 20];
    let tensors: Vec<NamedTensor> = (0..11)
        .map(|i| NamedTensor::f32(format!("layer{i}.weight"), vec![1 << 10, 1 << 10], &values))
        .collect();
    let mut group = c.benchmark_group("hashing");
    group.sample_size(20);
    group.bench_function("checkpoint of 44 MiB, the size of a ResNet-18", |b| {
        b.iter(|| checkpoint::root(black_box(&tensors)));
    });
    group.finish();
}

/// A report on six strategies, five seeds and forty epochs, from copies of one small run.
fn rendering(c: &mut Criterion) {
    let shape = Shape::Vector { size: 16 };
    let split = |name: &str| {
        let mut stream = Stream::new(0, name);
        let mut features = || {
            let values = (0..64 * shape.size()).map(|_| stream.normal() as f32);
            Column::in_memory(shape.size(), values.collect())
        };
        Split {
            features: vec![features(), features()],
            targets: Targets::Classes((0..64).map(|i| (i % CLASSES) as u32).collect()),
        }
    };
    let mut run = spec("mlp", shape, "joint");
    run.cell.protocol.epochs = 40;
    let data = Dataset {
        modalities: run.cell.branches.iter().map(|branch| branch.modality.clone()).collect(),
        classes: (0..CLASSES).map(|class| class.to_string()).collect(),
        train: split("train"),
        validation: split("validation"),
        test: split("test"),
        further: vec![],
        content: Digest::of(b"made"),
    };
    let folder = tempfile::tempdir().unwrap();
    let backend = device::open("cpu").unwrap();
    let record =
        train::run(&run, &data, &backend, folder.path(), &Probe::default(), &[], &mut |_| ())
            .unwrap();
    let cells = ["joint", "ogm", "ogm-ge", "opm", "ogm-ge+opm", "modality-dropout"].map(|name| {
        let records: Vec<RunRecord> = (0..5)
            .map(|seed| {
                let mut record = record.clone();
                record.spec = spec("mlp", shape, name).cell.run(seed);
                record.spec.cell.protocol.epochs = 40;
                record.id = record.spec.id().unwrap();
                record
            })
            .collect();
        CellInput {
            id: records[0].spec.cell.id().unwrap(),
            dataset: "made".into(),
            fusion: "concat".into(),
            strategy: name.into(),
            preset: "small".into(),
            task: Task::of(&records[0].spec.cell.task).unwrap(),
            spec: records[0].spec.cell.clone(),
            seeds: (0..5).collect(),
            records,
            items: std::collections::BTreeMap::new(),
            missing: vec![],
        }
    });
    let input = SuiteInput {
        suite: "bench".into(),
        title: "A report".into(),
        analysis: String::new(),
        margin: 0.01,
        source_text: String::new(),
        cells: cells.into(),
        warnings: vec![],
    };
    let mut group = c.benchmark_group("rendering");
    group.sample_size(10);
    group.bench_function("report of 30 runs", |b| {
        b.iter(|| render(black_box(&input), 1).unwrap());
    });
    group.finish();
}

criterion_group!(benches, training_steps, hashing, rendering);
criterion_main!(benches);
