//! The parameter that every random choice of a data set is keyed by.

use crate::registry::{Domain, Fallback, Param, Params};

pub(super) const DRAW: Param = Param {
    name: "draw",
    summary: "seed of everything random in the data, independent of the seeds of the runs",
    domain: Domain::Int { min: 0, max: i64::MAX },
    default: Fallback::Int(0),
};

/// The seed of the data's random streams.
pub(super) fn draw(params: &Params) -> u64 {
    params.count(DRAW.name) as u64
}
