//! Runs that others need and that nobody has asked for.

use super::Cell;
use super::run::{RunId, RunSpec};
use crate::error::Result;
use std::collections::BTreeSet;

/// The runs that those of `cells` need and that are not among them, as cells: each once, and none
/// that is done, nor for a run that is done. `is_done` tells of a run by its id.
///
/// # Errors
/// When a run cannot be described, and those of `is_done`.
pub fn needed(
    cells: &[Cell],
    mut is_done: impl FnMut(&RunId) -> Result<bool>,
) -> Result<Vec<Cell>> {
    if cells.iter().flat_map(|cell| &cell.runs).all(|run| run.cell.needs.is_empty()) {
        return Ok(Vec::new());
    }
    let runs = |cell: &Cell| -> Vec<_> {
        cell.runs.iter().map(|run| (cell.id.clone(), run.seed)).collect()
    };
    let mut search = Search {
        known: cells.iter().flat_map(runs).collect(),
        found: Vec::new(),
        is_done: &mut is_done,
    };
    for cell in cells {
        for run in &cell.runs {
            search.visit(cell, run)?;
        }
    }
    Ok(search.found)
}

struct Search<'a> {
    /// Runs that are among the cells or were found before, by the ids of their cells.
    known: BTreeSet<(RunId, u64)>,
    found: Vec<Cell>,
    is_done: &'a mut dyn FnMut(&RunId) -> Result<bool>,
}

impl Search<'_> {
    /// Looks at what a run of `cell`, or one needed by such a run, needs itself.
    fn visit(&mut self, cell: &Cell, run: &RunSpec) -> Result<()> {
        if run.cell.needs.is_empty() || (self.is_done)(&run.id()?)? {
            return Ok(());
        }
        for need in run.needs() {
            let id = need.cell.id()?;
            if self.known.insert((id.clone(), need.seed)) && !(self.is_done)(&need.id()?)? {
                self.visit(cell, &need)?;
                self.add(cell, id, need);
            }
        }
        Ok(())
    }

    fn add(&mut self, cell: &Cell, id: RunId, run: RunSpec) {
        if let Some(found) = self.found.iter_mut().find(|found| found.id == id) {
            return found.runs.push(run);
        }
        let modalities = run.cell.modalities().join(", ");
        self.found.push(Cell {
            id,
            dataset: cell.dataset.clone(),
            fusion: run.cell.fusion.name.clone(),
            strategy: format!("{} {modalities}, needed", run.cell.strategy.name),
            preset: cell.preset.clone(),
            trace_every: cell.trace_every,
            runs: vec![run],
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Suite;
    use crate::suite::fixture::catalog;
    use std::path::Path;

    fn suite(strategies: &str) -> Suite {
        let text = format!(
            "suite: t\ntitle: T\nprotocol: small\nseeds: [0, 1]\n\
             datasets: [{{name: mfeat, views: [fac, zer]}}]\nfusion: [concat, sum]\n\
             strategies: [{strategies}]\n"
        );
        Suite::parse(&text, Path::new("t.yaml"), &catalog(), "cpu").unwrap()
    }

    fn found(strategies: &str, done: &[RunId]) -> Vec<(String, Vec<u64>)> {
        let cells = needed(&suite(strategies).cells, |id| Ok(done.contains(id))).unwrap();
        let seeds = |cell: &Cell| cell.runs.iter().map(|run| run.seed).collect();
        cells.iter().map(|cell| (cell.label(), seeds(cell))).collect()
    }

    #[test]
    fn a_strategy_needs_the_very_runs_of_unimodal() {
        let with = suite("taught, unimodal");
        let unimodal: Vec<_> = with.cells[1..=2].iter().map(|cell| cell.id.clone()).collect();
        let taught = &with.cells[0].runs[0];
        let needs: Vec<_> = taught.cell.needs.iter().map(|cell| cell.id().unwrap()).collect();
        assert_eq!(needs, unimodal);
        assert!(with.cells[1].runs[0].cell.needs.is_empty());
        assert_eq!(found("taught, unimodal", &[]), []);
    }

    #[test]
    fn what_nobody_asked_for_is_found_once_and_only_where_it_is_of_use() {
        let both = |seeds: &[u64]| {
            ["fac", "zer"]
                .map(|view| (format!("mfeat / concat / unimodal {view}, needed"), seeds.to_vec()))
        };
        assert_eq!(found("joint", &[]), []);
        assert_eq!(found("taught", &[]), both(&[0, 1]));
        assert_eq!(found("taught, {name: taught, warmup: 1}", &[]), both(&[0, 1]));
        // A teacher that is there already, and then a pupil for each of the fusions.
        let cells = suite("taught").cells;
        let run = |cell: usize, seed: usize| cells[cell].runs[seed].clone();
        let teacher = run(0, 1).needs()[0].id().unwrap();
        let [fac, zer] = both(&[0, 1]);
        assert_eq!(found("taught", &[teacher]), [(fac.0, vec![0]), zer]);
        let pupils = [run(0, 0), run(1, 0)].map(|run| run.id().unwrap());
        assert_eq!(
            found("taught", &pupils[..1]),
            both(&[0, 1]).map(|(label, _)| (label, vec![1, 0]))
        );
        assert_eq!(found("taught", &pupils), both(&[1]));
    }
}
