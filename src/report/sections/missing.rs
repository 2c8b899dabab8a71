//! A modality that is missing in testing, and what it adds to the others.

use super::{SHARE, Section, grouped, main_cells, names, over, some};
use crate::document::number::spread;
use crate::document::{Column, Table};
use crate::record::metrics;
use crate::results::analysis::Analysis;
use crate::results::names::WITHOUT;
use crate::task::words;

pub(super) const SECTION: Section = Section {
    title: "A modality missing in testing",
    about: "Without: test {metric} where the features of one modality are zero. Utilisation: the part \
            of the performance that is lost then, the conditional utilisation rate of Wu et al. (ICML \
            2022). Contribution: the modality's Shapley value in the unit of the metric; its share of \
            the sum, which is told where no contribution is negative.",
    needs: "no finished run with several modalities",
    tables,
};

fn tables(analysis: &Analysis<'_>) -> Vec<Table> {
    let rows = main_cells(analysis).flat_map(|cell| {
        let metric = cell.metric();
        let modalities = cell.input.spec.branches.iter().map(|branch| branch.modality.name.clone());
        modalities.filter_map(move |modality| {
            let without = metrics::without(metric, &modality);
            let lacking = over(cell, |run| run.test().get(&without));
            lacking?;
            let utilisation = over(cell, |run| {
                let lost = metric.better.sign() * (run.value - run.test().get(&without)?);
                (0.0 < run.value.abs()).then(|| lost / run.value.abs())
            });
            let own = metrics::contribution(&modality);
            let contribution = over(cell, |run| run.test().get(&own));
            let share = over(cell, |run| {
                let all = cell.input.spec.modalities().into_iter();
                let all = all.map(|name| run.test().get(&metrics::contribution(name)));
                let all = all.collect::<Option<Vec<f64>>>()?;
                let sum: f64 = all.iter().sum();
                let told = 0.0 < sum && all.iter().all(|one| 0.0 <= *one);
                Some(run.test().get(&own)? / sum).filter(|_| told)
            });
            let mut texts = names(cell).to_vec();
            texts.extend([
                modality,
                spread(metric, cell.value),
                spread(metric, lacking),
                spread(SHARE, utilisation),
                spread(metric, contribution),
                spread(SHARE, share),
            ]);
            Some(texts)
        })
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let words = ["Data set", "Fusion", "Strategy", "Modality"].map(Column::words);
    let numbers = ["all", "without it", "utilisation (%)", "contribution", "share (%)"];
    some(Table {
        stem: Some(WITHOUT.into()),
        columns: words.into_iter().chain(numbers.map(Column::number)).collect(),
        rows: grouped(rows, 2),
        caption: format!(
            "{} where the features of a modality are zero in testing, the part that is lost then, and \
             its Shapley contribution with its share of the sum; mean ± standard deviation.",
            words::capital(&words::titles(&analysis.metrics()))
        ),
        blocks: 2,
        ..Table::default()
    })
}
