//! Every strategy against joint training: which cells are compared, and what is concluded.
//!
//! Three families of tests, stated before anything is trained: effects of strategies on data sets are
//! the primary one ([`Effect`]); single cells are tested within those that were found there; variants
//! of strategies are an exploration.

use super::cell::CellResults;
use super::effect::{Effect, effects};
use super::verdict::{Correction, Judged, judge};
use crate::figure::data::Role;
use crate::stats::paired::{by_seed, paired};
use crate::suite::run::CellSpec;
use std::collections::BTreeMap;

/// A cell against joint training under the same fusion on the same data set.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The places of both cells among those of the analysis.
    pub cell: usize,
    pub baseline: usize,
    /// Among the single cells of the report, or among its variants.
    pub judged: Judged,
}

/// The effects of all strategies, and the comparison of every cell, in the order of the suite.
pub fn compare(cells: &[CellResults<'_>], margin: f64) -> (Vec<Effect>, Vec<Comparison>) {
    let pairs: Vec<(usize, usize)> = candidates(cells)
        .filter(|(cell, baseline)| comparable(&cells[*cell], &cells[*baseline]))
        .collect();
    let is_main = |(cell, _): &(usize, usize)| cells[*cell].variant_of.is_none();
    let (main, variants): (Vec<_>, Vec<_>) = pairs.into_iter().partition(is_main);
    let effects = effects(cells, &main, margin);
    let family = |pairs: &[(usize, usize)], correction| {
        let tests = pairs.iter().map(|(cell, baseline)| {
            let (cell, baseline) = (&cells[*cell], &cells[*baseline]);
            (paired(&by_seed(&cell.values(), &baseline.values())), cell.metric())
        });
        let judged = judge(&tests.collect::<Vec<_>>(), margin, correction);
        let judged = pairs.iter().zip(judged);
        judged
            .map(|((cell, baseline), judged)| Comparison {
                cell: *cell,
                baseline: *baseline,
                judged,
            })
            .collect::<Vec<_>>()
    };
    let mut comparisons = family(&main, Correction::Holm);
    let of_cells = |effect: &Effect| {
        let p = effect.judged.p;
        effect.pairs.iter().map(move |(cell, _)| (*cell, p)).collect::<Vec<_>>()
    };
    let gates: BTreeMap<usize, Option<f64>> = effects.iter().flat_map(of_cells).collect();
    for comparison in &mut comparisons {
        let gate = gates.get(&comparison.cell).copied().flatten();
        comparison.judged = comparison.judged.gated(gate, cells[comparison.cell].metric());
    }
    comparisons.extend(family(&variants, Correction::FalseDiscoveryRate));
    comparisons.sort_by_key(|comparison| comparison.cell);
    (effects, comparisons)
}

/// Every strategy with the joint cell of its data set and fusion, comparable or not.
pub fn candidates<'a>(cells: &'a [CellResults<'_>]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let strategies = cells.iter().enumerate().filter(|(_, cell)| cell.role == Role::Strategy);
    strategies.filter_map(|(place, cell)| Some((place, baseline(cells, cell)?)))
}

/// The joint cell of the same data set and fusion: the one under the same protocol, if any.
fn baseline(cells: &[CellResults<'_>], cell: &CellResults<'_>) -> Option<usize> {
    let matches = |other: &CellResults<'_>| {
        other.role == Role::Baseline
            && other.input.dataset == cell.input.dataset
            && other.input.fusion == cell.input.fusion
    };
    let same_protocol = |other: &CellResults<'_>| matches(other) && comparable(cell, other);
    cells.iter().position(same_protocol).or_else(|| cells.iter().position(matches))
}

/// Whether two cells differ in nothing but strategy and score estimator.
pub fn comparable(a: &CellResults<'_>, b: &CellResults<'_>) -> bool {
    fn compared(spec: &CellSpec) -> impl PartialEq + '_ {
        (
            &spec.dataset,
            spec.data_manifest,
            &spec.branches,
            &spec.fusion,
            &spec.protocol,
            &spec.backend,
        )
    }
    compared(&a.input.spec) == compared(&b.input.spec)
}

#[cfg(test)]
mod tests {
    use crate::results::analysis::Analysis;
    use crate::results::fixture;
    use crate::results::verdict::Verdict;

    #[test]
    fn cells_of_different_protocols_are_not_compared() {
        let mut input = fixture::small();
        let before = Analysis::new(&input).comparisons.len();
        let strategy = Analysis::new(&input).comparisons[0].cell;
        input.cells[strategy].spec.protocol.epochs += 1;
        assert_eq!(Analysis::new(&input).comparisons.len(), before - 1);
    }

    #[test]
    fn a_large_steady_gain_is_positive_and_its_mirror_negative() {
        let mut input = fixture::small();
        let place = Analysis::new(&input).comparisons[0].cell;
        let baseline = Analysis::new(&input).comparisons[0].baseline;
        for (sign, verdict) in [(1.0, Verdict::Better), (-1.0, Verdict::Worse)] {
            let reference = input.cells[baseline].clone();
            let gains = [0.1, 0.1002, 0.0999, 0.1001, 0.0998];
            for (i, record) in input.cells[place].records.iter_mut().enumerate() {
                record.spec.cell.protocol = reference.spec.protocol.clone();
                record.epochs = reference.records[i].epochs.clone();
                for epoch in &mut record.epochs {
                    epoch.test.shift("accuracy", sign * gains[i]);
                }
            }
            assert_eq!(Analysis::new(&input).effects[0].judged.verdict, verdict);
        }
    }
}
