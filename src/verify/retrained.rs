//! Runs of a report that are trained again: which, and what to conclude from them.

use crate::environment;
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::record::RunRecord;
use crate::results::manifest::{CellEntry, Manifest, RunEntry};
use crate::results::rows::{self, FINISHED, Row};
use crate::stats::summary::sd;
use crate::stream::Stream;
use crate::suite::Cell;
use crate::suite::run::{RunId, RunSpec};
use crate::task::Task;
use crate::task::metric::Metric;
use crate::verify::Mismatch;
use serde::Serialize;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// The difference of the primary metric on the test split up to which a run of another determinism
/// class always agrees with the report, as a fraction; see [`allowed`].
pub const TOLERANCE: f64 = 0.02;

/// How far the primary metric of a run may be from the report's in another determinism class:
/// `tolerance`, or more where the seeds of the cell differ by more.
///
/// Other bits are another path through the same training, at worst as far off as another seed.
/// Two seeds differ with √2 times the standard deviation `sd` of the cell, and seldom by more than
/// twice that. When the full suite's arithmetic was changed (`libm` in place of glibc), 33 of 40
/// runs stayed within 0.1 points, 39 within 2, and one, on a cell with an `sd` of 1.04 points, moved
/// by 2.45.
pub fn allowed(tolerance: f64, sd: Option<f64>) -> f64 {
    sd.map_or(tolerance, |sd| tolerance.max(2.0 * std::f64::consts::SQRT_2 * sd))
}

/// A run of the report to be trained again.
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    pub entry: &'a RunEntry,
    /// The preset that its protocol starts from.
    pub preset: &'a str,
    /// The run on the kind of device that is here.
    pub spec: RunSpec,
}

impl Choice<'_> {
    /// The run as a cell of its own, for training.
    ///
    /// # Errors
    /// When the run cannot be described.
    pub fn cell(&self) -> Result<Cell> {
        Ok(Cell {
            id: self.spec.cell.id()?,
            dataset: self.entry.dataset.clone(),
            fusion: self.entry.fusion.clone(),
            strategy: self.entry.strategy.clone(),
            preset: self.preset.to_string(),
            trace_every: NonZeroUsize::MIN,
            runs: vec![self.spec.clone()],
        })
    }
}

/// Chooses `n` different runs of the report, or all where it has fewer, by the stream of `seed`.
/// `backend` is the kind of device that they will be trained on.
///
/// # Errors
/// When a run is described in a format that this program does not train.
pub fn choose<'a>(
    manifest: &'a Manifest,
    n: usize,
    seed: u64,
    backend: &str,
) -> Result<Vec<Choice<'a>>> {
    let cells: BTreeMap<&RunId, &CellEntry> =
        manifest.cells.iter().map(|cell| (&cell.id, cell)).collect();
    // Cells may share a run.
    let runs: BTreeMap<&RunId, &RunEntry> =
        manifest.runs.iter().map(|run| (&run.id, run)).collect();
    let runs: Vec<&RunEntry> = runs.into_values().collect();
    let mut chosen = Stream::new(seed, "verify/retrain").permutation(runs.len());
    chosen.truncate(n);
    chosen.sort_unstable();
    let mut choices = Vec::new();
    for at in chosen {
        let entry = runs[at];
        let Some(cell) = cells.get(&entry.cell) else { continue };
        let spec = cell.spec.current().ok_or_else(|| {
            Error::input(
                "the report describes its runs in format 1, which this program cannot train",
            )
            .with_hint("train them by release 0.1, which wrote the report")
        })?;
        let spec = spec.on(backend).run(entry.seed);
        choices.push(Choice { entry, preset: cell.preset(), spec });
    }
    Ok(choices)
}

/// What training a run again has shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Retrained {
    pub run: RunId,
    /// The cell in a line.
    pub label: String,
    pub seed: u64,
    /// The root of the run's record in the report, and of the one trained here.
    pub root_there: Digest,
    pub root_here: Digest,
    /// The metric that the run is judged by, and its value on the test split in the selected epoch;
    /// `None` of a run that diverged.
    pub metric: Metric,
    pub value_there: Option<f64>,
    pub value_here: Option<f64>,
    /// How far they may differ in another determinism class; see [`allowed`].
    pub allowed: f64,
    /// The properties of the determinism class that differ: in the report, and here.
    pub class_differs: BTreeMap<String, [Option<String>; 2]>,
    pub verdict: Agreement,
    /// What differs, where something does.
    pub difference: Option<String>,
}

/// How a run that was trained again stands to the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// Equal to the bit.
    Equal,
    /// Of another determinism class, with other bits and an accuracy as close as is allowed.
    WithinTolerance,
    /// Of another determinism class, and further off than is allowed.
    BeyondTolerance,
    /// Of the same determinism class, with other bits.
    Different,
}

impl Agreement {
    /// Whether the report stands.
    pub fn agrees(self) -> bool {
        matches!(self, Agreement::Equal | Agreement::WithinTolerance)
    }
}

impl Retrained {
    /// The run and what differs in a line.
    pub fn mismatch(&self) -> Mismatch {
        let what = self.difference.as_deref().unwrap_or("nothing differs");
        Mismatch {
            path: format!("run {}", self.run),
            what: format!("{}, seed {}, trained again: {what}", self.label, self.seed),
        }
    }
}

/// Compares the record of a run that was trained again with the report. Roots first: equal ones
/// are equal in any class. `rows` are those of `results.csv`; `stored` is the run's record in the
/// store, which tells the first epoch that differs; `tolerance` is a fraction: of one that is judged
/// by no fraction, of the report's value.
///
/// # Errors
/// When a record cannot be encoded or a row is damaged.
pub fn compare(
    manifest: &Manifest,
    choice: &Choice<'_>,
    rows: &[Row],
    stored: Option<&RunRecord>,
    here: &RunRecord,
    tolerance: f64,
) -> Result<Retrained> {
    let entry = choice.entry;
    let metric = Task::of(&choice.spec.cell.task)?.primary;
    let of_cell = values(rows, choice, metric)?;
    let value_there = of_cell.get(&entry.seed).copied();
    let unit = if metric.is_fraction() { 1.0 } else { value_there.map_or(1.0, f64::abs) };
    let allowed = allowed(tolerance * unit, sd(&of_cell.into_values().collect::<Vec<_>>()));
    let finished = here.outcome.failure().is_none();
    let selected = here.selected().filter(|_| finished);
    let value_here = selected.and_then(|epoch| epoch.test.get(metric.name));
    let there = manifest.classes.get(&entry.class.to_string());
    let there = there.cloned().unwrap_or_default();
    let class_differs = environment::differing(&there, &here.environment.class);
    let root_here = here.root()?;
    let close = match (value_there, value_here) {
        (Some(there), Some(here)) => (there - here).abs() <= allowed,
        (None, None) => true,
        _ => false,
    };
    let verdict = if root_here == entry.root {
        Agreement::Equal
    } else if class_differs.is_empty() && choice.spec.id()? == entry.id {
        Agreement::Different
    } else if close {
        Agreement::WithinTolerance
    } else {
        Agreement::BeyondTolerance
    };
    let difference = (verdict != Agreement::Equal).then(|| first_difference(entry, stored, here));
    Ok(Retrained {
        run: entry.id.clone(),
        label: format!("{} / {} / {}", entry.dataset, entry.fusion, entry.strategy),
        seed: entry.seed,
        root_there: entry.root,
        root_here,
        metric,
        value_there,
        value_here,
        allowed,
        class_differs,
        verdict,
        difference,
    })
}

/// The metric on the test split of each finished run of the chosen run's cell in the report, by seed.
fn values(rows: &[Row], choice: &Choice<'_>, metric: Metric) -> Result<BTreeMap<u64, f64>> {
    let column = rows::column(choice.spec.cell.protocol.selection, metric.name);
    let mut values = BTreeMap::new();
    for row in rows {
        if row.text("cell") == choice.entry.cell.0
            && row.text("status") == FINISHED
            && let (Some(seed), Some(value)) = (row.whole("seed")?, row.number(&column)?)
        {
            values.insert(seed, value);
        }
    }
    Ok(values)
}

/// Where two trainings part, as early as the digests at hand can tell.
fn first_difference(entry: &RunEntry, stored: Option<&RunRecord>, here: &RunRecord) -> String {
    if here.data_content != entry.data_content {
        return "the data differ".into();
    }
    let needs = entry.needs.iter().zip(&here.needs);
    if let Some((_, other)) = needs.into_iter().find(|(there, here)| there.root != here.root) {
        return format!("run {}, which it needs, has another root already", other.run);
    }
    if here.initial_root != entry.initial_root {
        return "the initial weights differ".into();
    }
    // A stored record that is not the report's own proves nothing.
    if let Some(stored) = stored.filter(|record| record.root().is_ok_and(|r| r == entry.root)) {
        let mut pairs = stored.epochs.iter().zip(&here.epochs);
        if let Some(at) = pairs.position(|(there, here)| there.root != here.root) {
            return format!("the weights differ from epoch {} on", at + 1);
        }
    }
    if here.final_root != entry.final_root {
        return "the weights or states at the end differ".into();
    }
    if here.selected_root != entry.selected_root {
        return "the selected weights differ".into();
    }
    "the weights are equal, what was measured of them differs".into()
}
