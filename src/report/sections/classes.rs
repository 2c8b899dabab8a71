//! Results by class, and what is taken for what.

use super::{SHARE, Section, grouped, main_cells, some};
use crate::document::number::spread;
use crate::document::{Column, Table};
use crate::figure::data::{Role, distinct};
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::names::{CLASSES, CONFUSIONS};
use crate::stats::summary::{Estimate, estimate};

/// The most classes of a data set that are shown: those in which strategies differ most.
const MOST: usize = 20;
/// The confusions of a data set that are shown.
const CONFUSED: usize = 5;

pub(super) const SECTION: Section = Section {
    title: "By class",
    about: "Recall: the share of a class's test items that is recognised, under the first fusion \
            method. Classes are numbered as the data set has them; of more than 20, those in which \
            strategies differ most. Confusions: the most frequent ones of joint training, and their \
            share under the other strategies.",
    needs: "no run that predicts classes and whose items are known",
    tables,
};

fn tables(analysis: &Analysis<'_>) -> Vec<Table> {
    let fusion = analysis.fusions().first().map(|fusion| fusion.to_string());
    let cells: Vec<&CellResults<'_>> = main_cells(analysis)
        .filter(|cell| Some(&cell.input.fusion) == fusion.as_ref() && !cell.input.items.is_empty())
        .collect();
    let strategies = distinct(cells.iter().map(|cell| cell.strategy.as_str()));
    let mut recalls = Vec::new();
    let mut confusions = Vec::new();
    for dataset in distinct(cells.iter().map(|cell| cell.input.dataset.as_str())) {
        let of_set = |strategy: &&str| {
            let mut of_set = cells.iter().filter(|cell| cell.input.dataset == dataset);
            of_set.find(|cell| cell.strategy == *strategy).copied()
        };
        let of_set: Vec<_> = strategies.iter().map(of_set).collect();
        let row = |words: Vec<String>, truth: usize, predicted: usize| {
            let shares = of_set
                .iter()
                .map(|cell| spread(SHARE, cell.and_then(|cell| rate(cell, truth, predicted))));
            [vec![dataset.to_string()], words, shares.collect()].concat()
        };
        recalls.extend(
            classes(&of_set).into_iter().map(|class| row(vec![class.to_string()], class, class)),
        );
        confusions.extend(confused(&of_set).into_iter().map(|(truth, predicted)| {
            row(vec![truth.to_string(), predicted.to_string()], truth, predicted)
        }));
    }
    let under = fusion.unwrap_or_default();
    let table = |stem: &str, words: &[&str], rows, caption: String| {
        let words = words.iter().map(|title| Column::words(title));
        some(Table {
            stem: Some(stem.into()),
            columns: words.chain(strategies.iter().map(|name| Column::number(name))).collect(),
            rows: grouped(rows, 1),
            caption,
            blocks: 1,
            ..Table::default()
        })
    };
    let recall = format!(
        "Recall of each class in percent under {under} fusion, mean ± standard deviation over \
         replicates."
    );
    let confusion = format!(
        "The most frequent confusions of joint training under {under} fusion: the share in percent of \
         a class's items that is taken for another, mean ± standard deviation over replicates."
    );
    let mut tables = table(CLASSES, &["Data set", "Class"], recalls, recall);
    tables.extend(table(CONFUSIONS, &["Data set", "Class", "Taken for"], confusions, confusion));
    tables
}

/// The share of a class's items that is predicted as a class.
fn rate(cell: &CellResults<'_>, class: usize, predicted: usize) -> Option<Estimate> {
    let rates = cell.input.items.values().filter_map(|items| items.rate(class, predicted));
    estimate(&rates.collect::<Vec<_>>())
}

fn n_classes(cells: &[Option<&CellResults<'_>>]) -> usize {
    let items = cells.iter().flatten().flat_map(|cell| cell.input.items.values());
    items.map(|items| items.classes).max().unwrap_or(0)
}

/// The classes that are shown, in order.
fn classes(cells: &[Option<&CellResults<'_>>]) -> Vec<usize> {
    let spread = |class: usize| {
        let means = cells.iter().flatten().filter_map(|cell| Some(rate(cell, class, class)?.mean));
        let (least, most) = means.fold((1.0f64, 0.0f64), |(a, b), x| (a.min(x), b.max(x)));
        most - least
    };
    let mut classes: Vec<usize> = (0..n_classes(cells)).collect();
    if MOST < classes.len() {
        classes.sort_by(|a, b| spread(*b).total_cmp(&spread(*a)).then(a.cmp(b)));
        classes.truncate(MOST);
        classes.sort_unstable();
    }
    classes
}

/// The most frequent confusions of joint training, the first of them first.
fn confused(cells: &[Option<&CellResults<'_>>]) -> Vec<(usize, usize)> {
    let joint = cells.iter().flatten().find(|cell| cell.role == Role::Baseline);
    let Some(joint) = joint else { return Vec::new() };
    let n = n_classes(cells);
    let pairs = (0..n).flat_map(|class| (0..n).map(move |predicted| (class, predicted)));
    let rates = pairs.filter(|(class, predicted)| class != predicted);
    let rates = rates.filter_map(|(class, predicted)| {
        let mean = rate(joint, class, predicted)?.mean;
        (0.0 < mean).then_some((mean, class, predicted))
    });
    let mut rates: Vec<(f64, usize, usize)> = rates.collect();
    rates.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    rates.into_iter().take(CONFUSED).map(|(_, class, predicted)| (class, predicted)).collect()
}
