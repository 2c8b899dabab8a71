//! What a linear probe reads from each encoder, beside the encoder that was trained alone.

use super::{Section, alone, grouped, main_cells, names, over, some};
use crate::document::number::{NONE, difference, spread};
use crate::document::{Column, Table};
use crate::record::metrics;
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::names::PROBES;
use crate::stats::summary::Estimate;
use crate::task::words;

pub(super) const SECTION: Section = Section {
    title: "What the encoders have learned",
    about: "Test {metric} by a linear probe of each encoder's frozen features at the selected epoch, \
            fitted on the training split, beside the same encoder trained on its modality alone. What \
            the second has over the first is what training together has left unlearned.",
    needs: "no run with the observer `linear-probe`",
    tables,
};

fn tables(analysis: &Analysis<'_>) -> Vec<Table> {
    let rows = main_cells(analysis).flat_map(|cell| {
        let metric = cell.metric();
        let modalities = cell.input.spec.branches.iter().map(|branch| branch.modality.name.clone());
        modalities.filter_map(move |modality| {
            let together = probed(cell, &modality)?;
            let single = alone(analysis, cell, &modality).and_then(|cell| probed(cell, &modality));
            let less = single.map(|single| difference(metric, together.mean - single.mean));
            let mut texts = names(cell).to_vec();
            texts.extend([
                modality,
                spread(metric, Some(together)),
                spread(metric, single),
                less.unwrap_or_else(|| NONE.into()),
            ]);
            Some(texts)
        })
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let words = ["Data set", "Fusion", "Strategy", "Modality"].map(Column::words);
    let numbers = ["trained together", "trained alone", "difference"].map(Column::number);
    some(Table {
        stem: Some(PROBES.into()),
        columns: words.into_iter().chain(numbers).collect(),
        rows: grouped(rows, 2),
        caption: format!(
            "{} by a linear probe of each encoder's features, trained together with the others and \
             alone; mean ± standard deviation.",
            words::capital(&words::titles(&analysis.metrics()))
        ),
        blocks: 2,
        ..Table::default()
    })
}

fn probed(cell: &CellResults<'_>, modality: &str) -> Option<Estimate> {
    let name = metrics::probe(cell.metric(), modality);
    over(cell, |run| run.test().get(&name))
}
