//! A made data set whose imbalance is known: Gaussian classes, independent given the class.
//!
//! The class means of a modality lie on orthonormal random directions, so any two are `signal`
//! apart. With noise of standard deviation s around them and K classes, the best classifier of one
//! modality is right with probability
//! P(a) = integral of phi(x - a) Phi(x)^(K - 1) dx, where a = signal / (sqrt(2) s),
//! and the best one of several modalities with P of the root of the sum of their a squared: the
//! error of orthogonal signals in white noise.

use super::made::{classes, count, examples, labels, partition, signal, splits};
use crate::data::assemble::assemble;
use crate::data::column::Column;
use crate::data::draw::{DRAW, draw};
use crate::data::targets::Targets;
use crate::data::{Dataset, DatasetParts, Modality, Origin, Shape, Split};
use crate::error::Result;
use crate::registry::{Domain, Entry, Fallback, Param, Params};
use crate::stream::Stream;
use crate::task::{CLASSIFICATION, Kind};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// At least as many dimensions as classes, so that the directions can be orthonormal.
const MAX_CLASSES: i64 = 16;

const fn dimension(name: &'static str, summary: &'static str) -> Param {
    count(name, summary, [MAX_CLASSES, 1024], 32)
}

pub(in crate::data) const ENTRY: Entry<DatasetParts> = Entry {
    name: "synthetic",
    summary: "made Gaussian classes with a known imbalance between modalities; needs no files",
    params: &[
        count("modalities", "number of modalities, named a, b and c", [2, 3], 2),
        count("classes", "number of classes, all equally frequent", [2, MAX_CLASSES], 4),
        count("train", "training examples", [16, 1_000_000], 1000),
        count("validation", "validation examples", [16, 1_000_000], 200),
        count("test", "test examples", [16, 1_000_000], 1000),
        dimension("dimension_a", "features of modality a"),
        dimension("dimension_b", "features of modality b"),
        dimension("dimension_c", "features of modality c, if there is one"),
        signal("signal_a", "distance between any two class means of modality a", 4.0),
        signal("signal_b", "distance between any two class means of modality b", 2.0),
        signal("signal_c", "distance between any two class means of modality c, if any", 1.0),
        Param {
            name: "noise",
            summary: "standard deviation of every feature around its class mean",
            domain: Domain::Float { min: 0.001, max: 1000.0 },
            default: Fallback::Float(1.0),
        },
        DRAW,
    ],
    revision: 1,
    build: DatasetParts {
        licence: "made by this program",
        modalities,
        task: |_| CLASSIFICATION.defaults(),
        classes,
        examples,
        partition,
        origin: Origin::Made { load },
    },
};

fn modalities(params: &Params) -> Vec<Modality> {
    let modality = |name: &&str| {
        let size = params.count(&format!("dimension_{name}"));
        Modality { name: (*name).into(), shape: Shape::Vector { size } }
    };
    NAMES[..params.count("modalities")].iter().map(modality).collect()
}

fn load(params: &Params) -> Result<Dataset> {
    let modalities = modalities(params);
    let means: Vec<Vec<Vec<f64>>> = modalities.iter().map(|m| class_means(m, params)).collect();
    let split = |part: &str| {
        let labels = labels(params, part);
        let features = |(modality, means): (&Modality, &Vec<Vec<f64>>)| {
            let purpose = format!("synthetic/noise/{part}/{}", modality.name);
            let mut stream = Stream::new(draw(params), &purpose);
            let means = labels.iter().flat_map(|&label| &means[label as usize]);
            let noisy = |mean: &f64| (mean + params.float("noise") * stream.normal()) as f32;
            Column::in_memory(modality.shape.size(), means.map(noisy).collect())
        };
        let features = modalities.iter().zip(&means).map(features).collect();
        Split { features, targets: Targets::Classes(labels) }
    };
    let splits = splits(split);
    assemble(Kind::Classification, modalities, classes(params), splits)
}

/// The class means of a modality: orthogonal vectors of length signal / sqrt(2).
fn class_means(modality: &Modality, params: &Params) -> Vec<Vec<f64>> {
    let length = params.float(&format!("signal_{}", modality.name)) / std::f64::consts::SQRT_2;
    let purpose = format!("synthetic/direction/{}", modality.name);
    let mut stream = Stream::new(draw(params), &purpose);
    let mut directions: Vec<Vec<f64>> = Vec::new();
    // Gram-Schmidt on Gaussian vectors, which are independent with probability one.
    for _ in 0..params.count("classes") {
        let mut vector: Vec<f64> = (0..modality.shape.size()).map(|_| stream.normal()).collect();
        for direction in &directions {
            let along = dot(&vector, direction);
            vector.iter_mut().zip(direction).for_each(|(x, d)| *x -= along * d);
        }
        let norm = libm::sqrt(dot(&vector, &vector));
        directions.push(vector.iter().map(|x| x / norm).collect());
    }
    let scaled = |direction: &Vec<f64>| direction.iter().map(|x| x * length).collect();
    directions.iter().map(scaled).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Value;

    fn params(changes: &[(&str, Value)]) -> Params {
        let mut params = Params::defaults(ENTRY.params);
        params.0.extend(changes.iter().map(|(key, value)| (key.to_string(), value.clone())));
        params
    }

    #[test]
    fn any_two_class_means_are_the_signal_apart() {
        let params = params(&[("classes", Value::Int(16)), ("dimension_b", Value::Int(16))]);
        let modality = Modality { name: "b".into(), shape: Shape::Vector { size: 16 } };
        let means = class_means(&modality, &params);
        for (i, a) in means.iter().enumerate() {
            for b in &means[..i] {
                let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
                assert!((libm::sqrt(dot(&difference, &difference)) - 2.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_best_classifier_reaches_the_documented_accuracy() {
        let n_classes = 4;
        let modality = Modality { name: "b".into(), shape: Shape::Vector { size: 32 } };
        let means = class_means(&modality, &params(&[]));
        let mut stream = Stream::new(0, "trial");
        let n = 4000;
        let is_right = |trial: usize| {
            let label = trial % n_classes;
            let x: Vec<f64> = means[label].iter().map(|mean| mean + stream.normal()).collect();
            let score = |class: usize| dot(&x, &means[class]);
            (0..n_classes).max_by(|&i, &j| score(i).total_cmp(&score(j))) == Some(label)
        };
        let measured = (0..n).map(is_right).filter(|right| *right).count() as f64 / n as f64;
        let (a, step) = (2.0 / std::f64::consts::SQRT_2, 1e-3);
        let density = |x: f64| libm::exp(-x * x / 2.0) / libm::sqrt(2.0 * std::f64::consts::PI);
        let cumulative = |x: f64| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
        let term = |x: f64| density(x - a) * libm::pow(cumulative(x), n_classes as f64 - 1.0);
        let expected: f64 = (-8000..10_000).map(|i| term(f64::from(i) * step) * step).sum();
        assert!((measured - expected).abs() < 0.03, "{measured} {expected}");
    }

    #[test]
    fn loads_repeat_and_a_third_modality_moves_no_other_draw() {
        let two = load(&params(&[])).unwrap();
        assert_eq!(two.content, load(&params(&[])).unwrap().content);
        assert_ne!(two.content, load(&params(&[("draw", Value::Int(1))])).unwrap().content);
        let three = load(&params(&[("modalities", Value::Int(3))])).unwrap();
        for (three, two) in three.train.features.iter().zip(&two.train.features) {
            assert_eq!(three.values().unwrap(), two.values().unwrap());
        }
        assert_eq!(three.modalities.len(), 3);
    }
}
