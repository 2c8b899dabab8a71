//! Shoulder exercises recorded by a watch: accelerometer and gyroscope at 50 Hz, really together.
//!
//! Ten subjects, seven exercises, 140 recordings, cut into windows that overlap by half. Splits
//! are by subject: windows of one person never stand on both sides. Source: arXiv 1802.01489.

use crate::data::assemble::{Splits, assemble};
use crate::data::column::Column;
use crate::data::draw::{DRAW, draw, follows_seed};
use crate::data::formats::pickle::{self, Array, Elements, Value};
use crate::data::formats::{malformed, npy};
use crate::data::partition::{Group, Overlap, Partition};
use crate::data::store::cache::Arrays;
use crate::data::store::source::{Client, Member, RawFiles, Source};
use crate::data::targets::Targets;
use crate::data::{Dataset, DatasetParts, Modality, Origin, Shape, Split};
use crate::error::Result;
use crate::registry::{Domain, Entry, Fallback, Param, Params};
use crate::stream::Stream;
use crate::task::{CLASSIFICATION, Kind};
use std::collections::BTreeMap;

const FILE: &str = "watch_dataset.npy";
/// The exercises, in label order: pendulum, abduction, forward elevation, internal rotation,
/// external rotation, trapezius extension, upright row.
const CLASSES: [&str; 7] = ["PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW"];
const N_SUBJECTS: u8 = 10;
const N_FOLDS: usize = 5;
/// Channels of a recording: three of the accelerometer, then three of the gyroscope.
const N_CHANNELS: usize = 6;

/// Windows of 100 samples of every subject, as counted.
const WINDOWS: [usize; N_SUBJECTS as usize] = [561, 540, 305, 295, 490, 478, 524, 482, 483, 519];

const SUBJECTS: Group = Group { name: "subject", overlap: Overlap::Disjoint };

const SOURCE: Source = Source {
    client: Client::Pip,
    package: "seglearn",
    version: "1.2.5",
    archive: "seglearn-1.2.5-py3-none-any.whl",
    sha256: "ec6b952c85c9627050102854b372d85951563d3b990df677d7c55547e87413dd",
    members: &[Member {
        path: "seglearn/data/watch_dataset.npy",
        bytes: 18_118_091,
        sha256: "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537",
    }],
};

pub(in crate::data) const ENTRY: Entry<DatasetParts> = Entry {
    name: "watch",
    summary: "shoulder exercises by watch accelerometer and gyroscope, split by subject",
    params: &[
        Param {
            name: "window",
            summary: "samples of a window at 50 Hz; windows overlap by half",
            domain: Domain::Int { min: 20, max: 400 },
            default: Fallback::Int(100),
        },
        Param {
            summary: "who is tested: 0 to 4 are five folds, which test on two of the ten subjects each \
                      and validate on the next two; 5 to 9 are five of the subjects in another order, \
                      and so on; or `seed`, for the draw of each run's own seed",
            ..DRAW
        },
    ],
    revision: 2,
    build: DatasetParts {
        licence: "BSD 3-clause (the package, which states nothing separate for the data)",
        modalities,
        task: |_| CLASSIFICATION.defaults(),
        classes: |_| CLASSES.map(String::from).to_vec(),
        examples: |params| (290_000 / params.count("window"), 190_000 / params.count("window")),
        partition: |params| Partition {
            n_validation: validation_windows(params) * 100 / params.count("window"),
            groups: &[SUBJECTS],
            unlike_test: None,
        },
        origin: Origin::Packages { sources: &[SOURCE], convert, load },
    },
};

/// About how many windows of 100 samples the validation split has; the mean where draws follow seeds.
fn validation_windows(params: &Params) -> usize {
    match follows_seed(params) {
        true => WINDOWS.iter().sum::<usize>() / N_FOLDS,
        false => Subjects::of_draw(draw(params))
            .validation
            .iter()
            .map(|subject| WINDOWS[usize::from(subject - 1)])
            .sum(),
    }
}

fn modalities(params: &Params) -> Vec<Modality> {
    let shape = Shape::Sequence { channels: N_CHANNELS / 2, length: params.count("window") };
    let modality = |name: &str| Modality { name: name.into(), shape };
    vec![modality("accelerometer"), modality("gyroscope")]
}

/// An array `recording-N` [6, samples] per recording, and their `labels` and `subjects` [n].
fn convert(raw: &RawFiles) -> Result<Arrays> {
    let wrong = |what: &str| malformed(FILE, what);
    let file = npy::parse(FILE, raw.get(FILE)?)?;
    if file.dtype != npy::Dtype::Object {
        return Err(wrong("expected a pickled object"));
    }
    let Value::Array(Array { elements: Elements::Objects(objects), .. }) =
        pickle::parse(FILE, file.data)?
    else {
        return Err(wrong("expected an array of objects"));
    };
    let [Value::Dict(dict)] = objects.as_slice() else {
        return Err(wrong("expected one dictionary"));
    };
    let Some(Value::List(recordings)) = dict.get("X") else {
        return Err(wrong("`X` is not a list"));
    };
    let labels = numbers(dict, "y", 0..CLASSES.len() as u8)?;
    let subjects = numbers(dict, "subject", 1..N_SUBJECTS + 1)?;
    if labels.len() != recordings.len() || subjects.len() != recordings.len() {
        return Err(wrong("`X`, `y` and `subject` differ in length"));
    }
    let mut arrays = Arrays::default();
    for (at, recording) in recordings.iter().enumerate() {
        let Some((values, n_samples)) = channel_first(recording) else {
            return Err(wrong(&format!("recording {at} is not a matrix of six channels")));
        };
        arrays.insert_floats(&format!("recording-{at}"), &[N_CHANNELS, n_samples], values);
    }
    arrays.insert_bytes("labels", &[labels.len()], labels);
    arrays.insert_bytes("subjects", &[subjects.len()], subjects);
    Ok(arrays)
}

/// The integers called `key`, all of which must lie in `range`.
fn numbers(
    dict: &BTreeMap<&str, Value<'_>>,
    key: &str,
    range: std::ops::Range<u8>,
) -> Result<Vec<u8>> {
    let number = |x: &i64| u8::try_from(*x).ok().filter(|x| range.contains(x));
    let numbers = match dict.get(key) {
        Some(Value::Array(Array { elements: Elements::I8(values), .. })) => {
            values.iter().map(number).collect::<Option<Vec<u8>>>()
        }
        _ => None,
    };
    numbers.ok_or_else(|| malformed(FILE, format!("`{key}` does not hold integers in {range:?}")))
}

/// The values of a recording [samples, 6], channel first, and the number of samples.
fn channel_first(recording: &Value<'_>) -> Option<(Vec<f32>, usize)> {
    let Value::Array(Array { shape, column_major, elements: Elements::F8(values) }) = recording
    else {
        return None;
    };
    let &[n_samples, N_CHANNELS] = shape.as_slice() else {
        return None;
    };
    let at = |channel: usize, sample: usize| match column_major {
        true => values[channel * n_samples + sample],
        false => values[sample * N_CHANNELS + channel],
    };
    let channel = |channel| (0..n_samples).map(move |sample| at(channel, sample) as f32);
    Some(((0..N_CHANNELS).flat_map(channel).collect(), n_samples))
}

fn load(arrays: &Arrays, params: &Params) -> Result<Dataset> {
    let window = params.count("window");
    let subjects = Subjects::of_draw(draw(params));
    let splits = Splits {
        train: windows(arrays, window, &subjects.train)?,
        validation: windows(arrays, window, &subjects.validation)?,
        test: windows(arrays, window, &subjects.test)?,
        further: Vec::new(),
    };
    assemble(Kind::Classification, modalities(params), (ENTRY.build.classes)(params), splits)
}

/// The subjects of every split, numbered from 1.
struct Subjects {
    train: Vec<u8>,
    validation: Vec<u8>,
    test: Vec<u8>,
}

impl Subjects {
    /// Repeated cross-validation. The subjects stand in a circle, in the first round by number, in
    /// later ones shuffled; fold f tests on those at places 2f and 2f + 1 and validates on the next
    /// two, so that in every round everybody is test once and validation once.
    fn of_draw(draw: u64) -> Self {
        let (round, fold) = (draw / N_FOLDS as u64, draw % N_FOLDS as u64);
        let mut order: Vec<u8> = (1..=N_SUBJECTS).collect();
        if 0 < round {
            let places = Stream::new(round, "watch/subjects").permutation(order.len());
            order = places.into_iter().map(|place| order[place]).collect();
        }
        order.rotate_left(2 * fold as usize);
        let train = order.split_off(4);
        let validation = order.split_off(2);
        Self { train, validation, test: order }
    }
}

/// Every window of the recordings of `subjects`, in the order of the file.
fn windows(arrays: &Arrays, window: usize, subjects: &[u8]) -> Result<Split> {
    let (_, labels) = arrays.bytes("labels")?;
    let (_, owners) = arrays.bytes("subjects")?;
    let (mut features, mut classes) = ([Vec::new(), Vec::new()], Vec::new());
    for (at, (&label, owner)) in labels.iter().zip(owners).enumerate() {
        if !subjects.contains(owner) {
            continue;
        }
        let (shape, values) = arrays.floats(&format!("recording-{at}"))?;
        let n_samples = shape[1];
        for start in (0..(n_samples + 1).saturating_sub(window)).step_by(window / 2) {
            for (channel, series) in values.chunks_exact(n_samples).enumerate() {
                let modality = channel / (N_CHANNELS / 2);
                features[modality].extend(&series[start..start + window]);
            }
            classes.push(label.into());
        }
    }
    let size = N_CHANNELS / 2 * window;
    let features = features.map(|values| Column::in_memory(size, values));
    Ok(Split { features: features.into(), targets: Targets::Classes(classes) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::formats::npy::tests::npy_file;
    use crate::data::formats::pickle::tests::Writer;
    use crate::registry::Value as Param;

    /// Two recordings a subject, of 50 samples; a sample's value is its subject, and its time in
    /// the last channel.
    fn raw_files(first_label: i64) -> RawFiles {
        let subjects: Vec<i64> = (0..20).map(|at| 1 + at / 2).collect();
        let mut labels: Vec<i64> = (0..20).map(|at| at % 7).collect();
        labels[0] = first_label;
        let pickle = Writer::dictionary(|w| {
            w.text("X");
            w.list(|w| {
                for (at, &subject) in subjects.iter().enumerate() {
                    let is_column_major = at % 2 == 0;
                    let value =
                        |channel, sample| if channel == 5 { sample as f64 } else { subject as f64 };
                    let values: Vec<f64> = if is_column_major {
                        (0..300).map(|i| value(i / 50, i % 50)).collect()
                    } else {
                        (0..300).map(|i| value(i % 6, i / 6)).collect()
                    };
                    w.matrix([50, 6], is_column_major, &values);
                }
            });
            w.text("y");
            w.integers(&labels);
            w.text("subject");
            w.integers(&subjects);
        });
        let mut raw = RawFiles::default();
        raw.insert(FILE, npy_file("|O", "()", &pickle));
        raw
    }

    #[test]
    fn recordings_of_either_order_are_cut_alike() {
        let arrays = convert(&raw_files(0)).unwrap();
        let split = windows(&arrays, 20, &[4]).unwrap();
        // 50 samples hold windows at 0, 10, 20 and 30; the second recording repeats the first.
        assert_eq!(split.targets, Targets::Classes(vec![6, 6, 6, 6, 0, 0, 0, 0]));
        let [accelerometer, gyroscope] = [0, 1].map(|m| split.features[m].values().unwrap());
        assert!(accelerometer.iter().all(|&x| x == 4.0));
        assert_eq!(gyroscope[..240], gyroscope[240..]);
        let last_channel: Vec<f32> = (10..30).map(|x| x as f32).collect();
        assert_eq!(gyroscope[60 + 40..60 + 60], last_channel);
    }

    #[test]
    fn no_subject_stands_in_two_splits_and_everybody_is_tested_once_a_round() {
        let everybody: Vec<u8> = (1..=N_SUBJECTS).collect();
        let mut rounds = Vec::new();
        for round in 0..4 {
            let mut tested = Vec::new();
            for fold in 0..5 {
                let Subjects { train, validation, test } = Subjects::of_draw(5 * round + fold);
                let mut all = [train, validation, test.clone()].concat();
                all.sort_unstable();
                assert_eq!(all, everybody);
                tested.extend(test);
            }
            rounds.push(tested.clone());
            tested.sort_unstable();
            assert_eq!(tested, everybody);
        }
        assert_eq!(rounds[0], everybody, "the first round is by number");
        assert!((1..4).all(|round| rounds[round] != rounds[round - 1]), "{rounds:?}");
        assert_eq!(Subjects::of_draw(4).validation, [1, 2]);
    }

    #[test]
    fn the_validation_split_is_as_large_as_its_subjects_make_it() {
        let n = |draw| validation_windows(&Params([("draw".to_string(), draw)].into()));
        assert_eq!([0, 1, 4].map(|fold| n(Param::Int(fold))), [600, 968, 1101]);
        assert_eq!(n(Param::Text("seed".into())), 935);
    }

    /// What is declared to the protocol's checks, held against windows that carry their subject.
    #[test]
    fn the_declared_disjointness_by_subject_holds_in_the_windows() {
        let arrays = convert(&raw_files(0)).unwrap();
        assert_eq!(SUBJECTS.overlap, Overlap::Disjoint);
        for draw in 0..10 {
            let subjects = Subjects::of_draw(draw);
            let inside = |subjects: &[u8]| {
                let split = windows(&arrays, 20, subjects).unwrap();
                let owners = split.features[0].values().unwrap();
                let owners = owners.iter().map(|&owner| owner as u8);
                owners.collect::<std::collections::BTreeSet<u8>>()
            };
            let (train, validation, test) =
                (inside(&subjects.train), inside(&subjects.validation), inside(&subjects.test));
            assert_eq!((train.len(), validation.len(), test.len()), (6, 2, 2));
            assert!(test.is_disjoint(&train) && test.is_disjoint(&validation));
            assert!(train.is_disjoint(&validation));
        }
    }

    #[test]
    fn draws_differ_and_loads_repeat() {
        let arrays = convert(&raw_files(0)).unwrap();
        let content = |draw| {
            let mut params = Params::defaults(ENTRY.params);
            params.0.insert("window".into(), Param::Int(20));
            params.0.insert("draw".into(), Param::Int(draw));
            load(&arrays, &params).unwrap().content
        };
        assert_eq!(content(0), content(0));
        assert_ne!(content(0), content(1));
    }

    #[test]
    fn unexpected_contents_are_refused() {
        let message = convert(&raw_files(7)).unwrap_err().message;
        assert_eq!(message, "watch_dataset.npy: `y` does not hold integers in 0..7");
        let mut raw = RawFiles::default();
        raw.insert(FILE, npy_file("<i8", "(1,)", &[0; 8]));
        assert!(convert(&raw).unwrap_err().message.contains("pickled"));
    }
}
