//! A number.

use super::metric::{CORRELATION, LOSS, MEAN_ABSOLUTE_ERROR, R_SQUARED, SIGN_ACCURACY};
use super::{Kind, Task};
use crate::registry::{ABOVE_ZERO, Domain, Entry, Fallback, Param};

/// The output is the prediction, in the unit of the target; the loss is the mean squared error.
///
/// The papers of OGM and OPM define the score of a modality for classification only, as the
/// probability of the truth. Ours for a number is `scale / (scale + |error|)`: 1 for a hit, one
/// half at an error of `scale`, monotone, and never 0, which a ratio of scores would not survive.
pub const ENTRY: Entry<Task> = Entry {
    name: "regression",
    summary: "a number, by mean squared error",
    params: &[Param {
        name: "scale",
        summary: "the error, in the unit of the target, at which a modality has half the score",
        domain: Domain::Float { min: ABOVE_ZERO, max: 1e9 },
        default: Fallback::Float(1.0),
    }],
    revision: 1,
    build: Task {
        kind: |params| Kind::Regression { scale: params.float("scale") },
        primary: MEAN_ABSOLUTE_ERROR,
        beside: CORRELATION,
        metrics: &[LOSS, MEAN_ABSOLUTE_ERROR, CORRELATION, SIGN_ACCURACY, R_SQUARED],
    },
};
