//! The statistical comparison of a whole suite: a small shift everywhere, which no cell shows.

use super::cell::Samples;
use crate::stats::{power, summary};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The runs of a cell by seed. Scores are signed so that more is better.
#[derive(Clone, Debug, PartialEq)]
pub struct BySeed {
    pub new: BTreeMap<u64, f64>,
    pub accepted: BTreeMap<u64, f64>,
    /// The pooled standard deviation of a run.
    pub spread: f64,
}

/// The mean change over cells, in standard deviations of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Whole {
    /// The cells that take part.
    pub cells: usize,
    /// Less than 0 is worse.
    pub change: f64,
    /// Half the width of the one-sided interval of the change.
    pub half_width: f64,
    /// The one-sided p value of a change for the worse.
    pub p: f64,
    pub regressed: bool,
    /// The smallest shift for the worse, of every cell alike, that is found with a probability of
    /// `power::POWER`.
    pub smallest_shift: Option<f64>,
    /// The mean standard deviation of a run, in the metric's unit, to read the others by.
    pub unit: f64,
}

/// Compares the mean standardised score of the cells at a one-sided `level`; `None` below two
/// cells, or where the cells have too few seeds in common.
///
/// The unit of the test is the seed, not the run: runs of one seed share their data's order and
/// their first weights, so their scores move together (in the full suite by a correlation of 0.2
/// within `mfeat`), and taking cells for independent would find shifts that are not there. Each
/// seed gives the mean over cells of its score in standard deviations, and the new seeds are
/// tested against the accepted ones. A cell whose few runs happen to be alike is measured by the
/// spread that is usual in the suite, so that it does not outweigh the others.
pub fn compare(cells: &[BySeed], level: f64) -> Option<Whole> {
    if cells.len() < 2 {
        return None;
    }
    let count = cells.len() as f64;
    let usual = (cells.iter().map(|cell| cell.spread * cell.spread).sum::<f64>() / count).sqrt();
    let units: Vec<f64> = cells.iter().map(|cell| cell.spread.max(usual)).collect();
    let means = |scores: fn(&BySeed) -> &BTreeMap<u64, f64>| -> Vec<f64> {
        let mean = |seed| {
            let standardised = cells.iter().zip(&units).map(|(cell, unit)| {
                let centre = summary::mean(&cell.accepted.values().copied().collect::<Vec<_>>());
                (scores(cell)[&seed] - centre.unwrap_or(0.0)) / unit
            });
            standardised.sum::<f64>() / count
        };
        common(cells.iter().map(scores)).into_iter().map(mean).collect()
    };
    let samples = Samples {
        new: means(|cell| &cell.new),
        accepted: means(|cell| &cell.accepted),
        // A tenth of the spread that the mean of independent cells has.
        floor: 0.1 / count.sqrt(),
    };
    let comparison = samples.compare()?;
    let shift = power::smallest_shift(level, comparison.freedom);
    Some(Whole {
        cells: cells.len(),
        change: comparison.change,
        half_width: comparison.half_width(level)?,
        p: comparison.p?,
        regressed: comparison.p? < level,
        smallest_shift: shift.map(|shift| shift * comparison.spread * comparison.scale),
        unit: units.iter().sum::<f64>() / count,
    })
}

/// The seeds that all cells have.
fn common<'a>(mut cells: impl Iterator<Item = &'a BTreeMap<u64, f64>>) -> BTreeSet<u64> {
    let first: BTreeSet<u64> = cells.next().into_iter().flat_map(BTreeMap::keys).copied().collect();
    cells.fold(first, |seeds, cell| {
        seeds.into_iter().filter(|seed| cell.contains_key(seed)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells whose accepted scores scatter by about 0.01, and whose new ones are lower by `drop`.
    fn cells(n: usize, drop: f64) -> Vec<BySeed> {
        let scores = |shift: f64, seeds: u64, cell: usize| {
            let score = |seed: u64| 0.01 * libm::sin((seed as usize * 17 + cell * 5) as f64);
            (0..seeds).map(|seed| (seed, 0.7 + score(seed) - shift)).collect()
        };
        let cell =
            |i| BySeed { new: scores(drop, 3, i), accepted: scores(0.0, 10, i), spread: 0.007 };
        (0..n).map(cell).collect()
    }

    #[test]
    fn a_small_shift_everywhere_is_found_and_a_gain_is_none() {
        assert!(!compare(&cells(24, 0.0), 0.05).unwrap().regressed);
        let shifted = compare(&cells(24, 0.006), 0.05).unwrap();
        assert!(shifted.regressed && shifted.p < 0.05, "{shifted:?}");
        assert!((shifted.unit - 0.007).abs() < 1e-12);
        assert!(!compare(&cells(24, -0.006), 0.05).unwrap().regressed);
    }

    #[test]
    fn only_common_seeds_count_and_too_few_are_not_tested() {
        let mut some = cells(4, 0.0);
        some[1].new.insert(99, -5.0);
        assert_eq!(compare(&some, 0.05), compare(&cells(4, 0.0), 0.05));
        for cell in &mut some {
            cell.new.retain(|seed, _| *seed == 0);
            cell.accepted.retain(|seed, _| *seed == 0);
        }
        assert_eq!(compare(&some, 0.05), None);
        assert_eq!(compare(&cells(1, 0.0), 0.05), None);
    }

    #[test]
    fn a_cell_of_equal_runs_does_not_outweigh_the_others() {
        let mut some = cells(24, 0.0);
        let before = compare(&some, 0.05).unwrap().change;
        some[0].spread = 1e-6;
        for score in some[0].new.values_mut() {
            *score -= 0.007;
        }
        // About one standard deviation in one of 24 cells, not thousands.
        let moved = before - compare(&some, 0.05).unwrap().change;
        assert!((moved - 1.0 / 24.0).abs() < 0.005, "{moved}");
    }
}
