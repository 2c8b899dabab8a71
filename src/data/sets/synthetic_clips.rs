//! Made clips in the shape of the field's data: a spectrogram, and some frames of a picture.
//!
//! Every example of a class shows waves of one direction, with a phase of its own, in noise of
//! standard deviation 1; in the frames the waves move. The directions of the classes divide the half
//! turn evenly, from a random first one of each modality. The signal is the amplitude of the waves.

use super::made::{classes, count, examples, labels, partition, signal, splits};
use crate::data::assemble::assemble;
use crate::data::column::Column;
use crate::data::draw::{DRAW, draw};
use crate::data::targets::Targets;
use crate::data::{Dataset, DatasetParts, Modality, Origin, Shape, Split};
use crate::error::Result;
use crate::registry::{Entry, Params};
use crate::stream::Stream;
use crate::task::{CLASSIFICATION, Kind};
use std::f64::consts::PI;

/// The pixels from crest to crest.
const WAVELENGTH: f64 = 8.0;
/// The waves that pass from a frame to the next.
const SPEED: f64 = 0.2;

pub(in crate::data) const ENTRY: Entry<DatasetParts> = Entry {
    name: "synthetic-clips",
    summary: "made spectrograms and clips with a known imbalance between them; needs no files",
    params: &[
        count("classes", "number of classes", [2, 16], 6),
        count("train", "training examples", [16, 100_000], 240),
        count("validation", "validation examples", [16, 100_000], 60),
        count("test", "test examples", [16, 100_000], 120),
        count("size", "height and width in pixels", [16, 256], 64),
        count("frames", "frames of a clip", [1, 16], 1),
        signal("signal_audio", "amplitude in the spectrogram, in deviations of its noise", 1.0),
        signal("signal_video", "amplitude in the frames, in deviations of their noise", 0.5),
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
    let (size, frames) = (params.count("size"), params.count("frames"));
    vec![
        Modality {
            name: "audio".into(),
            shape: Shape::Image { channels: 1, height: size, width: size },
        },
        Modality {
            name: "video".into(),
            shape: Shape::Clip { channels: 3, frames, height: size, width: size },
        },
    ]
}

fn load(params: &Params) -> Result<Dataset> {
    let modalities = modalities(params);
    let split = |part: &str| {
        let labels = labels(params, part);
        let features =
            modalities.iter().map(|modality| features(params, part, modality, &labels)).collect();
        Split { features, targets: Targets::Classes(labels) }
    };
    let splits = splits(split);
    assemble(Kind::Classification, modalities, classes(params), splits)
}

/// The values of a modality: `[channel, frame, row, column]` of each example.
fn features(params: &Params, part: &str, modality: &Modality, labels: &[u32]) -> Column {
    let (size, n_classes) = (params.count("size"), params.count("classes"));
    let signal = params.float(&format!("signal_{}", modality.name));
    let frames = match modality.shape {
        Shape::Clip { frames, .. } => frames,
        _ => 1,
    };
    let key = |what: &str| format!("synthetic-clips/{what}/{}", modality.name);
    let first = Stream::new(draw(params), &key("direction")).uniform();
    let mut phases = Stream::new(draw(params), &key(&format!("phase/{part}")));
    let mut noise = Stream::new(draw(params), &key(&format!("noise/{part}")));
    let n = modality.shape.size();
    let mut values = vec![0.0_f32; labels.len() * n];
    noise.fill_normal(&mut values, |x| x as f32);
    for (label, values) in labels.iter().zip(values.chunks_exact_mut(n)) {
        let angle = PI * (first + f64::from(*label)) / n_classes as f64;
        let (down, right) = libm::sincos(angle);
        let phase = phases.uniform();
        for (at, value) in values.iter_mut().enumerate() {
            let (frame, row, column) = (at / (size * size) % frames, at / size % size, at % size);
            let along = (column as f64 * right + row as f64 * down) / WAVELENGTH;
            let turns = along + phase + SPEED * frame as f64;
            *value += (signal * libm::cos(2.0 * PI * turns)) as f32;
        }
    }
    Column::in_memory(n, values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Value;

    #[test]
    fn a_clip_shows_moving_waves_of_its_class_in_noise() {
        let mut params = Params::defaults(ENTRY.params);
        for (key, value) in [("frames", 2), ("size", 16), ("train", 32)] {
            params.0.insert(key.into(), Value::Int(value));
        }
        params.0.insert("signal_audio".into(), Value::Float(0.0));
        params.0.insert("signal_video".into(), Value::Float(50.0));
        let data = load(&params).unwrap();
        let [audio, video] = [0, 1].map(|m| data.train.features[m].values().unwrap());
        let mean = audio.iter().map(|x| f64::from(*x)).sum::<f64>() / audio.len() as f64;
        assert!(mean.abs() < 0.05 && audio.iter().all(|x| x.abs() < 7.0), "noise alone");
        // Channels show the same waves, frames shifted ones.
        let frame = 16 * 16;
        let apart = |a: usize, b: usize| {
            let pairs = video[a..a + frame].iter().zip(&video[b..b + frame]);
            pairs.map(|(a, b)| (a - b).abs()).sum::<f32>() / frame as f32
        };
        assert!(apart(0, 2 * frame) < 0.1 * apart(0, frame));
    }
}
