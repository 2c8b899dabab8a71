//! A modality that is noisy in testing.

use super::{Section, grouped, main_cells, names, over, some};
use crate::document::number::spread;
use crate::document::{Column, Table};
use crate::record::metrics;
use crate::results::analysis::Analysis;
use crate::results::names::NOISE;
use crate::task::words;

pub(super) const SECTION: Section = Section {
    title: "A modality noisy in testing",
    about: "Test {metric} with normal noise on the inputs of one modality at a time, by its standard \
            deviation in units of the model's inputs.",
    needs: "no run with the observer `noise`",
    tables,
};

fn tables(analysis: &Analysis<'_>) -> Vec<Table> {
    let mut sds: Vec<f64> = Vec::new();
    for observer in main_cells(analysis).flat_map(|cell| &cell.input.spec.observe) {
        if observer.name == "noise" && !sds.contains(&observer.params.float("sd")) {
            sds.push(observer.params.float("sd"));
        }
    }
    let rows = main_cells(analysis).flat_map(|cell| {
        let sds = &sds;
        let metric = cell.metric();
        let modalities = cell.input.spec.branches.iter().map(|branch| branch.modality.name.clone());
        modalities.filter_map(move |modality| {
            let under = |sd: &f64| {
                let name = metrics::noisy(metric, &modality, *sd);
                over(cell, |run| run.test().get(&name))
            };
            let under: Vec<_> = sds.iter().map(under).collect();
            under.iter().any(Option::is_some).then(|| {
                let mut texts = names(cell).to_vec();
                texts.extend([modality.clone(), spread(metric, cell.value)]);
                texts.extend(under.into_iter().map(|value| spread(metric, value)));
                texts
            })
        })
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let words = ["Data set", "Fusion", "Strategy", "Modality"].map(Column::words).into_iter();
    let numbers = sds.iter().map(|sd| Column::number(&format!("sd {sd}")));
    some(Table {
        stem: Some(NOISE.into()),
        columns: words.chain([Column::number("none")]).chain(numbers).collect(),
        rows: grouped(rows, 2),
        caption: format!(
            "{} with normal noise on the inputs of one modality in testing, by its standard deviation; \
             mean ± standard deviation over replicates.",
            words::capital(&words::titles(&analysis.metrics()))
        ),
        blocks: 2,
        ..Table::default()
    })
}
