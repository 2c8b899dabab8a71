//! What a reader must know before believing a number, as the records show it: typed, and printed
//! with what it means. What the descriptions alone show is found by [`crate::lint`].

use crate::document::number::{count, points};
use crate::figure::data::{Role, distinct};
use crate::hash::Digest;
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::comparison::{candidates, comparable};
use crate::results::verdict::{ALPHA, Verdict};
use crate::stats::power::smallest_effect;
use std::collections::BTreeMap;
use std::fmt;

/// A reason for caution about a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Caveat {
    /// Cells with fewer finished runs than [`FEW`]; the fewest of them.
    FewSeeds { n_cells: usize, fewest: usize },
    /// Planned runs that diverged, failed or never ran.
    MissingRuns { n_missing: usize, n_planned: usize },
    /// Cells whose runs have the weights of those of an earlier cell after the last epoch, with that
    /// cell.
    TrainedIdentically { cells: Vec<String> },
    /// Records of several determinism classes: their roots cannot be compared to the bit.
    MixedClasses { n_classes: usize },
    /// Cells without a joint cell under the same fusion.
    NoBaseline { cells: Vec<String> },
    /// Cells whose runs start from other weights, or read other data, than the joint runs of the
    /// same seeds.
    PairsDiffer { cells: Vec<String> },
    /// Comparisons without a test.
    Untested { cells: Vec<String> },
    /// The largest smallest-detectable difference of the undecided effects that are judged by a
    /// fraction.
    LowPower { largest: f64 },
    /// What the reader of the records complained of.
    Reader(String),
}

/// Below this many runs an interval is wide and a test weak.
pub const FEW: usize = 5;
/// A difference of a fraction that a comparison ought to be able to show. Of other metrics the report
/// does not know which ones matter.
const WORTHWHILE: f64 = 0.02;

/// All caveats of a report, gravest first.
pub fn collect(analysis: &Analysis<'_>) -> Vec<Caveat> {
    let cells = &analysis.cells;
    let mut caveats = Vec::new();
    let mut add = |applies: bool, caveat: Caveat| {
        if applies {
            caveats.push(caveat);
        }
    };
    let n_missing = cells.iter().map(|cell| cell.failures.len()).sum();
    let n_planned = cells.iter().map(|cell| cell.runs.len() + cell.failures.len()).sum();
    add(n_missing > 0, Caveat::MissingRuns { n_missing, n_planned });

    let few: Vec<usize> =
        cells.iter().map(|cell| cell.runs.len()).filter(|n| (1..FEW).contains(n)).collect();
    let fewest = few.iter().copied().min().unwrap_or(0);
    add(!few.is_empty(), Caveat::FewSeeds { n_cells: few.len(), fewest });

    let fractions = analysis.effects.iter().filter(|effect| effect.metric.is_fraction());
    let undecided = fractions.filter(|effect| effect.judged.verdict == Verdict::Undecided);
    let largest = undecided.filter_map(|effect| effect.judged.detectable).fold(0.0, f64::max);
    add(largest > WORTHWHILE, Caveat::LowPower { largest });

    let pairs: Vec<(usize, usize)> = candidates(cells).collect();
    let which = |of: fn(&CellResults<'_>, &CellResults<'_>) -> bool| {
        let chosen = pairs.iter().filter(|(cell, base)| of(&cells[*cell], &cells[*base]));
        names(chosen.map(|(cell, _)| &cells[*cell]))
    };
    let alone = cells.iter().enumerate().filter(|(place, cell)| {
        cell.role == Role::Strategy && pairs.iter().all(|(paired, _)| paired != place)
    });
    let alone = names(alone.map(|(_, cell)| cell));
    add(!alone.is_empty(), Caveat::NoBaseline { cells: alone });
    let other = which(|cell, base| comparable(cell, base) && pairs_differ(cell, base));
    add(!other.is_empty(), Caveat::PairsDiffer { cells: other });
    let untested = analysis.comparisons.iter().filter(|c| c.judged.verdict == Verdict::Untested);
    let untested = names(untested.map(|comparison| &cells[comparison.cell]));
    add(!untested.is_empty(), Caveat::Untested { cells: untested });

    let same = trained_identically(cells);
    add(!same.is_empty(), Caveat::TrainedIdentically { cells: same });

    let classes: Vec<String> =
        analysis.records().map(|record| record.environment.class_id.to_string()).collect();
    let n_classes = distinct(classes.iter().map(String::as_str)).len();
    add(n_classes > 1, Caveat::MixedClasses { n_classes });
    caveats.extend(analysis.input.warnings.iter().cloned().map(Caveat::Reader));
    caveats
}

fn pairs_differ(cell: &CellResults<'_>, baseline: &CellResults<'_>) -> bool {
    cell.runs.iter().any(|run| {
        let matched = baseline.runs.iter().filter(|other| other.seed() == run.seed());
        matched.into_iter().any(|other| {
            other.record.initial_root != run.record.initial_root
                || other.record.data_content != run.record.data_content
        })
    })
}

/// Every cell that has trained nothing but the weights of an earlier one, seed by seed, with it.
/// Selection and optimizer are left aside: two optimizers that leave equal weights are one.
fn trained_identically(cells: &[CellResults<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    let mut trained: BTreeMap<(u64, Digest), usize> = BTreeMap::new();
    for (place, cell) in cells.iter().enumerate() {
        let weights: Vec<(u64, Digest)> = cell
            .runs
            .iter()
            .filter_map(|run| Some((run.seed(), run.record.epochs.last()?.root)))
            .collect();
        let known = |weights: &(u64, Digest)| trained.get(weights).copied();
        if let Some(first) = weights.iter().find_map(known) {
            let first_cell = &cells[first];
            let is_missing = |seed| first_cell.runs.iter().all(|run| run.seed() != seed);
            if weights.iter().all(|run| known(run) == Some(first) || is_missing(run.0)) {
                found.push(names([cell, first_cell].into_iter()).join(" = "));
            }
        }
        for weights in weights {
            trained.entry(weights).or_insert(place);
        }
    }
    found
}

fn names<'a, 'b: 'a>(cells: impl Iterator<Item = &'a CellResults<'b>>) -> Vec<String> {
    cells
        .map(|cell| format!("{} / {} / {}", cell.input.dataset, cell.fusion(), cell.strategy))
        .collect()
}

/// At most three names, and how many more there are.
fn list(names: &[String]) -> String {
    let shown = names.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
    match names.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Caveat::MissingRuns { n_missing, n_planned } => write!(
                f,
                "{n_missing} of {} diverged, failed or never ran; they are listed below, drawn as \
                 missing, and left out of every mean.",
                count(*n_planned, "planned run")
            ),
            Caveat::FewSeeds { n_cells, fewest } => {
                write!(
                    f,
                    "{} with fewer than {FEW} finished runs, the fewest having {fewest}.",
                    count(*n_cells, "cell")
                )?;
                match smallest_effect(*fewest, ALPHA) {
                    None => write!(f, " One run has neither an interval nor a test."),
                    Some(effect) => write!(
                        f,
                        " With {fewest} pairs, a difference must reach {effect:.1} standard \
                         deviations of the paired differences to be found four times in five by a \
                         test at 5 %, and more by one of many."
                    ),
                }
            }
            Caveat::LowPower { largest } => write!(
                f,
                "Undecided does not mean equal: of the undecided effects on data sets, the smallest \
                 difference that would have been found four times in five reaches {} points. It stands \
                 beside every comparison.",
                points(*largest).trim_start_matches('+')
            ),
            Caveat::NoBaseline { cells } => {
                write!(f, "There is no joint training to compare with for {}.", list(cells))
            }
            Caveat::PairsDiffer { cells } => write!(
                f,
                "Runs of one seed do not share initial weights or data with joint training, so \
                 pairing removes less noise: {}.",
                list(cells)
            ),
            Caveat::Untested { cells } => write!(
                f,
                "No test, for want of two pairs that differ by different amounts; they still count \
                 in Holm's family: {}.",
                list(cells)
            ),
            Caveat::TrainedIdentically { cells } => write!(
                f,
                "Trained identically: the runs of these cells have equal weights, so that each pair \
                 is one result and not two: {}.",
                list(cells)
            ),
            Caveat::MixedClasses { n_classes } => write!(
                f,
                "The records come from {n_classes} determinism classes: equal runs need not agree \
                 to the bit across them."
            ),
            Caveat::Reader(warning) => write!(f, "{warning}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixture;

    #[test]
    fn every_doubt_about_the_fixture_is_raised() {
        let mut input = fixture::small();
        input.warnings.push("a note".into());
        let strategy = Analysis::new(&input).comparisons[0].cell;
        input.cells[strategy].records[0].initial_root = crate::hash::Digest::of(b"other");
        input.cells[0].records[0].environment.class_id = crate::hash::Digest::of(b"class");
        let caveats = collect(&Analysis::new(&input));
        let raised = |matches: fn(&Caveat) -> bool| caveats.iter().any(matches);
        assert!(raised(|c| matches!(c, Caveat::MissingRuns { .. })));
        assert!(raised(|c| matches!(c, Caveat::PairsDiffer { .. })));
        assert!(raised(|c| matches!(c, Caveat::MixedClasses { n_classes: 2 })));
        assert!(raised(|c| matches!(c, Caveat::Untested { .. })));
        assert!(raised(|c| matches!(c, Caveat::Reader(_))));
        assert!(matches!(caveats[0], Caveat::MissingRuns { .. }), "the gravest comes first");
    }

    #[test]
    fn cells_that_trained_the_same_weights_are_named_together() {
        let mut input = fixture::small();
        let same = |input: &_| {
            collect(&Analysis::new(input)).into_iter().find_map(|caveat| match caveat {
                Caveat::TrainedIdentically { cells } => Some(cells),
                _ => None,
            })
        };
        assert_eq!(same(&input), None);
        let (first, second) = (1, 3);
        let records = input.cells[first].records.clone();
        assert!(1 < records.len() && records.len() == input.cells[second].records.len());
        for (record, other) in input.cells[second].records.iter_mut().zip(&records) {
            record.epochs.last_mut().unwrap().root = other.epochs.last().unwrap().root;
        }
        let analysis = Analysis::new(&input);
        let names = [second, first].map(|at| {
            let cell = &analysis.cells[at];
            format!("{} / {} / {}", cell.input.dataset, cell.fusion(), cell.strategy)
        });
        assert_eq!(same(&input), Some(vec![names.join(" = ")]));
        // One seed of several is a coincidence of two cells, not one cell.
        input.cells[second].records[0].epochs.last_mut().unwrap().root = Digest::of(b"other");
        assert_eq!(same(&input), None);
    }
}
