//! What the rules look at: cells, wherever they come from.

use crate::suite::Suite;
use crate::suite::run::CellSpec;
use std::collections::BTreeMap;

/// The name of the strategy that every other is compared with.
const BASELINE: &str = "joint";
/// The name of the strategy that trains one modality by itself.
const UNIMODAL: &str = "unimodal";

/// A cell of a suite, of a report or of a set of records.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Labels; cells with equal `dataset` are compared with each other.
    pub dataset: &'a str,
    pub fusion: &'a str,
    pub strategy: &'a str,
    pub spec: &'a CellSpec,
    pub seeds: Vec<u64>,
}

impl<'a> Subject<'a> {
    /// The cells of a suite that have a run, in its order.
    pub fn of_suite(suite: &'a Suite) -> Vec<Self> {
        let subject = |cell: &'a crate::suite::Cell| {
            Some(Self {
                dataset: &cell.dataset,
                fusion: &cell.fusion,
                strategy: &cell.strategy,
                spec: &cell.runs.first()?.cell,
                seeds: cell.runs.iter().map(|run| run.seed).collect(),
            })
        };
        suite.cells.iter().filter_map(subject).collect()
    }

    /// The cell in a line: `mfeat / concat / ogm`.
    pub fn label(&self) -> String {
        format!("{} / {} / {}", self.dataset, self.fusion, self.strategy)
    }

    pub(super) fn is_baseline(&self) -> bool {
        self.spec.strategy.name == BASELINE
    }

    pub(super) fn is_unimodal(&self) -> bool {
        self.spec.strategy.name == UNIMODAL
    }
}

/// The cells of every data set, in the order in which data sets first occur.
pub(super) fn by_dataset<'s, 'a>(subjects: &'s [Subject<'a>]) -> Vec<Vec<&'s Subject<'a>>> {
    let mut groups: Vec<Vec<&Subject<'a>>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for subject in subjects {
        let place = *places.entry(subject.dataset).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(subject);
    }
    groups
}
