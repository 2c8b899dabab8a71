//! The primary family: every strategy on every data set, averaged over the fusion methods.

use super::cell::{CellResults, best};
use super::verdict::{Correction, Judged, judge};
use crate::figure::data::{Role, distinct};
use crate::stats::paired::{average, matched, paired};
use crate::task::metric::Metric;

/// What a strategy does on a data set: the mean, over the fusion methods that it was tried with, of its
/// difference to joint training under the same fusion, replicate by replicate.
#[derive(Clone, Debug)]
pub struct Effect {
    pub dataset: String,
    pub strategy: String,
    pub metric: Metric,
    /// The places of the cells and of their baselines among those of the analysis: one pair for every
    /// fusion method.
    pub pairs: Vec<(usize, usize)>,
    /// The mean difference of every replicate in which all pairs are finished, by seed.
    pub differences: Vec<(u64, f64)>,
    /// Against joint training.
    pub judged: Judged,
    /// Against the best single modality; `None` where none was trained alone.
    pub alone: Option<Alone>,
}

/// A strategy, averaged over fusions, against the modality that does best when trained alone.
#[derive(Clone, Debug)]
pub struct Alone {
    /// The place of the unimodal cell with the best mean.
    pub cell: usize,
    pub judged: Judged,
}

/// Judges the effects of the cells in `pairs`, each with its baseline, as one family, and in another
/// one those against the best single modality.
pub fn effects(cells: &[CellResults<'_>], pairs: &[(usize, usize)], margin: f64) -> Vec<Effect> {
    let mut groups: Vec<Vec<(usize, usize)>> = Vec::new();
    let key = |place: usize| (&cells[place].input.dataset, &cells[place].strategy);
    for pair in pairs {
        match groups.iter_mut().find(|group| key(group[0].0) == key(pair.0)) {
            Some(group) => group.push(*pair),
            None => groups.push(vec![*pair]),
        }
    }
    // A suite may list some strategies of a data set later.
    let datasets = distinct(pairs.iter().map(|(cell, _)| cells[*cell].input.dataset.as_str()));
    groups.sort_by_key(|group| {
        datasets.iter().position(|dataset| *dataset == cells[group[0].0].input.dataset)
    });
    let differences: Vec<Vec<(u64, f64)>> = groups
        .iter()
        .map(|group| averaged(group.iter().map(|(cell, base)| (&cells[*cell], &cells[*base]))))
        .collect();
    let test = |differences: &[(u64, f64)]| {
        paired(&differences.iter().map(|(_, difference)| *difference).collect::<Vec<_>>())
    };
    let metric = |group: &[(usize, usize)]| cells[group[0].0].metric();
    let tests: Vec<_> =
        groups.iter().zip(&differences).map(|(group, by)| (test(by), metric(group))).collect();
    let alone: Vec<Option<usize>> =
        groups.iter().map(|group| best_alone(cells, &cells[group[0].0].input.dataset)).collect();
    let against: Vec<_> = groups
        .iter()
        .zip(&alone)
        .filter_map(|(group, alone)| {
            let alone = &cells[(*alone)?];
            let differences = averaged(group.iter().map(|(cell, _)| (&cells[*cell], alone)));
            Some((test(&differences), metric(group)))
        })
        .collect();
    let mut against = judge(&against, margin, Correction::Holm).into_iter();
    let judged = judge(&tests, margin, Correction::Holm);
    let effects = groups.into_iter().zip(differences).zip(alone).zip(judged);
    effects
        .map(|(((pairs, differences), alone), judged)| Effect {
            dataset: cells[pairs[0].0].input.dataset.clone(),
            strategy: cells[pairs[0].0].strategy.clone(),
            metric: metric(&pairs),
            alone: alone.and_then(|cell| Some(Alone { cell, judged: against.next()? })),
            pairs,
            differences,
            judged,
        })
        .collect()
}

/// By seed, the mean over `pairs` of the difference, for the seeds that every cell has.
fn averaged<'a, 'b: 'a>(
    pairs: impl Iterator<Item = (&'a CellResults<'b>, &'a CellResults<'b>)>,
) -> Vec<(u64, f64)> {
    let differences = pairs.map(|(cell, other)| matched(&cell.values(), &other.values()));
    average(&differences.collect::<Vec<_>>())
}

/// The unimodal cell of a data set with the best mean.
fn best_alone(cells: &[CellResults<'_>], dataset: &str) -> Option<usize> {
    let alone = cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.role == Role::Unimodal && cell.input.dataset == dataset);
    best(alone).map(|(place, _)| place)
}
