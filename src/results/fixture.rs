//! Made-up suites with plausible records, the same on every machine.

use crate::data::{Modality, Shape};
use crate::hash::{Digest, digest_json};
use crate::protocol::{Optimizer, Protocol, Schedule, Selection};
use crate::record::metrics::{self, Metrics, Primary};
use crate::record::{Cost, Environment, EpochRecord, Outcome, RunRecord, Work};
use crate::registry::{Params, Part, Value};
use crate::results::input::{CellInput, SuiteInput};
use crate::stream::Stream;
use crate::suite::run::{Branch, CellSpec, RunSpec};
use crate::task::metric::{ACCURACY, LOSS, MACRO_F1, MEAN_AVERAGE_PRECISION};
use crate::task::{CLASSIFICATION, Task};
use std::collections::BTreeMap;

/// A data set of a made-up suite, crossed with its fusion methods and strategies.
pub(crate) struct Block<'a> {
    pub(crate) dataset: &'a str,
    pub(crate) modalities: &'a [&'a str],
    pub(crate) fusions: &'a [&'a str],
    /// Labels such as `ogm(alpha=0.3)`.
    pub(crate) strategies: &'a [&'a str],
}

/// One data set, one fusion, two seeds: small enough to read the whole report.
pub(crate) fn tiny() -> SuiteInput {
    let block = Block {
        dataset: "digits",
        modalities: &["audio", "image"],
        fusions: &["concat"],
        strategies: &["joint", "ogm", "unimodal"],
    };
    suite("tiny", &[block], 2, 2)
}

/// Everything that is awkward: long names, three modalities, a single fusion, a parameter grid, a
/// diverged run, a missing run, and a cell with no run at all.
pub(crate) fn small() -> SuiteInput {
    let grid = ["joint", "ogm", "ogm(alpha=0.1)", "ogm(alpha=0.3)", "opm(q_base=0.7)", "unimodal"];
    let long = "a-strategy-with-a-very-long-name(probability=0.25)";
    let blocks = [
        Block {
            dataset: "cg-mnist(train=600,<b>&\"x\"_y)",
            modalities: &["image", "colour"],
            fusions: &["concat", "film"],
            strategies: &grid,
        },
        Block {
            dataset: "three-views",
            modalities: &["fac", "zernike-moments", "mor"],
            fusions: &["sum"],
            strategies: &["joint", long, "modality-dropout", "unimodal"],
        },
    ];
    let mut input = suite("small", &blocks, 5, 6);
    let diverged = &mut input.cells[1].records[2];
    diverged.outcome = Outcome::Diverged { epoch: 1, step: 17, what: "loss".into() };
    diverged.epochs.truncate(1);
    let removed = input.cells[2].records.remove(4);
    input.cells[2].missing.push((removed.spec.seed, "killed: out of memory".into()));
    let at = input.cells.iter().position(|cell| cell.strategy == "modality-dropout").unwrap();
    let empty = &mut input.cells[at];
    empty.records.clear();
    empty.missing = empty.seeds.iter().map(|seed| (*seed, "pending".into())).collect();
    input
}

/// A suite over `blocks` with seeds 0 to `n_seeds`, each run of `n_epochs` epochs.
pub(crate) fn suite(name: &str, blocks: &[Block<'_>], n_seeds: u64, n_epochs: usize) -> SuiteInput {
    let mut cells = Vec::new();
    for block in blocks {
        for (f, fusion) in block.fusions.iter().enumerate() {
            for strategy in block.strategies {
                if *strategy != "unimodal" {
                    let all = block.modalities;
                    cells.push(cell(block.dataset, all, fusion, strategy, n_seeds, n_epochs));
                } else if f == 0 {
                    cells.extend(block.modalities.iter().map(|one| CellInput {
                        strategy: format!("{strategy} {one}"),
                        ..cell(block.dataset, &[*one], "concat", strategy, n_seeds, n_epochs)
                    }));
                }
            }
        }
    }
    SuiteInput {
        suite: name.into(),
        title: format!("The {name} suite"),
        analysis: "Made-up numbers for tests.\n\nThey mean nothing.".into(),
        margin: 0.01,
        source_text: format!("suite: {name}\n"),
        cells,
        warnings: Vec::new(),
    }
}

fn cell(
    dataset: &str,
    modalities: &[&str],
    fusion: &str,
    strategy: &str,
    n_seeds: u64,
    n_epochs: usize,
) -> CellInput {
    let spec = spec(dataset, modalities, fusion, strategy, n_epochs);
    let seeds: Vec<u64> = (0..n_seeds).collect();
    let records = seeds.iter().map(|seed| record(&spec.run(*seed)));
    CellInput {
        id: spec.id().unwrap(),
        dataset: dataset.into(),
        fusion: fusion.into(),
        strategy: strategy.into(),
        preset: "cpu-quick".into(),
        records: records.collect(),
        task: Task::of(&spec.task).unwrap(),
        spec,
        seeds,
        items: BTreeMap::new(),
        missing: Vec::new(),
    }
}

/// `name(key=number,...)` as a part; the made-up strategies have one default each.
fn part(label: &str) -> Part {
    let (name, rest) = label.split_once('(').unwrap_or((label, ""));
    let mut params = BTreeMap::new();
    match name {
        "ogm" | "ogm-ge" => drop(params.insert("alpha".into(), Value::Float(0.8))),
        "opm" => drop(params.insert("q_base".into(), Value::Float(0.5))),
        _ => {}
    }
    for pair in rest.trim_end_matches(')').split(',') {
        if let Some((key, value)) = pair.split_once('=') {
            let value = value.parse().map_or(Value::Text(value.into()), Value::Float);
            params.insert(key.into(), value);
        }
    }
    Part { name: name.into(), params: Params(params), revision: 1 }
}

fn spec(
    dataset: &str,
    modalities: &[&str],
    fusion: &str,
    strategy: &str,
    n_epochs: usize,
) -> CellSpec {
    let branch = |name: &&str| Branch {
        modality: Modality { name: name.to_string(), shape: Shape::Vector { size: 8 } },
        encoder: part("mlp(width=64)"),
    };
    CellSpec {
        format: CellSpec::FORMAT,
        task: CLASSIFICATION.defaults(),
        dataset: part(dataset),
        data_manifest: Digest::of(dataset.as_bytes()),
        outputs: 10,
        branches: modalities.iter().map(branch).collect(),
        fusion: part(fusion),
        strategy: part(strategy),
        scores: part("split-head"),
        protocol: Protocol {
            optimizer: Optimizer::Sgd { lr: 0.05, momentum: 0.9, weight_decay: 1e-4 }.part(),
            schedule: Schedule { every: 10, gamma: 0.1 }.part(),
            epochs: n_epochs,
            batch_size: 64,
            drop_last: true,
            selection: Selection::BestVal,
        },
        training: 1,
        observe: Vec::new(),
        backend: "cpu".into(),
        needs: Vec::new(),
    }
}

fn record(spec: &RunSpec) -> RunRecord {
    let id = spec.id().unwrap();
    let level = |key: &str| Stream::new(0, key).normal();
    // Strategies of one seed share a part of their luck, as paired runs do.
    let shared = 0.010 * Stream::new(spec.seed, &spec.cell.dataset.name).normal();
    let own = 0.006 * Stream::new(spec.seed, &id.0).normal();
    let effect = match spec.cell.strategy.name.as_str() {
        "joint" | "unimodal" => 0.0,
        name => 0.02 * level(&format!("{name}/{}", spec.cell.dataset.name)),
    };
    let alone = if spec.cell.branches.len() == 1 {
        -0.08 - 0.06 * level(&spec.cell.branches[0].modality.name).abs()
    } else {
        0.0
    };
    let base = 0.72 + 0.06 * level(&spec.cell.dataset.name) + 0.015 * level(&spec.cell.fusion.name);
    let top = (base + effect + alone + shared + own).clamp(0.05, 0.99);
    let n = spec.cell.protocol.epochs;
    let primary = Primary::from(ACCURACY);
    let epochs: Vec<EpochRecord> = (0..n).map(|at| epoch(spec, at, top)).collect();
    let selected = RunRecord::select(&epochs, &primary, spec.cell.protocol.selection).unwrap();
    let digest = |what: &str| Digest::of(format!("{id}/{what}").as_bytes());
    let class = BTreeMap::from([("backend".to_string(), "flex".to_string())]);
    let cost = Cost {
        wall_seconds: 4.0 + 2.0 * level(&spec.cell.strategy.name).abs() + 0.3 * own.abs() * 100.0,
        peak_memory: None,
    };
    RunRecord {
        format: RunRecord::FORMAT,
        spec: spec.clone(),
        outcome: Outcome::Finished,
        data_content: Digest::of(spec.cell.dataset.name.as_bytes()),
        initial_root: Digest::of(
            format!("{}/{}/{}", spec.seed, spec.cell.fusion.name, spec.cell.branches.len())
                .as_bytes(),
        ),
        final_root: digest("final"),
        selected_root: epochs[selected].root,
        selected_epoch: selected,
        logits_root: Some(digest("logits")),
        primary,
        epochs,
        fault: None,
        needs: Vec::new(),
        links: Vec::new(),
        work: work(spec),
        environment: Environment {
            class_id: digest_json(&class).unwrap(),
            class,
            program: "test".into(),
            host: BTreeMap::new(),
        },
        cost_digest: cost.digest().unwrap(),
        cost,
        id,
    }
}

fn work(spec: &RunSpec) -> Work {
    let steps = 100 * spec.cell.protocol.epochs as u64;
    let (forward, inference) = (64 * steps, 12_000 * spec.cell.branches.len() as u64);
    let multiply_adds = 3 * inference * forward;
    Work { steps, forward, backward: forward, multiply_adds, inference, parameters: 12_345 }
}

fn epoch(spec: &RunSpec, at: usize, top: f64) -> EpochRecord {
    let progress = 1.0 - libm::exp(-(at as f64 + 1.0) / 2.5);
    let mut noise = Stream::new(spec.seed, &format!("{}/{at}", spec.cell.strategy.name));
    let n_branches = spec.cell.branches.len();
    let mut train = BTreeMap::from([("loss".to_string(), 2.3 * (1.0 - 0.9 * progress))]);
    let damping = if spec.cell.strategy.name == "joint" { 1.0 } else { 0.55 };
    if n_branches > 1 {
        for (i, branch) in spec.cell.branches.iter().enumerate() {
            let name = &branch.modality.name;
            let log = damping * 1.2 * progress * (0.5 - i as f64 / (n_branches - 1) as f64) * 2.0;
            let rho = libm::exp(log + 0.05 * noise.normal());
            train.insert(format!("score.{name}"), 10.0 * rho);
            train.insert(format!("rho.{name}"), rho);
            train.insert(format!("grad-norm.{name}"), 1.0 / rho);
            if spec.cell.strategy.name.starts_with("ogm") {
                let k = 1.0 - libm::tanh(0.8 * (rho - 1.0).max(0.0));
                train.insert(format!("k.{name}"), k);
            }
            if spec.cell.strategy.name.contains("opm") {
                let q = 0.5 + 0.5 * libm::tanh(0.5 * (rho - 1.0));
                train.insert(format!("q.{name}"), if rho > 1.0 { q } else { 0.0 });
            }
        }
    }
    let mut measured = |accuracy: f64| {
        let accuracy = (accuracy + 0.004 * noise.normal()).clamp(0.0, 1.0);
        let share = |i: usize| accuracy * (0.62 - 0.2 * damping * i as f64);
        let contribution: Vec<f64> = (0..n_branches).map(share).collect();
        let mut values = BTreeMap::from([
            (LOSS.name.to_string(), 1.5 - accuracy),
            (ACCURACY.name.to_string(), accuracy),
            (MACRO_F1.name.to_string(), accuracy - 0.01),
            (MEAN_AVERAGE_PRECISION.name.to_string(), accuracy + 0.02),
            (metrics::IMBALANCE.to_string(), contribution[0] - contribution[n_branches - 1]),
        ]);
        for (i, branch) in spec.cell.branches.iter().enumerate() {
            let name = &branch.modality.name;
            values.insert(metrics::modality(ACCURACY, name), accuracy - 0.1 * (i as f64 + 0.5));
            values.insert(metrics::contribution(name), contribution[i]);
            values.insert(metrics::probe(ACCURACY, name), accuracy - 0.05 * (i as f64 + 0.5));
            if 1 < n_branches {
                values.insert(metrics::without(ACCURACY, name), accuracy - contribution[i]);
            }
        }
        Metrics::new(500, values).unwrap()
    };
    // The data set of the paper has a second test split.
    let further = spec.cell.dataset.name.starts_with("cg-mnist");
    let further = further.then(|| ("test-matched-colour".to_string(), measured(top)));
    EpochRecord {
        lr: 0.05,
        train,
        validation: measured(top * progress),
        test: measured(top * progress),
        further: further.into_iter().collect(),
        root: Digest::of(format!("{}/{at}", spec.id().unwrap()).as_bytes()),
    }
}
