//! From records to statistics: what every table, figure and sentence of a report reads.

use super::cell::{CellResults, best};
use crate::figure::data::{Role, distinct};
use crate::record::RunRecord;
use crate::results::comparison::{Comparison, compare};
use crate::results::effect::Effect;
use crate::results::input::SuiteInput;
use crate::results::names::Stems;
use crate::results::variant::variants;
use crate::task::metric::Metric;

/// A report's input with everything computed from it.
#[derive(Debug)]
pub struct Analysis<'a> {
    pub input: &'a SuiteInput,
    /// In the order of the suite.
    pub cells: Vec<CellResults<'a>>,
    /// The primary family, in the order of the suite.
    pub effects: Vec<Effect>,
    /// In the order of the suite.
    pub comparisons: Vec<Comparison>,
    /// What the files about one data set, or one fusion method, are called.
    pub dataset_stems: Stems,
    pub fusion_stems: Stems,
}

impl<'a> Analysis<'a> {
    /// Computes every estimate and comparison.
    pub fn new(input: &'a SuiteInput) -> Self {
        let mut cells: Vec<CellResults<'a>> = input.cells.iter().map(CellResults::new).collect();
        for (place, main) in variants(&cells).into_iter().enumerate() {
            cells[place].variant_of = main;
        }
        let (effects, comparisons) = compare(&cells, input.margin);
        let dataset_stems = Stems::new(cells.iter().map(|cell| cell.input.dataset.as_str()));
        let fusion_stems = Stems::new(cells.iter().map(|cell| cell.input.fusion.as_str()));
        Self { input, cells, effects, comparisons, dataset_stems, fusion_stems }
    }

    /// The distinct data sets, in order.
    pub fn datasets(&self) -> Vec<&str> {
        distinct(self.cells.iter().map(|cell| cell.input.dataset.as_str()))
    }

    /// The distinct fusion methods of multimodal cells, in order.
    pub fn fusions(&self) -> Vec<&str> {
        let multimodal = self.cells.iter().filter(|cell| cell.role != Role::Unimodal);
        distinct(multimodal.map(|cell| cell.input.fusion.as_str()))
    }

    /// The cells of one data set with their places in `cells`, in order, those of one fusion together:
    /// a suite may list some of them later.
    pub fn of_dataset(&self, dataset: &str) -> impl Iterator<Item = (usize, &CellResults<'a>)> {
        let cells = self.cells.iter().enumerate();
        let mut cells: Vec<_> = cells.filter(|(_, cell)| cell.input.dataset == dataset).collect();
        let fusions = distinct(cells.iter().map(|(_, cell)| cell.input.fusion.as_str()));
        cells.sort_by_key(|(_, cell)| fusions.iter().position(|known| *known == cell.input.fusion));
        cells.into_iter()
    }

    /// The metric that the runs on one data set are judged by.
    pub fn metric(&self, dataset: &str) -> Option<Metric> {
        self.of_dataset(dataset).next().map(|(_, cell)| cell.metric())
    }

    /// The comparison of the cell at `place` with its baseline.
    pub fn comparison(&self, place: usize) -> Option<&Comparison> {
        self.comparisons.iter().find(|comparison| comparison.cell == place)
    }

    /// The distinct metrics that runs are judged by, in order.
    pub fn metrics(&self) -> Vec<Metric> {
        let mut metrics: Vec<Metric> = Vec::new();
        for cell in &self.cells {
            if !metrics.contains(&cell.metric()) {
                metrics.push(cell.metric());
            }
        }
        metrics
    }

    /// The cell with the best mean among those of one data set that are `eligible`.
    pub fn best(
        &self,
        dataset: &str,
        eligible: impl Fn(&CellResults<'a>) -> bool,
    ) -> Option<&CellResults<'a>> {
        best(self.of_dataset(dataset).filter(|(_, cell)| eligible(cell))).map(|(_, cell)| cell)
    }

    /// All records, in the order of cells and seeds.
    pub fn records(&self) -> impl Iterator<Item = &'a RunRecord> {
        self.input.cells.iter().flat_map(|cell| &cell.records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Selection;
    use crate::results::fixture;

    #[test]
    fn a_diverged_run_is_a_failure_with_its_reason() {
        let input = fixture::small();
        let analysis = Analysis::new(&input);
        let failed: Vec<&CellResults<'_>> =
            analysis.cells.iter().filter(|cell| !cell.failures.is_empty()).collect();
        let reasons: Vec<&str> =
            failed.iter().flat_map(|cell| &cell.failures).map(|(_, why)| why.as_str()).collect();
        assert!(
            reasons.contains(&"diverged in epoch 2, step 17: loss is not finite"),
            "{reasons:?}"
        );
        for cell in failed {
            assert_eq!(cell.runs.len() + cell.failures.len(), cell.input.seeds.len());
        }
    }

    #[test]
    fn a_planned_seed_without_a_trace_is_a_failure_too() {
        let mut input = fixture::small();
        input.cells[0].records.remove(0);
        let analysis = Analysis::new(&input);
        assert_eq!(analysis.cells[0].failures, [(0, "no record".to_string())]);
    }

    #[test]
    fn accuracy_is_that_of_the_epoch_that_the_protocol_selects() {
        let mut input = fixture::small();
        input.cells[0].records.truncate(1);
        let record = &mut input.cells[0].records[0];
        record.spec.cell.protocol.selection = Selection::Last;
        record.epochs.last_mut().unwrap().test.set("accuracy", 0.125);
        let analysis = Analysis::new(&input);
        assert_eq!(analysis.cells[0].value.unwrap().mean, 0.125);
        assert!(0.125 < analysis.cells[0].by_selection[2].unwrap().mean);
    }
}
