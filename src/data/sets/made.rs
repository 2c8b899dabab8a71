//! What the made data sets share.

use crate::data::Split;
use crate::data::assemble::Splits;
use crate::data::partition::Partition;
use crate::registry::{Domain, Fallback, Param, Params};

/// A whole number.
pub(super) const fn count(
    name: &'static str,
    summary: &'static str,
    [min, max]: [i64; 2],
    default: i64,
) -> Param {
    Param { name, summary, domain: Domain::Int { min, max }, default: Fallback::Int(default) }
}

/// The strength of a modality's signal.
pub(super) const fn signal(name: &'static str, summary: &'static str, default: f64) -> Param {
    let domain = Domain::Float { min: 0.0, max: 1000.0 };
    Param { name, summary, domain, default: Fallback::Float(default) }
}

/// The numbers of training and of held-out examples.
pub(super) fn examples(params: &Params) -> (usize, usize) {
    (params.count("train"), params.count("validation") + params.count("test"))
}

pub(super) fn partition(params: &Params) -> Partition {
    Partition { n_validation: params.count("validation"), groups: &[], unlike_test: None }
}

/// The names of the classes: their numbers.
pub(super) fn classes(params: &Params) -> Vec<String> {
    (0..params.count("classes")).map(|class| class.to_string()).collect()
}

/// The labels of a split. Classes take turns, so they are as equally frequent as they can be.
pub(super) fn labels(params: &Params, part: &str) -> Vec<u32> {
    (0..params.count(part)).map(|at| (at % params.count("classes")) as u32).collect()
}

/// The splits, each of which `split` makes by its name.
pub(super) fn splits(split: impl Fn(&str) -> Split) -> Splits {
    Splits {
        train: split("train"),
        validation: split("validation"),
        test: split("test"),
        further: Vec::new(),
    }
}
