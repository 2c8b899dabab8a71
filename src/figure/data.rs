//! What figures are drawn from: finished numbers, nothing left to compute but geometry.

use crate::stats::summary::{Estimate, Interval};
use crate::task::metric::{ACCURACY, Metric};
use std::collections::BTreeMap;

/// Everything that the figures of one report show.
#[derive(Clone, Debug, Default)]
pub struct FigureData {
    /// Every strategy of the report but joint training and variants: gives each its look.
    pub palette: Vec<Swatch>,
    /// In the order of the suite.
    pub cells: Vec<PlottedCell>,
    /// In the order of the suite.
    pub comparisons: Vec<Comparison>,
    /// Of strategies on data sets, averaged over fusion methods, which are not named.
    pub effects: Vec<Comparison>,
}

/// A strategy that has a look of its own.
#[derive(Clone, Debug)]
pub struct Swatch {
    pub strategy: String,
    /// The strategy's name without parameters.
    pub method: String,
}

/// One cell: a strategy under one fusion on one data set.
#[derive(Clone, Debug)]
pub struct PlottedCell {
    pub dataset: String,
    pub fusion: String,
    /// The label, with the parameters that were varied.
    pub strategy: String,
    /// The strategy's name without parameters.
    pub method: String,
    /// The label of the strategy that this one varies, where it belongs to a sensitivity study.
    pub variant_of: Option<String>,
    pub role: Role,
    /// The numeric parameters of the strategy.
    pub parameters: BTreeMap<String, f64>,
    /// Whatever else two cells of one method may differ in, in words.
    pub setting: String,
    /// The names of the modalities that take part, in the order of branches.
    pub modalities: Vec<String>,
    /// The finished runs, in seed order.
    pub runs: Vec<Run>,
    /// The number of runs that diverged, failed or never ran.
    pub n_missing: usize,
    /// The metric that its runs are judged by.
    pub metric: Metric,
    /// It on the test split; `None` without a finished run.
    pub value: Option<Estimate>,
    /// The mean over seeds of a series over epochs, by name: `rho.<m>` (geometric mean),
    /// `k.<m>`, `q.<m>`; on the test split `value`, the metric, `value.<m>`, by one modality alone, and `probe.<m>`,
    /// by a linear probe of its encoder.
    pub curves: BTreeMap<String, Vec<f64>>,
}

/// What a cell stands for in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Joint training without any strategy.
    Baseline,
    /// One modality alone.
    Unimodal,
    Strategy,
}

/// The numbers of one finished run at its selected epoch.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// The metric on the test split.
    pub value: f64,
    /// The degree of imbalance, in the metric's unit.
    pub imbalance: f64,
    /// The multiply-adds of its training.
    pub multiply_adds: f64,
}

/// A strategy against joint training, by the metric of both.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub dataset: String,
    /// Empty of an average over fusion methods.
    pub fusion: String,
    pub strategy: String,
    /// See [`PlottedCell::variant_of`].
    pub is_variant: bool,
    pub metric: Metric,
    /// The mean difference; `None` where no pair of runs exists.
    pub mean: Option<f64>,
    pub interval: Option<Interval>,
    /// Whether its verdict is that there is a difference.
    pub differs: bool,
}

/// Cells that differ in one numeric parameter alone.
#[derive(Debug)]
pub struct Series<'a> {
    pub parameter: String,
    /// The values and cells, by increasing value.
    pub points: Vec<(f64, &'a PlottedCell)>,
}

impl FigureData {
    /// The distinct data sets, in order.
    pub fn datasets(&self) -> Vec<&str> {
        distinct(self.cells.iter().map(|cell| cell.dataset.as_str()))
    }

    /// What concerns one data set alone; colours stay.
    pub fn of_dataset(&self, dataset: &str) -> Self {
        let mut one = self.clone();
        one.cells.retain(|cell| cell.dataset == dataset);
        one.comparisons.retain(|comparison| comparison.dataset == dataset);
        one.effects.retain(|effect| effect.dataset == dataset);
        one
    }

    /// The distinct metrics that runs are judged by, in order.
    pub fn metrics(&self) -> Vec<Metric> {
        self.cells.iter().fold(Vec::new(), |mut known, cell| {
            if !known.contains(&cell.metric) {
                known.push(cell.metric);
            }
            known
        })
    }

    /// The distinct fusion methods of multimodal cells, in order.
    pub fn fusions(&self) -> Vec<&str> {
        let multimodal = self.cells.iter().filter(|cell| cell.role != Role::Unimodal);
        distinct(multimodal.map(|cell| cell.fusion.as_str()))
    }

    /// The cells of a data set but for variants, which belong to the sensitivity figure.
    pub fn main_cells(&self, dataset: &str) -> Vec<&PlottedCell> {
        let of_dataset = self.cells.iter().filter(|cell| cell.dataset == dataset);
        of_dataset.filter(|cell| cell.variant_of.is_none()).collect()
    }

    /// Every set of at least two cells that differ in one numeric parameter alone.
    pub fn series(&self) -> Vec<Series<'_>> {
        type Key<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, Vec<(&'a str, u64)>);
        let mut keys: Vec<Key<'_>> = Vec::new();
        let mut found: Vec<Series<'_>> = Vec::new();
        for cell in &self.cells {
            for (parameter, value) in &cell.parameters {
                let others = cell.parameters.iter().filter(|(name, _)| *name != parameter);
                let key = (
                    cell.dataset.as_str(),
                    cell.fusion.as_str(),
                    cell.method.as_str(),
                    cell.setting.as_str(),
                    parameter.as_str(),
                    others.map(|(name, value)| (name.as_str(), value.to_bits())).collect(),
                );
                let at = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                    keys.push(key);
                    found.push(Series { parameter: parameter.clone(), points: Vec::new() });
                    keys.len() - 1
                });
                found[at].points.push((*value, cell));
            }
        }
        found.retain(|series| series.points.len() > 1);
        for series in &mut found {
            series.points.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        found
    }
}

/// The metric that cells of one data set are judged by.
pub fn metric_of(cells: &[&PlottedCell]) -> Metric {
    cells.first().map_or(ACCURACY, |cell| cell.metric)
}

/// The least range of values that a panel should show, so that it does not make much of nothing: two
/// points of a fraction, else a fiftieth of the largest value.
pub fn least_reach(metric: Metric, high: f64) -> f64 {
    if metric.is_fraction() { 0.02 } else { (0.02 * high.abs()).max(f64::MIN_POSITIVE) }
}

/// The distinct items, in order of first appearance.
pub fn distinct<'a>(items: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}
