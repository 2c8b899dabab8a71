//! The pull of the joint loss on each encoder, beside that of the modality's own loss.

use super::{NUMBER, Section, grouped, main_cells, names, over, some};
use crate::document::number::spread;
use crate::document::{Column, Table};
use crate::results::analysis::Analysis;
use crate::results::cell::{CellResults, Run};
use crate::results::names::GRADIENTS;
use crate::stats::summary::{Estimate, mean};

pub(super) const SECTION: Section = Section {
    title: "Gradients of the joint loss and of each modality's own",
    about: "Norms of each encoder's gradients of the joint loss and of the loss of its modality alone, \
            and the cosine between them: means over epochs, then over replicates. A joint gradient that \
            is much the smaller leaves the encoder to itself; a cosine below 0 is a conflict.",
    needs: "no run with the observer `gradients`",
    tables,
};

fn tables(analysis: &Analysis<'_>) -> Vec<Table> {
    let rows = main_cells(analysis).flat_map(|cell| {
        let modalities = cell.input.spec.branches.iter().map(|branch| branch.modality.name.clone());
        modalities.filter_map(move |modality| {
            let of = |what: &str| of_epochs(cell, &format!("{what}.{modality}"));
            let [joint, own] = [of("joint-gradient")?, of("unimodal-gradient")?];
            let mut texts = names(cell).to_vec();
            texts.extend([
                modality.clone(),
                spread(NUMBER, Some(joint)),
                spread(NUMBER, Some(own)),
                spread(NUMBER, of("gradient-cosine")),
            ]);
            Some(texts)
        })
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let words = ["Data set", "Fusion", "Strategy", "Modality"].map(Column::words);
    let numbers = ["joint loss", "its own loss", "cosine"].map(Column::number);
    some(Table {
        stem: Some(GRADIENTS.into()),
        columns: words.into_iter().chain(numbers).collect(),
        rows: grouped(rows, 2),
        caption:
            "Norms of each encoder's gradients of the joint loss and of the loss of its modality \
                  alone, and the cosine between them: means over epochs, ± standard deviation over \
                  replicates."
                .into(),
        blocks: 2,
        ..Table::default()
    })
}

/// The estimate of a run's mean over its epochs of a mean of training.
fn of_epochs(cell: &CellResults<'_>, name: &str) -> Option<Estimate> {
    over(cell, |run: &Run<'_>| {
        let epochs = run.record.epochs.iter().filter_map(|epoch| epoch.train.get(name).copied());
        mean(&epochs.collect::<Vec<_>>())
    })
}
