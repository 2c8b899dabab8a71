//! Splits: what the data sets declare of them.

use super::{Hit, Rule, Severity, Subject, each};
use crate::data::partition::{Overlap, Partition};
use crate::data::{self, draw::follows_seed};
use crate::protocol::Selection;
use crate::registry::Part;
use std::cell::Cell;

/// Where an accuracy has a larger standard deviation over draws of the validation split, the choice
/// among epochs is largely luck: 2 points.
const LARGEST_DEVIATION: f64 = 0.02;

/// No validation split, so that everything chosen is chosen on the test: in BalanceBenchmark
/// `val_dataset` is the test split for six of seven data sets.
///
/// Every data set of this program has one, and loading refuses an empty one; the rule holds a new
/// data set to that before anything is trained.
pub(super) const NO_VALIDATION: Rule = Rule {
    name: "no-validation-split",
    finds: "there is no split to choose an epoch on but the one that is reported",
    why: "an epoch, or a strength, can then only be chosen on the split that is reported",
    remedy: "carve a validation split from the training examples",
    check: no_validation,
};

/// A validation split on which neighbouring epochs cannot be told apart.
pub(super) const SMALL_VALIDATION: Rule = Rule {
    name: "small-validation-split",
    finds: "a validation split of fewer than 625 examples, where the standard deviation of an \
            accuracy reaches 2 points",
    why: "which epoch is selected is partly luck, which adds spread to every cell",
    remedy: "enlarge the validation split where the data set has a parameter for it, or compare with \
             the last epoch, which every report shows too",
    check: small_validation,
};

/// A validation split with a shortcut that the test has not: it likes the epochs that follow the
/// shortcut, so that `best-val` picks against the test.
pub(super) const UNLIKE_TEST: Rule = Rule {
    name: "validation-unlike-test",
    finds: "a validation split that differs from the test by construction",
    why: "the epoch that is best in validation need not be good in the test, and strategies that \
          move the best epoch are judged by that too",
    remedy: "read the last epoch beside it, which every main table shows, or select by `last`",
    check: unlike_test,
};

/// One draw of the data behind all seeds. On `mfeat`, of 10 splits with 5 seeds each, means of splits
/// had a standard deviation of 0.52 points, and seeds within a split one of 0.43.
pub(super) const FIXED: Rule = Rule {
    name: "fixed-split",
    finds: "runs of several seeds on one draw of the data",
    why: "intervals and tests then speak of that split alone, and more seeds only make them surer of \
          it: intervals over seeds have covered the mean over splits in 50 to 80 % of cases, not in 95",
    remedy: "let every replicate draw its own: `draw: seed`",
    check: fixed,
};

/// One person on both sides: CREMA-D's usual split has all 91 actors in training and test, so a
/// model may recognise the speaker and not the emotion (AGM, issue 2).
pub(super) const OVERLAP: Rule = Rule {
    name: "split-overlap",
    finds: "speakers, writers or subjects on both sides of the split, or a source that does not \
            name them",
    why: "a model that recognises the person scores well without solving the task, so accuracies \
          say little about people it has not met",
    remedy: "split by person where the data name people, and otherwise compare only with results on \
             the same split",
    check: overlap,
};

/// A hit for every cell or data set for which `check` finds something in what the data set declares;
/// `None` for one that this version does not have, such as that of an old record.
fn each_declared(
    subjects: &[Subject<'_>],
    check: impl Fn(&Subject<'_>, Option<Partition>) -> Option<(Severity, String)>,
) -> Vec<Hit> {
    // Most cells have the data set of the cell before, and resolving its parameters takes time.
    let last: Cell<Option<(&Part, Option<Partition>)>> = Cell::new(None);
    each(subjects, |cell| {
        let part = &cell.spec.dataset;
        let partition = match last.get() {
            Some((before, known)) if before == part => known,
            _ => data::partition(&part.name, &part.params).ok(),
        };
        last.set(Some((part, partition)));
        check(cell, partition)
    })
}

fn no_validation(subjects: &[Subject<'_>]) -> Vec<Hit> {
    each_declared(subjects, |_, declared| without_validation(declared?))
}

fn unlike_test(subjects: &[Subject<'_>]) -> Vec<Hit> {
    each_declared(subjects, |cell, declared| {
        let why = declared?.unlike_test?;
        let severity = match cell.spec.protocol.selection {
            Selection::BestVal => Severity::Warning,
            Selection::Last | Selection::BestTest => Severity::Note,
        };
        Some((severity, format!("the validation split is unlike the test: {why}")))
    })
}

fn fixed(subjects: &[Subject<'_>]) -> Vec<Hit> {
    each(subjects, |cell| {
        let is_fixed = 1 < cell.seeds.len() && !follows_seed(&cell.spec.dataset.params);
        is_fixed.then(|| (Severity::Note, "all seeds share one draw of the data".into()))
    })
}

fn small_validation(subjects: &[Subject<'_>]) -> Vec<Hit> {
    each_declared(subjects, |cell, declared| {
        let selects = cell.spec.protocol.selection == Selection::BestVal;
        too_small(declared.filter(|_| selects)?)
    })
}

fn overlap(subjects: &[Subject<'_>]) -> Vec<Hit> {
    each_declared(subjects, |_, declared| match declared {
        Some(partition) => shared(partition),
        None => {
            let message = "this version does not know the data set, so nobody can tell whether its \
                           splits share people";
            Some((Severity::Note, message.into()))
        }
    })
}

pub(super) fn without_validation(partition: Partition) -> Option<(Severity, String)> {
    let message = || "the data set has no validation split".to_string();
    (partition.n_validation == 0).then(|| (Severity::Warning, message()))
}

/// The deviation is that of a proportion of one half, the largest there is.
pub(super) fn too_small(partition: Partition) -> Option<(Severity, String)> {
    let n = partition.n_validation;
    let deviation = libm::sqrt(0.25 / n as f64);
    let message = || {
        format!(
            "the epoch is selected on about {n} validation examples: one is {:.1} points, and the \
             standard deviation of an accuracy reaches {:.1} points",
            100.0 / n as f64,
            100.0 * deviation
        )
    };
    (0 < n && LARGEST_DEVIATION < deviation).then(|| (Severity::Note, message()))
}

/// The gravest overlap of the groups that a data set declares.
pub(super) fn shared(partition: Partition) -> Option<(Severity, String)> {
    let of = |overlap| {
        let groups = partition.groups.iter().filter(|group| group.overlap == overlap);
        let names: Vec<&str> = groups.map(|group| group.name).collect();
        (!names.is_empty()).then(|| names.join(" and "))
    };
    let shared = of(Overlap::Shared).map(|names| {
        let message = format!("the test split shares its {names}s with training");
        (Severity::Warning, message)
    });
    shared.or_else(|| {
        let names = of(Overlap::Unknown)?;
        let message = format!(
            "the source does not name the {names} of an example, so the test may share some with \
             training"
        );
        Some((Severity::Note, message))
    })
}
