//! A part whose bits change without its revision would let older runs pass for its own. So a few
//! steps of a tiny run of every part and variant are trained here, and what they leave is held
//! against the table `fingerprints.csv`.
//!
//! A row stands under the id of its run, which covers the revisions of all its parts: once a
//! revision is raised, the row of the old one has no run any more and is replaced in the file. Commit
//! the file with the change.

use crate::made::{IMAGES, dataset, part, spec};
use counterpoise::data::store::cache::State;
use counterpoise::data::{self, DATASETS, Dataset, Shape};
use counterpoise::hash::digest_json;
use counterpoise::model::encoder::ENCODERS;
use counterpoise::model::fusion::FUSIONS;
use counterpoise::model::score::ESTIMATORS;
use counterpoise::protocol::Selection;
use counterpoise::protocol::parts::{OPTIMIZERS, SCHEDULES};
use counterpoise::record::RunRecord;
use counterpoise::record::probe::Probe;
use counterpoise::registry::{Domain, Entry, Fallback, Param, Part, Value};
use counterpoise::strategy::STRATEGIES;
use counterpoise::suite::run::RunSpec;
use counterpoise::train::needed;
use counterpoise::train::observer::OBSERVERS;
use counterpoise::{device, train};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The table: the label of a run, its id, and the fingerprint of what it computes.
fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/training/fingerprints.csv")
}

/// A run with a label that names the part it stands for.
struct Case {
    label: String,
    spec: RunSpec,
    /// The shapes of the data it is trained on.
    shapes: Vec<Shape>,
}

/// Every value of a choice and both of a flag, one at a time: the variants of a part.
fn variants<B>(entry: &Entry<B>) -> Vec<Vec<(&'static str, Value)>> {
    let mut variants = vec![Vec::new()];
    for param in entry.params {
        let values = match param.domain {
            Domain::Choice(names) => names.iter().map(|name| Value::Text((*name).into())).collect(),
            Domain::Bool => vec![Value::Bool(true), Value::Bool(false)],
            _ => Vec::new(),
        };
        let others = values.into_iter().filter(|value| *value != param.default.into());
        variants.extend(others.map(|value| vec![(param.name, value)]));
    }
    variants
}

/// Every number of a part moved from its default, one at a time.
fn numbers<B>(entry: &Entry<B>) -> Vec<Vec<(&'static str, Value)>> {
    let moved = |param: &Param| match (param.domain, param.default) {
        (Domain::Int { .. } | Domain::Draw, Fallback::Int(0)) => Some(Value::Int(1)),
        (Domain::Int { min, .. }, Fallback::Int(_)) => Some(Value::Int(min)),
        (Domain::Float { .. }, Fallback::Float(x)) => Some(Value::Float(0.5 * x)),
        _ => None,
    };
    let numbers = entry.params.iter();
    numbers.filter_map(|param| Some(vec![(param.name, moved(param)?)])).collect()
}

fn label(kind: &str, part: &Part, set: &[(&str, Value)]) -> String {
    let set: Vec<String> = set.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let set = if set.is_empty() { String::new() } else { format!("({})", set.join(",")) };
    format!("{kind} {}{set}", part.name)
}

fn cases() -> Vec<Case> {
    let images = dataset(&IMAGES);
    let small = |fusion: &str, strategy: &str, set: &[(&str, Value)]| {
        spec(&images, fusion, strategy, set, 0)
    };
    let mut cases = Vec::new();
    let mut add = |label: String, spec: RunSpec, shapes: &[Shape]| {
        cases.push(Case { label, spec, shapes: shapes.to_vec() });
    };
    // Three modalities, since rules differ beyond two; every number changed too, one at a time.
    let three = [IMAGES[0], IMAGES[1], IMAGES[0]];
    let data = dataset(&three);
    for entry in STRATEGIES {
        for set in variants(entry).into_iter().chain(numbers(entry)) {
            let spec = spec(&data, "concat", entry.name, &set, 0);
            add(label("strategy", &spec.cell.strategy, &set), spec, &three);
        }
    }
    for entry in FUSIONS {
        for set in variants(entry) {
            let mut spec = small(entry.name, "joint", &[]);
            spec.cell.fusion = part(entry, &set);
            add(label("fusion", &spec.cell.fusion, &set), spec, &IMAGES);
        }
    }
    for entry in ESTIMATORS {
        let mut spec = small("sum", "ogm", &[]);
        spec.cell.scores = entry.defaults();
        add(label("estimator", &spec.cell.scores, &[]), spec, &IMAGES);
    }
    let candidates = [
        Shape::Vector { size: 6 },
        Shape::Image { channels: 2, height: 8, width: 8 },
        Shape::Sequence { channels: 2, length: 9 },
        Shape::Clip { channels: 2, frames: 2, height: 8, width: 8 },
    ];
    for entry in ENCODERS {
        for shape in candidates.into_iter().filter(|shape| (entry.build.accepts)(*shape).is_ok()) {
            for set in variants(entry) {
                let shapes = [shape, candidates[0]];
                let data = dataset(&shapes);
                let mut spec = spec(&data, "concat", "joint", &[], 0);
                spec.cell.branches[0].encoder = part(entry, &set);
                spec.cell.protocol.epochs = 1;
                spec.cell.protocol.batch_size = 35;
                let kind = format!("encoder of {}", kind_of(shape));
                add(label(&kind, &spec.cell.branches[0].encoder, &set), spec, &shapes);
            }
        }
    }
    for entry in OPTIMIZERS {
        let mut spec = small("concat", "joint", &[]);
        spec.cell.protocol.optimizer = entry.defaults();
        for (name, value) in [("momentum", 0.5), ("weight_decay", 0.02)] {
            if let Some(slot) = spec.cell.protocol.optimizer.params.0.get_mut(name) {
                *slot = Value::Float(value);
            }
        }
        add(label("optimizer", &spec.cell.protocol.optimizer, &[]), spec, &IMAGES);
    }
    for entry in SCHEDULES {
        let mut spec = small("concat", "joint", &[]);
        spec.cell.protocol.schedule = part(entry, &[("every", Value::Int(1))]);
        add(label("schedule", &spec.cell.protocol.schedule, &[]), spec, &IMAGES);
    }
    for entry in OBSERVERS {
        for set in variants(entry).into_iter().chain(numbers(entry)) {
            let mut spec = small("concat", "ogm", &[]);
            spec.cell.observe = vec![part(entry, &set)];
            add(label("observer", &spec.cell.observe[0], &set), spec, &IMAGES);
        }
    }
    for selection in [Selection::Last, Selection::BestTest] {
        let mut spec = small("concat", "joint", &[]);
        spec.cell.protocol.selection = selection;
        add(format!("training {selection:?}"), spec, &IMAGES);
    }
    cases
}

fn kind_of(shape: Shape) -> &'static str {
    match shape {
        Shape::Vector { .. } => "vectors",
        Shape::Image { .. } => "images",
        Shape::Sequence { .. } => "sequences",
        Shape::Clip { .. } => "clips",
    }
}

fn train(spec: &RunSpec, data: &Dataset) -> RunRecord {
    let folder = tempfile::tempdir().unwrap();
    // The fingerprints are those of the default backend.
    let backend = device::open("cpu").unwrap();
    let needed = needed::train(spec, data, &backend).unwrap();
    train::run(spec, data, &backend, folder.path(), &Probe::default(), &needed, &mut |_| ())
        .unwrap()
}

/// What of a run's numbers is in its fingerprint, by the word before the point: a metric or a scalar
/// of the trace that is added later moves none.
const NUMBERS: &[&str] = &[
    "loss",
    "accuracy",
    "macro-f1",
    "mean-average-precision",
    "imbalance",
    "modality-accuracy",
    "contribution",
    "score",
    "rho",
    "k",
    "q",
    "grad-norm",
    "probe-accuracy",
    "noisy-accuracy",
    "joint-gradient",
    "unimodal-gradient",
    "gradient-cosine",
];

/// The digest of what a run computes, without what it is called.
fn fingerprint(record: &RunRecord) -> String {
    let RunRecord { outcome, initial_root, final_root, selected_root, .. } = record;
    let known = |name: &str| NUMBERS.contains(&name.split('.').next().unwrap());
    let epochs: Vec<_> = record
        .epochs
        .iter()
        .map(|epoch| {
            let splits = [("validation", &epoch.validation), ("test", &epoch.test)];
            let further = epoch.further.iter().map(|(name, metrics)| (name.as_str(), metrics));
            let measured = splits.into_iter().chain(further).flat_map(|(split, metrics)| {
                metrics.iter().map(move |(name, value)| (split, name, value))
            });
            let trained = epoch.train.iter().map(|(name, value)| ("train", name.as_str(), *value));
            let numbers = measured.chain(trained).filter(|(_, name, _)| known(name));
            (epoch.root, epoch.lr, numbers.map(|n| format!("{n:?}")).collect::<Vec<_>>())
        })
        .collect();
    digest_json(&(outcome, initial_root, epochs, final_root, selected_root)).unwrap().short()
}

/// The parts of a run with their revisions, of which one must be raised.
fn parts(spec: &RunSpec) -> BTreeSet<String> {
    let cell = &spec.cell;
    let encoders = cell.branches.iter().map(|branch| ("encoder", &branch.encoder));
    let others = [
        ("fusion", &cell.fusion),
        ("strategy", &cell.strategy),
        ("estimator", &cell.scores),
        ("optimizer", &cell.protocol.optimizer),
        ("schedule", &cell.protocol.schedule),
        ("task", &cell.task),
    ];
    let observers = cell.observe.iter().map(|part| ("observer", part));
    let named =
        encoders.chain(others).chain(observers).map(|(kind, part)| format!("{kind} {}", part.name));
    named.chain(["the training that all runs share".to_string()]).collect()
}

#[test]
fn no_part_computes_other_bits_under_the_same_revision() {
    let known: BTreeMap<String, [String; 2]> = std::fs::read_to_string(table())
        .unwrap_or_default()
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.rsplitn(3, ',').collect();
            (fields[2].to_string(), [fields[1].to_string(), fields[0].to_string()])
        })
        .collect();
    let mut sets: BTreeMap<String, Dataset> = BTreeMap::new();
    let mut rows = BTreeMap::new();
    let mut changed: Vec<(String, BTreeSet<String>)> = Vec::new();
    let mut same: BTreeSet<String> = BTreeSet::new();
    for Case { label, spec, shapes } in cases() {
        let data = sets.entry(format!("{shapes:?}")).or_insert_with(|| dataset(&shapes));
        let row = [spec.id().unwrap().to_string(), fingerprint(&train(&spec, data))];
        match known.get(&label) {
            Some([id, fingerprint]) if *id == row[0] && *fingerprint != row[1] => {
                changed.push((label.clone(), parts(&spec)));
            }
            _ => same.extend(parts(&spec)),
        }
        assert!(rows.insert(label.clone(), row).is_none(), "two rows are called {label}");
    }
    // Data sets that are made, and those that are prepared here; of the others the row stays.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    for entry in DATASETS {
        let (part, label) = (entry.defaults(), format!("data set {}", entry.name));
        let id = data::manifest(&part.name, &part.params).unwrap().short();
        let before = known.get(&label).filter(|[known, _]| *known == id);
        if data::state(entry.name, &folder).unwrap() != State::Ready {
            rows.extend(before.map(|row| (label, row.clone())));
            continue;
        }
        let content = data::load(&part, &folder).unwrap().content.short();
        if before.is_some_and(|[_, known]| *known != content) {
            changed.push((label.clone(), BTreeSet::from([label.clone()])));
        }
        rows.insert(label, [id, content]);
    }
    // What only the changed runs have in common must have changed.
    let mut suspects = changed.first().map(|(_, parts)| parts.clone()).unwrap_or_default();
    suspects.retain(|part| changed.iter().all(|(_, parts)| parts.contains(part)));
    suspects.retain(|part| !same.contains(part));
    let labels: Vec<&String> = changed.iter().map(|(label, _)| label).collect();
    assert!(
        changed.is_empty(),
        "other bits under the same revision: {labels:#?}\nraise the revision of {suspects:?}, or of \
         every part named above where there is none, so that no older run passes for one of these"
    );
    if rows != known {
        let lines = rows.iter().map(|(label, [id, print])| format!("{label},{id},{print}\n"));
        let text: String = ["run,id,fingerprint\n".to_string()].into_iter().chain(lines).collect();
        std::fs::write(table(), text).unwrap();
    }
}
