//! Cells that are compared: every strategy with joint training under the same fusion on the same
//! data set, and the joint trainings of the fusions with each other.

use super::difference::{differences, is_alike};
use super::subject::by_dataset;
use super::{Hit, Rule, Severity, Subject};
use std::collections::BTreeMap;

/// Another protocol, encoder or parameter of the data moves a result more than most strategies do:
/// OGM-GE is reported at 57.7 and at 70.4 on CREMA-D.
pub(super) const PROTOCOL: Rule = Rule {
    name: "protocol-differs",
    finds: "compared cells that differ in any field but fusion and strategy, with both values",
    why: "a difference of the results then says nothing about the compared strategy or fusion; a \
          report tests no strategy against a joint training of another protocol",
    remedy: "give both the same protocol, encoders, data parameters and seeds, or give the data set \
             of one a `label` of its own",
    check: protocol,
};

/// The scores drive what a strategy does, and are what accuracies by modality are computed from.
/// Contributions are not: those are by zeroed features whatever the estimator.
/// `split-head` shares the head's weights among modalities, `zero-out-feature` runs the whole model
/// on what is left: their values, and so strengths of modulation, are not of one kind.
pub(super) const ESTIMATOR: Rule = Rule {
    name: "score-estimator-differs",
    finds: "modality scores of compared cells that are estimated in several ways",
    why: "the estimator decides how strongly a strategy modulates, and accuracies by modality are \
          computed with it; contributions by modality are not, they are by zeroed features always",
    remedy: "name one for the suite, `scores: zero-out-feature`, which works with every fusion; \
             otherwise compare modalities and strategies within a fusion only",
    check: estimator,
};

/// The cells of a data set, with its joint trainings at hand.
struct Group<'s, 'a> {
    cells: Vec<&'s Subject<'a>>,
    /// The first joint training, or the first cell where there is none.
    first: &'s Subject<'a>,
    joint: BTreeMap<&'a str, Vec<&'s Subject<'a>>>,
}

impl<'s, 'a> Group<'s, 'a> {
    /// `None` without a cell.
    fn new(cells: Vec<&'s Subject<'a>>) -> Option<Self> {
        let mut joint: BTreeMap<&str, Vec<&Subject<'a>>> = BTreeMap::new();
        for cell in cells.iter().filter(|cell| cell.is_baseline()) {
            joint.entry(cell.fusion).or_default().push(cell);
        }
        let first = cells.iter().find(|cell| cell.is_baseline()).or(cells.first()).copied()?;
        Some(Self { cells, first, joint })
    }

    /// The cell that `cell` is held against: joint training under the same fusion, the one under
    /// the same protocol where there are several; for joint training itself, that of the first
    /// fusion.
    fn reference(&self, cell: &Subject<'a>) -> &'s Subject<'a> {
        if cell.is_baseline() || cell.is_unimodal() {
            return self.first;
        }
        let Some(joint) = self.joint.get(cell.fusion) else { return self.first };
        let same = joint.iter().find(|other| differences(cell.spec, other.spec).is_empty());
        same.or(joint.first()).copied().unwrap_or(self.first)
    }
}

fn groups<'s, 'a>(subjects: &'s [Subject<'a>]) -> impl Iterator<Item = Group<'s, 'a>> {
    by_dataset(subjects).into_iter().filter_map(Group::new)
}

fn protocol(subjects: &[Subject<'_>]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for group in groups(subjects) {
        // What was found last: neighbours mostly differ in a compared axis alone.
        let mut last: Option<(&Subject<'_>, &Subject<'_>, Vec<String>)> = None;
        for cell in &group.cells {
            let reference = group.reference(cell);
            let known = last.take().filter(|(cell_before, reference_before, _)| {
                std::ptr::eq(*reference_before, reference) && is_alike(cell_before.spec, cell.spec)
            });
            let described = match known {
                Some((_, _, found)) => found,
                None => differences(cell.spec, reference.spec),
            };
            let mut found = described.clone();
            last = Some((cell, reference, described));
            if cell.seeds != reference.seeds {
                found.push(format!("seeds are {:?}, there {:?}", cell.seeds, reference.seeds));
            }
            if !found.is_empty() {
                let message = format!("not as {}: {}", reference.label(), found.join("; "));
                hits.push(Hit { severity: Severity::Warning, message, place: cell.label() });
            }
        }
    }
    hits
}

fn estimator(subjects: &[Subject<'_>]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for mut group in groups(subjects) {
        // One modality has no rival, so its score decides nothing.
        group.cells.retain(|cell| !cell.is_unimodal());
        let Some(group) = Group::new(group.cells) else { continue };
        let mut by_estimator: Vec<(&str, Vec<&str>)> = Vec::new();
        for cell in &group.cells {
            let reference = group.reference(cell);
            let scores = cell.spec.scores.name.as_str();
            if cell.fusion == reference.fusion && scores != reference.spec.scores.name {
                let message = format!(
                    "modality scores are estimated by {scores}, those of joint training under the \
                     same fusion by {}",
                    reference.spec.scores.name
                );
                hits.push(Hit { severity: Severity::Warning, message, place: cell.label() });
                continue;
            }
            match by_estimator.iter_mut().find(|(name, _)| *name == scores) {
                Some((_, fusions)) if fusions.contains(&cell.fusion) => {}
                Some((_, fusions)) => fusions.push(cell.fusion),
                None => by_estimator.push((scores, vec![cell.fusion])),
            }
        }
        if 1 < by_estimator.len() {
            let parts = by_estimator.iter();
            let parts = parts.map(|(name, fusions)| format!("{name} under {}", fusions.join(", ")));
            let message = format!(
                "modality scores of the compared fusions are estimated by {}",
                parts.collect::<Vec<_>>().join(" and by ")
            );
            let place = group.first.dataset.to_string();
            hits.push(Hit { severity: Severity::Warning, message, place });
        }
    }
    hits
}
