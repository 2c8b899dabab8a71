//! Seeds.

use super::{Hit, Rule, Severity, Subject, each};

/// From this many seeds on, intervals and paired tests are of use.
const ENOUGH: usize = 5;

/// One seed, as in most published code (0 in the conference code, 42 in BalanceBenchmark, 109 in
/// MLB), while independent runs on CREMA-D differ by standard deviations of 0.7 to 1.9 points: as
/// much as the gains that are claimed.
pub(super) const FEW: Rule = Rule {
    name: "few-seeds",
    finds: "one seed (a warning) or fewer than five (a note)",
    why: "the spread between seeds is as large as the gains that are claimed; one seed has neither \
          an interval nor a test, and two to four have wide ones",
    remedy: "train at least five seeds: `seeds: {count: 5}`",
    check: few,
};

/// A seed that is counted twice makes a sample look larger than it is. A suite cannot list one
/// twice; a set of records can.
pub(super) const DUPLICATE: Rule = Rule {
    name: "duplicate-seeds",
    finds: "a seed that counts twice",
    why: "equal runs count as independent ones, so intervals are too narrow",
    remedy: "keep one run per seed",
    check: duplicate,
};

/// How many different seeds a cell has.
fn distinct(cell: &Subject<'_>) -> usize {
    let mut seeds = cell.seeds.clone();
    seeds.sort_unstable();
    seeds.dedup();
    seeds.len()
}

fn few(subjects: &[Subject<'_>]) -> Vec<Hit> {
    each(subjects, |cell| match distinct(cell) {
        1 => Some((Severity::Warning, "there is one seed".into())),
        n if n < ENOUGH => Some((Severity::Note, format!("there are {n} seeds"))),
        _ => None,
    })
}

fn duplicate(subjects: &[Subject<'_>]) -> Vec<Hit> {
    each(subjects, |cell| {
        let extra = cell.seeds.len() - distinct(cell);
        let message = || format!("{extra} of {} seeds stand there twice", cell.seeds.len());
        (0 < extra).then(|| (Severity::Warning, message()))
    })
}
