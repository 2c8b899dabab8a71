//! Cells that were trained both on one split and on a split for every replicate.

use super::cell::CellResults;
use crate::data::draw::{follows_seed, with_draw};
use crate::hash::Digest;
use crate::registry::{SEED, Value};
use crate::stats::components::{Components, components};
use crate::suite::run::CellSpec;

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
    let values = |place: usize| -> Vec<f64> {
        cells[place].values().into_iter().map(|(_, value)| value).collect()
    };
    let alike = cells.iter().map(|cell| without_draw(&cell.input.spec)).enumerate();
    let (drawn, fixed): (Vec<_>, Vec<_>) =
        alike.partition(|(place, _)| follows_seed(&cells[*place].input.spec.dataset.params));
    let found = drawn.into_iter().filter_map(|(drawn, alike)| {
        let &(fixed, _) = fixed.iter().find(|(_, other)| *other == alike)?;
        Some(Spread { drawn, fixed, components: components(&values(drawn), &values(fixed)) })
    });
    found.collect()
}

/// The description with one draw, whatever it is, and without what follows from it.
fn without_draw(spec: &CellSpec) -> CellSpec {
    CellSpec {
        dataset: with_draw(&spec.dataset, Value::Text(SEED.into())),
        data_manifest: Digest::of(b""),
        needs: Vec::new(),
        ..spec.clone()
    }
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
