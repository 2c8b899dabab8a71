//! A check as JUnit XML, which every CI service reads: a test case per cell and one for the suite.

use super::cell::Judgement;
use super::{Check, CheckedCell};
use crate::document::html::escape;
use crate::document::number::amount;

/// A test case: its name, why it fails, and what is known of it.
pub(super) type Case = (String, Option<String>, String);

/// The check as a document.
pub fn render(check: &Check) -> String {
    let mut cases: Vec<Case> = check.cells.iter().map(|cell| case(check, cell)).collect();
    let whole = check.whole_regressed().then(|| check.shift()).flatten();
    let untested = (check.policy.strict && check.whole_untested())
        .then(|| "the cells have too few seeds in common".to_string());
    cases.push(("all cells together".into(), whole.or(untested), check.smallest_effects()));
    document(&check.suite, &cases)
}

/// A suite of test cases.
pub(super) fn document(suite: &str, cases: &[Case]) -> String {
    let failures = cases.iter().filter(|(_, failure, _)| failure.is_some()).count();
    let suite = text(suite);
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\"", cases.len());
    let cases: String = cases
        .iter()
        .map(|(name, failure, said)| {
            let failure = failure.as_ref().map_or(String::new(), |why| {
                format!("      <failure message=\"{}\"/>\n", text(why))
            });
            format!(
                "    <testcase classname=\"{suite}\" name=\"{}\">\n{failure}      \
                 <system-out>{}</system-out>\n    </testcase>\n",
                text(name),
                text(said)
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites {counts}>\n  <testsuite name=\"{suite}\" {counts}>\n{cases}  </testsuite>\n\
         </testsuites>\n"
    )
}

/// Text as XML may hold it: no markup, and no character that XML has not, not even escaped.
fn text(text: &str) -> String {
    let foreign = |c: char| (c.is_control() && c != '\n') || c == '\u{fffe}' || c == '\u{ffff}';
    escape(&text.replace(foreign, "\u{fffd}"))
}

/// The name of a cell's test case, why it fails, and what is known of it.
fn case(check: &Check, cell: &CheckedCell) -> Case {
    let worse = format!("worse by {}", amount(check.metric, -cell.change));
    let drifted = check.policy.exact && cell.verdict != Judgement::Equal;
    let failure = match cell.verdict {
        Judgement::Regressed => Some(worse),
        _ if drifted => Some("has other bits than the accepted runs".into()),
        Judgement::Inconclusive if check.policy.strict => Some("may have regressed".into()),
        _ => None,
    };
    let said = match cell.verdict {
        Judgement::Equal => "equal to the bit".into(),
        verdict => {
            let change = crate::document::number::difference(check.metric, cell.change);
            format!("{}: change {change} for the better", verdict.name())
        }
    };
    (cell.label.clone(), failure, said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::outcome::Outcome;
    use crate::gate::tests::{checked, worse};

    #[test]
    fn a_failing_check_has_a_failure_and_a_passing_one_has_none() {
        for (check, fails) in [(checked(|_| {}), false), (checked(worse), true)] {
            let xml = render(&check);
            assert_eq!(xml.contains("<failure "), fails, "{xml}");
            assert_eq!(check.outcome() == Outcome::Regressed, fails);
            assert_eq!(xml.matches("<testcase ").count(), check.cells.len() + 1);
        }
    }

    #[test]
    fn labels_that_look_like_markup_stay_text() {
        let check = checked(|input| input.cells[0].dataset = "<b>&\"".into());
        assert!(render(&check).contains("name=\"&lt;b&gt;&amp;&quot; / concat / joint\""));
    }
}
