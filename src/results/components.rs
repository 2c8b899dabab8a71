//! Cells that were trained both on one split and on a split for every replicate.

use super::cell::CellResults;
use crate::data::draw::{follows_seed, with_draw};
use crate::registry::{SEED, Value};
use crate::stats::components::{Components, components};

/// A cell whose replicates draw their own split, and the same cell on one split.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    /// The places of both among the cells of the analysis.
    pub drawn: usize,
    pub fixed: usize,
    /// In the unit of the metric; `None` below two finished runs of either.
    pub components: Option<Components>,
}

/// Every cell that is there in both forms, in the order of the suite.
pub fn spreads(cells: &[CellResults<'_>]) -> Vec<Spread> {
    let follows = |cell: &CellResults<'_>| follows_seed(&cell.input.spec.dataset.params);
    let values = |place: usize| -> Vec<f64> {
        cells[place].values().into_iter().map(|(_, value)| value).collect()
    };
    let drawn = cells.iter().enumerate().filter(|(_, cell)| follows(cell));
    let found = drawn.filter_map(|(drawn, cell)| {
        let same = |other: &CellResults<'_>| !follows(other) && is_same(cell, other);
        let fixed = cells.iter().position(same)?;
        Some(Spread { drawn, fixed, components: components(&values(drawn), &values(fixed)) })
    });
    found.collect()
}

/// Whether two cells differ in nothing but the draw of the data.
fn is_same(a: &CellResults<'_>, b: &CellResults<'_>) -> bool {
    let without_draw = |cell: &CellResults<'_>| {
        let mut spec = cell.input.spec.clone();
        spec.dataset = with_draw(&spec.dataset, Value::Text(SEED.into()));
        spec.data_manifest = a.input.spec.data_manifest;
        spec.needs.clear();
        spec
    };
    a.input.spec.dataset.name == b.input.spec.dataset.name && without_draw(a) == without_draw(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::analysis::Analysis;
    use crate::results::fixture;

    #[test]
    fn a_cell_on_one_split_is_found_for_the_one_on_many() {
        let mut input = fixture::tiny();
        let mut drawn = input.cells[0].clone();
        assert!(spreads(&Analysis::new(&input).cells).is_empty());
        drawn.dataset = "digits, drawn".into();
        drawn.spec.dataset = with_draw(&drawn.spec.dataset, Value::Text(SEED.into()));
        for cell in &mut input.cells {
            cell.spec.dataset = with_draw(&cell.spec.dataset, Value::Int(0));
        }
        input.cells.push(drawn);
        let analysis = Analysis::new(&input);
        let found = spreads(&analysis.cells);
        assert_eq!((found.len(), found[0].drawn, found[0].fixed), (1, input.cells.len() - 1, 0));
        assert_eq!(found[0].components.unwrap().split, 0.0, "the same values");
    }
}
