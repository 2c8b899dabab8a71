//! The parameter that every random choice of a data set is keyed by.

use crate::error::{Error, Result};
use crate::registry::{Domain, Fallback, Param, Params, Part, SEED, Value};

pub(super) const DRAW: Param = Param {
    name: "draw",
    summary: "seed of everything random in the data, splits included: a number, for data that all \
              runs share, or `seed`, for data of each run's own seed",
    domain: Domain::Draw,
    default: Fallback::Int(0),
};

/// The seed of the data's random streams. The parameters are those of a run: see [`of_seed`].
pub(super) fn draw(params: &Params) -> u64 {
    params.count(DRAW.name) as u64
}

/// Whether the data follow the seed of the run.
pub fn follows_seed(params: &Params) -> bool {
    matches!(params.0.get(DRAW.name), Some(Value::Text(value)) if value == SEED)
}

/// The data set that a run with `seed` is trained on: `part` with the seed as its draw, where its
/// draw follows the seed.
pub fn of_seed(part: &Part, seed: u64) -> Part {
    // Suites have no larger seeds than a parameter may be.
    let draw = i64::try_from(seed).unwrap_or(i64::MAX);
    match follows_seed(&part.params) {
        true => with_draw(part, Value::Int(draw)),
        false => part.clone(),
    }
}

/// The data set with another draw.
pub fn with_draw(part: &Part, draw: Value) -> Part {
    let mut part = part.clone();
    part.params.0.insert(DRAW.name.into(), draw);
    part
}

/// Refuses parameters without the number that [`draw`] reads.
pub(super) fn check(params: &Params) -> Result<()> {
    match follows_seed(params) {
        false => Ok(()),
        true => Err(Error::unexpected("its draw follows the seed of a run, and no run is given")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_follows_the_seed_only_where_it_is_asked_to() {
        let part = |draw: Value| Part {
            name: "mfeat".into(),
            params: Params([("draw".to_string(), draw)].into()),
            revision: 1,
        };
        let follows = part(Value::Text(SEED.into()));
        assert_eq!(of_seed(&follows, 7), part(Value::Int(7)));
        assert_eq!(of_seed(&part(Value::Int(3)), 7), part(Value::Int(3)));
        assert!(check(&follows.params).is_err() && check(&part(Value::Int(0)).params).is_ok());
        assert_eq!(draw(&of_seed(&follows, 7).params), 7);
    }
}
