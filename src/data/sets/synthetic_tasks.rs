//! A made data set of any task, whose imbalance is known: one normal number behind every output.
//!
//! Each modality shows each of these numbers z along a random direction of its own, as `signal` times
//! z in noise of standard deviation 1. The target of an output is what the task makes of its number:
//! z itself, whether z is above 1/2, or which of several is the largest, in every segment. The best
//! estimate of z from modalities with signals a has the variance 1 / (1 + sum of a squared) around
//! it, whatever the task, so that no predictor of a number has a mean absolute error below
//! sqrt(2 / (pi (1 + sum of a squared))).

use super::made::{count, examples, partition, signal, splits};
use crate::data::assemble::assemble;
use crate::data::column::Column;
use crate::data::draw::{DRAW, draw};
use crate::data::targets::Targets;
use crate::data::{Dataset, DatasetParts, Modality, Origin, Shape, Split};
use crate::error::Result;
use crate::registry::{Domain, Entry, Fallback, Param, Params, Part};
use crate::stream::Stream;
use crate::task::{CLASSIFICATION, Kind, MULTI_LABEL, REGRESSION, SEGMENTS, segments_of};

const NAMES: [&str; 2] = ["a", "b"];

/// A label holds where its number is above this: for three examples in ten.
const THRESHOLD: f64 = 0.5;

pub(in crate::data) const ENTRY: Entry<DatasetParts> = Entry {
    name: "synthetic-tasks",
    summary: "made data of any task with a known imbalance between modalities; needs no files",
    params: &[
        Param {
            name: "task",
            summary: "what is learned",
            domain: Domain::Choice(&[
                CLASSIFICATION.name,
                MULTI_LABEL.name,
                REGRESSION.name,
                SEGMENTS.name,
            ]),
            default: Fallback::Text(MULTI_LABEL.name),
        },
        count("names", "number of classes or labels; a regression has one value", [2, 16], 4),
        count("segments", "segments of a clip, where the task is of segments", [1, 16], 4),
        count("train", "training examples", [16, 1_000_000], 1000),
        count("validation", "validation examples", [16, 1_000_000], 200),
        count("test", "test examples", [16, 1_000_000], 1000),
        count("dimension", "features of each modality for each output", [1, 64], 8),
        signal("signal_a", "signal of modality a, in standard deviations of its noise", 2.0),
        signal("signal_b", "signal of modality b, in standard deviations of its noise", 1.0),
        DRAW,
    ],
    revision: 1,
    build: DatasetParts {
        licence: "made by this program",
        modalities,
        task,
        classes,
        examples,
        partition,
        origin: Origin::Made { load },
    },
};

fn task(params: &Params) -> Part {
    match params.text("task") {
        "multi-label" => MULTI_LABEL.defaults(),
        "regression" => REGRESSION.defaults(),
        "segments" => segments_of(params.count("segments")),
        _ => CLASSIFICATION.defaults(),
    }
}

fn classes(params: &Params) -> Vec<String> {
    match params.text("task") {
        "regression" => vec!["value".into()],
        _ => (0..params.count("names")).map(|name| name.to_string()).collect(),
    }
}

/// The task, and the number of its outputs.
fn outputs(params: &Params) -> Result<(Kind, usize)> {
    let kind = Kind::of(&task(params))?;
    Ok((kind, kind.outputs(classes(params).len())))
}

fn modalities(params: &Params) -> Vec<Modality> {
    let segments = if params.text("task") == SEGMENTS.name { params.count("segments") } else { 1 };
    let size = segments * classes(params).len() * params.count("dimension");
    NAMES.map(|name| Modality { name: name.into(), shape: Shape::Vector { size } }).into()
}

fn load(params: &Params) -> Result<Dataset> {
    let (kind, outputs) = outputs(params)?;
    let split = |part: &str| {
        let mut stream = Stream::new(draw(params), &format!("synthetic-tasks/numbers/{part}"));
        let numbers: Vec<f64> =
            (0..params.count(part) * outputs).map(|_| stream.normal()).collect();
        let features = NAMES.iter().map(|name| features(params, part, name, &numbers, outputs));
        Split { features: features.collect(), targets: targets(kind, &numbers, outputs) }
    };
    assemble(kind, modalities(params), classes(params), splits(split))
}

/// What a modality shows of the numbers `[example, output]`.
fn features(params: &Params, part: &str, name: &str, numbers: &[f64], outputs: usize) -> Column {
    let (dimension, signal) = (params.count("dimension"), params.float(&format!("signal_{name}")));
    let directions = directions(params, name, outputs);
    let purpose = format!("synthetic-tasks/noise/{part}/{name}");
    let mut noise = Stream::new(draw(params), &purpose);
    let shown = numbers
        .iter()
        .zip(directions.iter().cycle())
        .flat_map(|(number, direction)| direction.iter().map(move |along| signal * number * along));
    let values = shown.map(|x| (x + noise.normal()) as f32).collect();
    Column::in_memory(outputs * dimension, values)
}

/// A unit vector for every output.
fn directions(params: &Params, name: &str, outputs: usize) -> Vec<Vec<f64>> {
    let purpose = format!("synthetic-tasks/direction/{name}");
    let mut stream = Stream::new(draw(params), &purpose);
    let dimension = params.count("dimension");
    (0..outputs)
        .map(|_| {
            let vector: Vec<f64> = (0..dimension).map(|_| stream.normal()).collect();
            let norm = libm::sqrt(vector.iter().map(|x| x * x).sum());
            vector.iter().map(|x| x / norm).collect()
        })
        .collect()
}

/// What the task makes of the numbers `[example, output]`.
fn targets(kind: Kind, numbers: &[f64], outputs: usize) -> Targets {
    let largest = |row: &[f64]| {
        let better = |best: usize, at: usize| if row[best] < row[at] { at } else { best };
        (0..row.len()).fold(0, better) as u32
    };
    match kind {
        Kind::Classification => Targets::Classes(numbers.chunks(outputs).map(largest).collect()),
        Kind::MultiLabel => Targets::Labels {
            n: outputs,
            values: numbers.iter().map(|number| THRESHOLD < *number).collect(),
        },
        Kind::Regression { .. } => Targets::Values(numbers.iter().map(|x| *x as f32).collect()),
        Kind::Segments { segments } => Targets::Segments {
            segments,
            classes: numbers.chunks(outputs / segments).map(largest).collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Value;
    use crate::task::TASKS;

    fn params(task: &str, changes: &[(&str, Value)]) -> Params {
        let mut params = Params::defaults(ENTRY.params);
        params.0.insert("task".into(), Value::Text(task.into()));
        params.0.extend(changes.iter().map(|(key, value)| (key.to_string(), value.clone())));
        params
    }

    #[test]
    fn every_task_has_its_targets_and_loads_repeat() {
        for task in TASKS {
            let params = params(task.name, &[("segments", Value::Int(3))]);
            let data = load(&params).unwrap();
            assert_eq!(data.train.targets.task(), task.name);
            assert_eq!(data.train.len(), 1000);
            assert_eq!(data.content, load(&params).unwrap().content);
            let other = self::params(task.name, &[("draw", Value::Int(1))]);
            assert_ne!(data.content, load(&other).unwrap().content);
        }
    }

    #[test]
    fn three_labels_in_ten_hold_and_classes_are_as_frequent() {
        let Targets::Labels { values, .. } =
            load(&params("multi-label", &[])).unwrap().train.targets
        else {
            panic!("other targets")
        };
        let share = values.iter().filter(|holds| **holds).count() as f64 / values.len() as f64;
        assert!((share - 0.3085).abs() < 0.03, "{share}");
        let Targets::Segments { classes, .. } =
            load(&params("segments", &[])).unwrap().train.targets
        else {
            panic!("other targets")
        };
        let first = classes.iter().filter(|class| **class == 0).count() as f64;
        assert!((first / classes.len() as f64 - 0.25).abs() < 0.03);
    }

    #[test]
    fn the_best_estimate_of_a_number_has_the_documented_error() {
        let params = params("regression", &[("test", Value::Int(4000))]);
        let (_, outputs) = outputs(&params).unwrap();
        let mut stream = Stream::new(draw(&params), "synthetic-tasks/numbers/test");
        let numbers: Vec<f64> = (0..4000).map(|_| stream.normal()).collect();
        // Of normal numbers in normal noise the posterior mean is linear in what is seen.
        let seen = NAMES.map(|name| {
            let column = features(&params, "test", name, &numbers, outputs);
            let direction = &directions(&params, name, outputs)[0];
            let values = column.values().unwrap();
            let signal = params.float(&format!("signal_{name}"));
            let along = |row: &[f32]| -> f64 {
                row.iter().zip(direction).map(|(x, d)| f64::from(*x) * d).sum()
            };
            let rows = values.chunks(direction.len());
            rows.map(|row| signal * along(row)).collect::<Vec<_>>()
        });
        let error = |parts: &[usize], of_signals: f64| {
            let miss = |at: usize| {
                let sum: f64 = parts.iter().map(|m| seen[*m][at]).sum();
                (sum / (1.0 + of_signals) - numbers[at]).abs()
            };
            (0..numbers.len()).map(miss).sum::<f64>() / numbers.len() as f64
        };
        let best = |of_signals: f64| libm::sqrt(2.0 / (std::f64::consts::PI * (1.0 + of_signals)));
        for (parts, of_signals) in [(&[0][..], 4.0), (&[1], 1.0), (&[0, 1], 5.0)] {
            let (measured, expected) = (error(parts, of_signals), best(of_signals));
            assert!((measured / expected - 1.0).abs() < 0.05, "{measured} {expected}");
        }
    }
}
