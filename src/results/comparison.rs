//! Every strategy against joint training: which cells are compared, and the verdicts.

use crate::figure::data::Role;
use crate::results::cell::CellResults;
use crate::stats::holm::holm;
use crate::stats::paired::{Paired, by_seed, paired};
use crate::suite::run::CellSpec;

/// The level of the whole family of comparisons of a report.
pub const ALPHA: f64 = 0.05;

/// A cell against joint training under the same fusion on the same data set.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The places of both cells among those of the analysis.
    pub cell: usize,
    pub baseline: usize,
    /// Differences of the primary metric; `None` without a pair of finished runs.
    pub paired: Option<Paired>,
    /// The p value after Holm's correction over the report.
    pub holm: Option<f64>,
    pub verdict: Verdict,
}

/// What a comparison shows at [`ALPHA`] after Holm's correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Positive,
    Negative,
    NotDistinguishable,
    /// Fewer than two pairs, or pairs that all differ by the same amount.
    Untested,
}

impl Verdict {
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Positive => "positive",
            Verdict::Negative => "negative",
            Verdict::NotDistinguishable => "not distinguishable",
            Verdict::Untested => "not testable",
        }
    }
}

/// Compares every strategy with its baseline, where both follow one protocol.
pub fn compare(cells: &[CellResults<'_>]) -> Vec<Comparison> {
    let mut comparisons: Vec<Comparison> = candidates(cells)
        .filter(|(cell, baseline)| comparable(&cells[*cell], &cells[*baseline]))
        .map(|(cell, baseline)| {
            let differences = by_seed(&cells[cell].values(), &cells[baseline].values());
            let paired = paired(&differences);
            Comparison { cell, baseline, paired, holm: None, verdict: Verdict::Untested }
        })
        .collect();
    let p_values: Vec<Option<f64>> =
        comparisons.iter().map(|comparison| comparison.paired.and_then(|test| test.p)).collect();
    for (comparison, adjusted) in comparisons.iter_mut().zip(holm(&p_values)) {
        comparison.holm = adjusted;
        comparison.verdict = match (adjusted, comparison.paired) {
            (Some(p), Some(test)) if p < ALPHA => {
                match 0.0 < cells[comparison.cell].metric().better.sign() * test.difference.mean {
                    true => Verdict::Positive,
                    false => Verdict::Negative,
                }
            }
            (Some(_), Some(_)) => Verdict::NotDistinguishable,
            _ => Verdict::Untested,
        };
    }
    comparisons
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
    use crate::results::comparison::Verdict;
    use crate::results::fixture;

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
        for (sign, verdict) in [(1.0, Verdict::Positive), (-1.0, Verdict::Negative)] {
            let reference = input.cells[baseline].clone();
            let gains = [0.1, 0.1002, 0.0999, 0.1001, 0.0998];
            for (i, record) in input.cells[place].records.iter_mut().enumerate() {
                record.spec.cell.protocol = reference.spec.protocol.clone();
                record.epochs = reference.records[i].epochs.clone();
                for epoch in &mut record.epochs {
                    epoch.test.shift("accuracy", sign * gains[i]);
                }
            }
            assert_eq!(Analysis::new(&input).comparisons[0].verdict, verdict);
        }
    }
}
