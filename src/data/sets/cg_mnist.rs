//! Colored-and-gray MNIST: a digit in gray, and the same digit in a colour that betrays its class
//! in training and says nothing in the test.
//!
//! This is CG-MNIST (regenerated), never the original file: the construction of "Learning not to
//! learn" (CVPR 2019), as paired with gray images in PMR (CVPR 2023), rebuilt with our own mean
//! colours and recorded draws. Differences from the published set: the mean colours, the subset
//! sizes, the pooling, a validation split, and standardisation by training statistics in place of
//! fixed constants.

use super::mnist::{self, Digits};
use crate::data::assemble::{Splits, assemble};
use crate::data::column::Column;
use crate::data::draw::{DRAW, draw};
use crate::data::partition::Partition;
use crate::data::store::cache::Arrays;
use crate::data::store::source::RawFiles;
use crate::data::targets::Targets;
use crate::data::{Dataset, DatasetParts, Modality, Origin, Split};
use crate::error::Result;
use crate::registry::{Domain, Entry, Fallback, Param, Params};
use crate::stream::Stream;
use crate::task::{CLASSIFICATION, Kind};

const NAME: &str = "cg-mnist";

pub(in crate::data) const ENTRY: Entry<DatasetParts> = Entry {
    name: NAME,
    summary: "CG-MNIST (regenerated): gray and coloured digits; the colour is a training shortcut",
    params: &[
        mnist::TRAIN,
        mnist::VALIDATION,
        mnist::TEST,
        mnist::POOL,
        Param {
            name: "correlation",
            summary: "probability that a training digit has the colour of its class, else a random one",
            domain: Domain::Float { min: 0.0, max: 1.0 },
            default: Fallback::Float(1.0),
        },
        Param {
            name: "deviation",
            summary: "standard deviation of the colour noise in every channel; 0.03 is its variance",
            domain: Domain::Float { min: 0.0, max: 1.0 },
            default: Fallback::Float(0.173_205_080_756_887_72),
        },
        DRAW,
    ],
    revision: 1,
    build: DatasetParts {
        licence: mnist::LICENCE,
        modalities,
        task: |_| CLASSIFICATION.defaults(),
        classes: |_| mnist::classes(),
        examples: |params| {
            (params.count("train"), params.count("validation") + 2 * params.count("test"))
        },
        partition: |params| Partition {
            n_validation: params.count("validation"),
            groups: &[mnist::WRITERS],
            // Without a shortcut in training there is none in validation either.
            unlike_test: (0.0 < params.float("correlation")).then_some(
                "its colours go with the class as in training, those of the test do not",
            ),
        },
        origin: Origin::Packages { sources: &[mnist::SOURCE], convert, load },
    },
};

/// The mean colours of the classes, as red, green and blue: the corners of the colour cube but
/// black, and three centres of its faces. No two are nearer than 0.70, four deviations.
const MEAN_COLOURS: [[f64; 3]; 10] = [
    [1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, 0.0, 1.0],
    [1.0, 1.0, 0.0],
    [1.0, 0.0, 1.0],
    [0.0, 1.0, 1.0],
    [1.0, 1.0, 1.0],
    [0.5, 0.5, 0.0],
    [0.5, 0.0, 0.5],
    [0.0, 0.5, 0.5],
];

fn modalities(params: &Params) -> Vec<Modality> {
    vec![
        Modality { name: "gray".into(), shape: mnist::shape(params, 1) },
        Modality { name: "colour".into(), shape: mnist::shape(params, 3) },
    ]
}

fn convert(raw: &RawFiles) -> Result<Arrays> {
    let mut arrays = Arrays::default();
    mnist::convert(raw, &mut arrays)?;
    Ok(arrays)
}

fn load(arrays: &Arrays, params: &Params) -> Result<Dataset> {
    let digits = mnist::splits(arrays, params, NAME)?;
    let correlation = params.float("correlation");
    let split = |digits: &Digits, part, correlation| {
        let classes = colour_classes(&digits.labels, correlation, draw(params), part);
        let colours = colours(&classes, params.float("deviation"), draw(params), part);
        paint(digits, &colours)
    };
    let splits = Splits {
        train: split(&digits.train, "train", correlation),
        validation: split(&digits.validation, "validation", correlation),
        test: split(&digits.test, "test", 0.0),
        // The same digits with the same noise: only the mean colours differ from `test`.
        further: vec![("test-matched-colour", split(&digits.test, "test", 1.0))],
    };
    assemble(Kind::Classification, modalities(params), mnist::classes(), splits)
}

/// The class whose mean colour each digit takes: its own with probability `correlation`, otherwise
/// any of the ten with equal probability. Both are always drawn, so `correlation` moves no draw.
fn colour_classes(labels: &[u8], correlation: f64, seed: u64, part: &str) -> Vec<usize> {
    let mut stream = Stream::new(seed, &format!("{NAME}/colour/{part}"));
    let mut class = |&label: &u8| {
        let is_tied = stream.uniform() < correlation;
        let random = stream.below(10) as usize;
        if is_tied { usize::from(label) } else { random }
    };
    labels.iter().map(&mut class).collect()
}

/// Mean colours with Gaussian noise, cut off at 0 and 1.
fn colours(classes: &[usize], deviation: f64, seed: u64, part: &str) -> Vec<[f32; 3]> {
    let mut stream = Stream::new(seed, &format!("{NAME}/colour-noise/{part}"));
    let mut noisy = |mean: f64| (mean + deviation * stream.normal()).clamp(0.0, 1.0) as f32;
    classes.iter().map(|&class| MEAN_COLOURS[class].map(&mut noisy)).collect()
}

/// Gray digits, and the same digits times their colour.
fn paint(digits: &Digits, colours: &[[f32; 3]]) -> Split {
    let size = digits.images.len() / digits.labels.len();
    let images = digits.images.chunks_exact(size).zip(colours);
    let channels = images.flat_map(|(image, colour)| colour.iter().map(move |c| (image, c)));
    let coloured = channels.flat_map(|(image, &c)| image.iter().map(move |pixel| pixel * c));
    Split {
        features: vec![
            Column::in_memory(size, digits.images.clone()),
            Column::in_memory(3 * size, coloured.collect()),
        ],
        targets: Targets::Classes(digits.labels.iter().map(|&label| label.into()).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Value;

    fn loaded(correlation: f64) -> Dataset {
        let arrays = convert(&mnist::tests::raw_files(300, 150)).unwrap();
        let mut params = mnist::tests::small(ENTRY.params);
        params.0.insert("correlation".into(), Value::Float(correlation));
        load(&arrays, &params).unwrap()
    }

    #[test]
    fn a_load_repeats_to_the_bit() {
        let dataset = loaded(1.0);
        assert_eq!(dataset.content, loaded(1.0).content);
        assert_ne!(dataset.content, loaded(0.5).content);
        let values = |split: &Split, modality: usize| split.features[modality].values().unwrap();
        assert_eq!(values(&dataset.train, 1).len(), 100 * 3 * 14 * 14);
        assert_eq!(dataset.further[0].0, "test-matched-colour");
        let further = &dataset.further[0].1;
        assert_eq!(values(further, 0), values(&dataset.test, 0));
        assert_ne!(values(further, 1), values(&dataset.test, 1));
    }

    #[test]
    fn training_colours_are_tied_and_test_colours_are_random() {
        let labels: Vec<u8> = (0..2000).map(|i| (i % 10) as u8).collect();
        let matching = |correlation| {
            let classes = colour_classes(&labels, correlation, 0, "x");
            classes.iter().zip(&labels).filter(|(c, l)| **c == usize::from(**l)).count()
        };
        assert_eq!(matching(1.0), 2000);
        assert!((140..260).contains(&matching(0.0)), "{}", matching(0.0));
        assert!((1010..1190).contains(&matching(0.5)), "{}", matching(0.5));
    }

    #[test]
    fn the_nearest_mean_tells_most_noisy_colours_apart() {
        let classes: Vec<usize> = (0..1000).map(|i| i % 10).collect();
        let colours = colours(&classes, libm::sqrt(0.03), 0, "x");
        let distance = |a: &[f64; 3], b: &[f32; 3]| {
            a.iter().zip(b).map(|(a, b)| (a - f64::from(*b)) * (a - f64::from(*b))).sum::<f64>()
        };
        let nearest = |colour| {
            let by_distance = |a: &usize, b: &usize| {
                let to = |class: usize| distance(&MEAN_COLOURS[class], colour);
                to(*a).total_cmp(&to(*b))
            };
            (0..10).min_by(by_distance)
        };
        let right = colours.iter().zip(&classes).filter(|(c, k)| nearest(c) == Some(**k)).count();
        assert!((930..1000).contains(&right), "{right}");
    }

    #[test]
    fn a_coloured_digit_is_the_gray_one_times_its_colour() {
        let digits = Digits { images: vec![0.5, 1.0], labels: vec![3, 4] };
        let split = paint(&digits, &[[1.0, 0.0, 0.5], [0.25, 1.0, 0.0]]);
        assert_eq!(split.features[1].values().unwrap(), [0.5, 0.0, 0.25, 0.25, 1.0, 0.0]);
        assert_eq!(split.targets, Targets::Classes(vec![3, 4]));
    }
}
