//! One class of several.

use super::metric::{ACCURACY, LOSS, MACRO_F1, MEAN_AVERAGE_PRECISION};
use super::{Kind, Task};
use crate::registry::Entry;

/// The output is one logit per class; the loss is cross-entropy, and the score of a modality the
/// probability of the true class.
pub const ENTRY: Entry<Task> = Entry {
    name: "classification",
    summary: "one class of several, by cross-entropy",
    params: &[],
    revision: 1,
    build: Task {
        kind: |_| Kind::Classification,
        primary: ACCURACY,
        beside: MACRO_F1,
        metrics: &[LOSS, ACCURACY, MACRO_F1, MEAN_AVERAGE_PRECISION],
    },
};
