//! Several labels, of which any number holds.

use super::metric::{LOSS, MACRO_F1, MEAN_AVERAGE_PRECISION, MICRO_F1, SUBSET_ACCURACY};
use super::{Kind, Task};
use crate::registry::Entry;

/// The output is one logit per label; the loss is binary cross-entropy, the mean over labels, and
/// the score of a modality the mean over labels of the probability of the right decision.
pub const ENTRY: Entry<Task> = Entry {
    name: "multi-label",
    summary: "each of several labels, yes or no, by binary cross-entropy",
    params: &[],
    revision: 1,
    build: Task {
        kind: |_| Kind::MultiLabel,
        primary: MEAN_AVERAGE_PRECISION,
        beside: MICRO_F1,
        metrics: &[LOSS, MEAN_AVERAGE_PRECISION, MICRO_F1, MACRO_F1, SUBSET_ACCURACY],
    },
};
