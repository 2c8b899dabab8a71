//! Model selection.

use super::{Hit, Rule, Severity, Subject, each};
use crate::protocol::Selection;

/// The best epoch on the test split is reported as the result, as `main.py:304` of the conference
/// code and `main.py:284` of the journal code do, and BalanceBenchmark for every data set without a
/// validation split of its own.
pub(super) const ON_TEST: Rule = Rule {
    name: "selection-on-test",
    finds: "the epoch is chosen on the split that is reported",
    why: "the best of many epochs on the split that is reported flatters every number, and \
          strategies with noisier curves most",
    remedy: "select by `best-val` or `last`; every report shows `best-test` beside them for \
             comparison with old papers",
    check,
};

fn check(subjects: &[Subject<'_>]) -> Vec<Hit> {
    each(subjects, |cell| {
        let on_test = cell.spec.protocol.selection == Selection::BestTest;
        on_test.then(|| (Severity::Warning, "the epoch is selected on the test split".into()))
    })
}
