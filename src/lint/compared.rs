//! Cells that are compared: every strategy with joint training under the same fusion on the same
//! data set, and the joint trainings of the fusions with each other.

use super::difference::differences;
use super::subject::by_dataset;
use super::{Hit, Rule, Severity, Subject};

/// Another protocol, encoder or parameter of the data moves a result more than most strategies do:
/// OGM-GE is reported at 57.7 and at 70.4 on CREMA-D.
pub(super) const PROTOCOL: Rule = Rule {
    name: "protocol-differs",
    why: "a difference of the results then says nothing about the compared strategy or fusion; a \
          report tests no strategy against a joint training of another protocol",
    remedy: "give both the same protocol, encoders, data parameters and seeds, or give the data set \
             of one a `label` of its own",
    check: protocol,
};

/// The scores drive what a strategy does, and are what accuracies by modality are computed from.
/// `split-head` shares the head's weights among modalities, `zero-out-feature` runs the whole model
/// on what is left: their values, and so strengths of modulation, are not of one kind.
pub(super) const ESTIMATOR: Rule = Rule {
    name: "score-estimator-differs",
    why: "the estimator decides how strongly a strategy modulates, and accuracies and contributions \
          by modality are computed with it",
    remedy: "name one for the suite, `scores: zero-out-feature`, which works with every fusion; \
             otherwise compare modalities and strategies within a fusion only",
    check: estimator,
};

/// The cell that `cell` is held against: joint training under the same fusion, the one under the
/// same protocol where there are several; for joint training itself, that of the first fusion.
fn reference<'s, 'a>(cell: &Subject<'a>, cells: &[&'s Subject<'a>]) -> &'s Subject<'a> {
    let joint = || cells.iter().filter(|other| other.is_baseline());
    let first = joint().next().or(cells.first()).copied();
    let same_fusion = || joint().filter(|other| other.fusion == cell.fusion);
    let chosen = if cell.is_baseline() || cell.is_unimodal() {
        first
    } else {
        same_fusion()
            .find(|other| differences(cell.spec, other.spec).is_empty())
            .or_else(|| same_fusion().next())
            .copied()
            .or(first)
    };
    // A group of cells has a first.
    chosen.unwrap_or(cells[0])
}

fn protocol(subjects: &[Subject<'_>]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for cells in by_dataset(subjects) {
        for cell in &cells {
            let reference = reference(cell, &cells);
            let mut found = differences(cell.spec, reference.spec);
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
    for cells in by_dataset(subjects) {
        // One modality has no rival, so its score decides nothing.
        let cells: Vec<&Subject<'_>> =
            cells.into_iter().filter(|cell| !cell.is_unimodal()).collect();
        let mut by_estimator: Vec<(&str, Vec<&str>)> = Vec::new();
        for cell in &cells {
            let reference = reference(cell, &cells);
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
            let place = cells[0].dataset.to_string();
            hits.push(Hit { severity: Severity::Warning, message, place });
        }
    }
    hits
}
