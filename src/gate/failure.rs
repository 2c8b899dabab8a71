//! A check that ended without a verdict, for the files that would have told it.
//!
//! Whoever reads the files of a check, a service or a person, must not find those of an earlier
//! one: they are overwritten before anything is compared, and again when it cannot be.

use super::{junit, markdown};
use crate::error::{Error, Kind};
use serde::Serialize;

/// Why there is no verdict. Encoded, it stands beside the statement of a check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// `failed`: no outcome of a check is called so.
    outcome: &'static str,
    /// The suite as it was asked for; `None` where that was not understood.
    pub suite: Option<String>,
    /// The exit code of the program; `None` while it has not ended.
    pub exit_code: Option<u8>,
    pub message: String,
    pub hint: Option<String>,
}

impl Failure {
    /// Of a check that has only begun.
    pub fn unfinished(suite: &str) -> Self {
        let error = Error::new(Kind::Unexpected, "the check has begun and not ended");
        let hint = "if no check is running any more, it was stopped: check again";
        Self { exit_code: None, ..Self::of(Some(suite), &error.with_hint(hint)) }
    }

    /// Of a check that ended early.
    pub fn of(suite: Option<&str>, error: &Error) -> Self {
        Self {
            outcome: "failed",
            suite: suite.map(str::to_string),
            exit_code: Some(error.kind.exit_code()),
            message: error.message.clone(),
            hint: error.hint.clone(),
        }
    }

    /// As JUnit XML with one test case, which fails.
    pub fn junit(&self) -> String {
        let suite = self.suite.as_deref().unwrap_or("check");
        junit::document(suite, &[("check".into(), Some(self.message.clone()), self.said())])
    }

    /// As a page.
    pub fn markdown(&self) -> String {
        let title = match &self.suite {
            Some(suite) => format!("❌ Suite {suite}: no verdict"),
            None => "❌ Check: no verdict".into(),
        };
        markdown::failed(&title, &self.said())
    }

    fn said(&self) -> String {
        let hint = self.hint.as_ref().map_or(String::new(), |hint| format!("\nhint: {hint}"));
        let code = self.exit_code.map_or(String::new(), |code| format!("\nexit code: {code}"));
        format!("{}{hint}{code}", self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_without_a_verdict_is_a_failure_in_every_format() {
        let error = Error::input("no <baseline>\n  for\u{1b}[31m a").with_hint("accept one");
        for (failure, said) in [
            (Failure::of(Some("tiny"), &error), "exit code: 2"),
            (Failure::unfinished("tiny"), "not ended"),
        ] {
            let xml = failure.junit();
            assert!(xml.contains("<testsuites tests=\"1\" failures=\"1\" errors=\"0\">"), "{xml}");
            assert!(xml.contains(said) && !xml.contains('\u{1b}'), "{xml}");
            let page = failure.markdown();
            assert!(page.starts_with("# ❌ Suite tiny: no verdict\n\n    "), "{page}");
            assert!(page.contains(said) && !page.contains('\u{1b}'), "{page}");
            let value = serde_json::to_value(&failure).unwrap();
            assert_eq!((&value["outcome"], &value["suite"]), (&"failed".into(), &"tiny".into()));
        }
        assert!(Failure::of(None, &error).markdown().starts_with("# ❌ Check: no verdict\n"));
    }
}
