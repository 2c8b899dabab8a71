//! What the protocol lint found, on a terminal.

use super::output;
use crate::lint::{Finding, Severity, tally};

/// Every finding with its reasons, on stderr.
pub(super) fn show(findings: &[Finding]) {
    output::note(&format!("protocol lint: {}", tally(findings)));
    for finding in findings {
        let said = format!("{}: {} [{}]", finding.places(4), finding.message, finding.rule);
        match finding.severity {
            Severity::Warning => output::warning(&said),
            Severity::Note => output::note(&format!("note: {said}")),
        }
        output::note(&format!("  why: {}", finding.why));
        output::note(&format!("  change: {}", finding.remedy));
    }
}

/// How many there are, and where they are listed; nothing where there is none.
pub(super) fn summarise(findings: &[Finding], suite: &str) {
    if !findings.is_empty() {
        let tally = tally(findings);
        output::note(&format!("protocol lint: {tally}; `suite {suite} --plan` lists them"));
    }
}
