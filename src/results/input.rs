//! What a report is made of: the suite as written, its planned cells, and what their runs left.

use super::items::Items;
use crate::lint::{Finding, Subject, lint};
use crate::record::RunRecord;
use crate::suite::run::{CellSpec, RunId};
use crate::task::Task;
use crate::task::metric::Metric;
use std::collections::BTreeMap;

/// A suite with everything that its runs left.
#[derive(Clone, Debug)]
pub struct SuiteInput {
    /// The suite's name: the name of its report's folder.
    pub suite: String,
    pub title: String,
    /// The suite's own prose, printed in the report.
    pub analysis: String,
    /// See [`crate::suite::Suite::margin`].
    pub margin: f64,
    /// The suite file as it was read.
    pub source_text: String,
    /// In the order of the suite.
    pub cells: Vec<CellInput>,
    /// What the reader of the records complained of.
    pub warnings: Vec<String>,
}

/// A planned cell and the records of its runs.
#[derive(Clone, Debug)]
pub struct CellInput {
    pub id: RunId,
    /// Labels, unambiguous within the suite.
    pub dataset: String,
    pub fusion: String,
    pub strategy: String,
    /// The preset that its protocol starts from.
    pub preset: String,
    /// What its runs learn, and what they are judged by.
    pub task: Task,
    /// The resolved description. A cell whose runs are all missing is still described.
    pub spec: CellSpec,
    /// The seeds that were planned.
    pub seeds: Vec<u64>,
    /// In seed order.
    pub records: Vec<RunRecord>,
    /// What they predict item by item, by seed: of tasks that predict classes, once it is read.
    pub items: BTreeMap<u64, Items>,
    /// Seeds without a record, and why.
    pub missing: Vec<(u64, String)>,
}

impl SuiteInput {
    /// What the protocol lint finds in the planned cells.
    pub fn lint(&self) -> Vec<Finding> {
        let subjects = self.cells.iter().map(|cell| Subject {
            dataset: &cell.dataset,
            fusion: &cell.fusion,
            strategy: &cell.strategy,
            spec: &cell.spec,
            seeds: cell.seeds.clone(),
        });
        lint(&subjects.collect::<Vec<_>>())
    }
}

impl CellInput {
    /// The metric that its runs are judged by.
    pub fn metric(&self) -> Metric {
        self.task.primary
    }

    /// The cell in a line: `mfeat / concat / ogm`.
    pub fn label(&self) -> String {
        format!("{} / {} / {}", self.dataset, self.fusion, self.strategy)
    }
}
