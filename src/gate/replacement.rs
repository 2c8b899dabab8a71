//! A baseline beside the one that it would replace.

use super::Sample;
use super::baseline::{AcceptedCell, Baseline};
use serde::Serialize;

/// A cell in an old and a new baseline. Scores are in the metric's unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// The cell in a line.
    pub label: String,
    /// `None` where the cell is new.
    pub old: Option<Sample>,
    /// `None` where the cell is gone.
    pub new: Option<Sample>,
    /// The seeds that both have, and those of them whose roots are equal.
    pub seeds: usize,
    pub equal: usize,
}

impl Side {
    /// The difference of the means, new less old; `None` where a side is missing.
    pub fn change(&self) -> Option<f64> {
        Some(self.new?.mean - self.old?.mean)
    }
}

/// Every cell of either baseline, in the order of the new one, then those that are gone. A
/// baseline of another metric has no cells to stand beside the new ones.
pub fn side_by_side(old: Option<&Baseline>, new: &Baseline) -> Vec<Side> {
    let old = old.filter(|old| old.metric == new.metric).map_or(&[][..], |old| &old.cells);
    let same = |a: &AcceptedCell, b: &AcceptedCell| a.label() == b.label();
    let mut sides: Vec<Side> = new
        .cells
        .iter()
        .map(|cell| side(old.iter().find(|old| same(old, cell)), Some(cell)))
        .collect();
    let gone = old.iter().filter(|old| !new.cells.iter().any(|cell| same(old, cell)));
    sides.extend(gone.map(|old| side(Some(old), None)));
    sides
}

fn side(old: Option<&AcceptedCell>, new: Option<&AcceptedCell>) -> Side {
    let runs = |cell: Option<&AcceptedCell>| cell.map_or(Vec::new(), |cell| cell.runs.clone());
    let (before, after) = (runs(old), runs(new));
    let pairs =
        before.iter().filter_map(|old| Some((old, after.iter().find(|new| new.seed == old.seed)?)));
    let equal: Vec<bool> = pairs.map(|(old, new)| old.root == new.root).collect();
    let sample = |cell: &AcceptedCell| Sample::of(&cell.scores());
    Side {
        label: new.or(old).map_or(String::new(), AcceptedCell::label),
        old: old.map(sample),
        new: new.map(sample),
        seeds: equal.len(),
        equal: equal.into_iter().filter(|equal| *equal).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Digest;
    use crate::results::fixture;
    use crate::task::metric::{ACCURACY, LOSS};

    #[test]
    fn cells_are_new_gone_changed_or_equal() {
        let old = Baseline::of(&fixture::tiny(), ACCURACY, 0.01, "").unwrap();
        let mut new = old.clone();
        new.cells[0].runs[0].score += 0.25;
        new.cells[0].runs[0].root = Digest::of(b"x");
        new.cells[1].strategy = "other".into();
        let sides = side_by_side(Some(&old), &new);
        let seen: Vec<(bool, bool, usize, usize)> = sides
            .iter()
            .map(|side| (side.old.is_some(), side.new.is_some(), side.seeds, side.equal))
            .collect();
        let n = old.cells.len();
        assert_eq!(seen.len(), n + 1);
        assert_eq!(seen[0], (true, true, 2, 1));
        assert_eq!(seen[1], (false, true, 0, 0));
        assert_eq!(seen[2], (true, true, 2, 2));
        assert_eq!(seen[n], (true, false, 0, 0));
        assert!((sides[0].change().unwrap() - 0.125).abs() < 1e-12);
        assert_eq!((sides[1].change(), sides[2].change()), (None, Some(0.0)));
    }

    #[test]
    fn another_metric_cannot_stand_beside() {
        let old = Baseline::of(&fixture::tiny(), LOSS, 0.01, "").unwrap();
        let new = Baseline::of(&fixture::tiny(), ACCURACY, 0.01, "").unwrap();
        assert!(side_by_side(Some(&old), &new).iter().all(|side| side.old.is_none()));
        assert!(side_by_side(None, &new).iter().all(|side| side.old.is_none()));
    }
}
