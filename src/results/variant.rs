//! Which cells are variants: points of a sensitivity study, beside the cells of the product.

use crate::figure::data::Role;
use crate::registry::Value;
use crate::results::cell::CellResults;
use std::collections::BTreeMap;

/// For every cell, the place of the cell that it varies, if it is a variant.
///
/// A strategy with other parameters is a variant where the same data set and fusion have the
/// strategy with its defaults; and, without those, where an earlier cell differs in numbers alone.
/// Variants stand in tables and figures of their own: in those of the product they would be rows
/// that only one data set fills.
pub fn variants(cells: &[CellResults<'_>]) -> Vec<Option<usize>> {
    let main = |place| main(cells, place).filter(|main| *main != place);
    let is_strategy = |place: &usize| cells[*place].role == Role::Strategy;
    (0..cells.len()).map(|place| Some(place).filter(is_strategy).and_then(main)).collect()
}

fn main(cells: &[CellResults<'_>], place: usize) -> Option<usize> {
    let cell = &cells[place];
    let relatives = || {
        cells.iter().enumerate().filter(|(_, other)| {
            other.role == cell.role
                && other.input.dataset == cell.input.dataset
                && other.input.fusion == cell.input.fusion
                && other.input.spec.strategy.name == cell.input.spec.strategy.name
        })
    };
    let by_default = relatives().find(|(_, other)| is_default(other));
    if is_default(cell) {
        return Some(place);
    }
    let in_numbers = || relatives().find(|(_, other)| words(other) == words(cell));
    by_default.or_else(in_numbers).map(|(main, _)| main)
}

/// Whether the label names no parameter.
fn is_default(cell: &CellResults<'_>) -> bool {
    cell.input.strategy == cell.input.spec.strategy.name
}

/// The parameters of the strategy that are not numbers.
fn words<'a>(cell: &'a CellResults<'_>) -> BTreeMap<&'a str, &'a Value> {
    let params = cell.input.spec.strategy.params.0.iter();
    params
        .filter(|(_, value)| !matches!(value, Value::Float(_) | Value::Int(_)))
        .map(|(name, value)| (name.as_str(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::results::analysis::Analysis;
    use crate::results::fixture::{Block, suite};

    fn mains(strategies: &[&str]) -> Vec<Option<usize>> {
        let block = Block {
            dataset: "digits",
            modalities: &["audio", "image"],
            fusions: &["concat"],
            strategies,
        };
        let input = suite("one", &[block], 2, 2);
        Analysis::new(&input).cells.iter().map(|cell| cell.variant_of).collect()
    }

    #[test]
    fn other_parameters_are_variants_of_the_defaults_wherever_these_stand() {
        let strategies = ["joint", "ogm(alpha=0.1)", "ogm", "ogm(rule=other)", "opm", "unimodal"];
        assert_eq!(mains(&strategies), [None, Some(2), None, Some(2), None, None, None]);
    }

    #[test]
    fn without_defaults_a_grid_varies_its_first_point_and_a_named_choice_stands_alone() {
        let strategies = ["ogm(alpha=0.1)", "ogm(alpha=0.3)", "ogm(rule=other)"];
        assert_eq!(mains(&strategies), [None, Some(0), None]);
    }
}
