//! One class of several for each segment of a clip, as audio-visual event localisation has it.

use super::metric::{ACCURACY, CLIP_ACCURACY, LOSS, MACRO_F1};
use super::{Kind, Task};
use crate::registry::{Domain, Entry, Fallback, Param, Params, Part, Value};

/// The output is one logit per class for each segment, segment after segment; the loss is the mean
/// over segments of cross-entropy, and the score of a modality the mean over segments of the
/// probability of the true class. Background is a class like any other.
///
/// All clips have equally many segments, so that the mean over clips of the accuracy in a clip is
/// the accuracy over all segments.
pub const ENTRY: Entry<Task> = Entry {
    name: "segments",
    summary: "one class of several for each segment of a clip, by cross-entropy",
    params: &[Param {
        name: "segments",
        summary: "the number of segments of every clip",
        domain: Domain::Int { min: 1, max: 100_000 },
        default: Fallback::Int(10),
    }],
    revision: 1,
    build: Task {
        kind: |params| Kind::Segments { segments: params.count("segments") },
        primary: ACCURACY,
        beside: MACRO_F1,
        metrics: &[LOSS, ACCURACY, MACRO_F1, CLIP_ACCURACY],
    },
};

/// The task with this number of segments a clip.
pub fn of(segments: usize) -> Part {
    let mut params = Params::defaults(ENTRY.params);
    params.0.insert("segments".into(), Value::Int(segments as i64));
    ENTRY.part(params)
}
