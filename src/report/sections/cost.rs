//! What training and prediction cost, in counts that are equal on every machine.

use super::{NUMBER, Section, grouped, main_cells, names, some};
use crate::document::number::{NONE, spread};
use crate::document::{Column, Table};
use crate::figure::data::Role;
use crate::record::{RunRecord, Work};
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::names::COST;
use crate::stats::summary::{estimate, mean, median};
use crate::suite::run::RunId;
use std::collections::BTreeMap;

pub(super) const SECTION: Section = Section {
    title: "Cost",
    about: "Passes: examples that went forward through the model in training, and backward, beside \
            those of joint training under the same fusion. Multiply-adds of linear layers and \
            convolutions, a backward pass counting for two forward ones. A strategy that begins from \
            other runs pays for them too. The wall time is measured, of whatever machine trained the \
            runs and beside whatever else it did: no basis for a comparison.",
    needs: "no finished run with several modalities",
    tables,
};

fn tables(analysis: &Analysis<'_>) -> Vec<Table> {
    let works: BTreeMap<&RunId, &RunRecord> =
        analysis.records().map(|record| (&record.id, record)).collect();
    let rows = main_cells(analysis).filter_map(|cell| {
        let own = of_cell(cell, &works)?;
        let mut same = analysis.of_dataset(&cell.input.dataset).map(|(_, other)| other);
        let joint = same
            .find(|other| other.role == Role::Baseline && other.input.fusion == cell.input.fusion);
        let joint = joint.and_then(|joint| of_cell(joint, &works));
        let times = |of: fn(&Mean) -> f64| {
            joint.as_ref().map_or(NONE.into(), |joint| format!("{:.2}", of(&own) / of(joint)))
        };
        let seconds: Vec<f64> = cell.runs.iter().map(|run| run.record.cost.wall_seconds).collect();
        let mut texts = names(cell).to_vec();
        texts.extend([
            format!("{:.0}", own.parameters),
            format!("{:.0}", own.inference),
            times(|mean| mean.forward),
            times(|mean| mean.backward),
            times(|mean| mean.multiply_adds),
            spread(NUMBER, estimate(&[own.multiply_adds / 1e9])),
            median(&seconds).map_or(NONE.into(), |seconds| format!("{seconds:.1}")),
        ]);
        Some(texts)
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let words = ["Data set", "Fusion", "Strategy"].map(Column::words);
    let numbers = [
        "trained values",
        "multiply-adds an example",
        "forward",
        "backward",
        "multiply-adds",
        "billions in training",
    ];
    let seconds = Column::number("seconds").on_screen();
    let numbers = numbers.map(Column::number).into_iter().chain([seconds]);
    some(Table {
        stem: Some(COST.into()),
        columns: words.into_iter().chain(numbers).collect(),
        rows: grouped(rows, 2),
        caption: "Cost of a run: trained values; multiply-adds of a prediction; forward and backward \
                  passes and multiply-adds of training beside those of joint training, runs that it \
                  begins from included; multiply-adds of training in full."
            .into(),
        blocks: 2,
        ..Table::default()
    })
}

/// Means over the runs of a cell.
struct Mean {
    parameters: f64,
    inference: f64,
    forward: f64,
    backward: f64,
    multiply_adds: f64,
}

fn of_cell(cell: &CellResults<'_>, runs: &BTreeMap<&RunId, &RunRecord>) -> Option<Mean> {
    let works: Option<Vec<Work>> = cell.runs.iter().map(|run| of_run(run.record, runs)).collect();
    let works = works?;
    let over =
        |of: fn(&Work) -> u64| mean(&works.iter().map(|work| of(work) as f64).collect::<Vec<_>>());
    Some(Mean {
        parameters: over(|work| work.parameters)?,
        inference: over(|work| work.inference)?,
        forward: over(|work| work.forward)?,
        backward: over(|work| work.backward)?,
        multiply_adds: over(|work| work.multiply_adds)?,
    })
}

/// The work of a run and of those that it began from; `None` where one of these is not in the report.
fn of_run(record: &RunRecord, runs: &BTreeMap<&RunId, &RunRecord>) -> Option<Work> {
    let mut work = record.work;
    for needed in &record.needs {
        let needed = of_run(runs.get(&needed.run)?, runs)?;
        work.forward += needed.forward;
        work.backward += needed.backward;
        work.multiply_adds = work.multiply_adds.saturating_add(needed.multiply_adds);
    }
    Some(work)
}
