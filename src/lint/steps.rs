//! The steps of an epoch.

use super::{Hit, Rule, Severity, Subject, each};

/// `drop_last` leaves examples out of training. Evaluation always counts every example and no
/// suite can ask for anything else, so the graver defect, a test accuracy over 704 of CREMA-D's 744
/// examples (`train.py:232` of ReconBoost, the global configuration of BalanceBenchmark), cannot
/// be expressed here and has no rule.
pub(super) const DROP_LAST: Rule = Rule {
    name: "drop-last",
    finds: "training leaves out its last batch; evaluation never does, and no suite can ask for it",
    why: "an epoch then covers less than the training split, by up to a batch less one example, and \
          more of it is lost with larger batches; evaluation always counts every example",
    remedy: "leave `drop_last` out, or keep it for comparison with code that has it",
    check,
};

fn check(subjects: &[Subject<'_>]) -> Vec<Hit> {
    each(subjects, |cell| {
        let message = "training leaves out the last, smaller batch of every epoch";
        cell.spec.protocol.drop_last.then(|| (Severity::Note, message.into()))
    })
}
