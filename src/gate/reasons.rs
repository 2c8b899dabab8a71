//! Reasons, as the gate's errors list them, and what to do about them.

use crate::error::{Error, Kind, Result};

/// The number of items that a message lists.
const SHOWN: usize = 5;

/// How numbers are accepted, after the reason to.
pub fn accept_hint(when: &str, suite: &str) -> String {
    format!("{when}, `counterpoise accept {suite} --reason \"..\"`")
}

/// Nothing without a reason; otherwise an error that lists them.
pub(super) fn refuse(kind: Kind, message: String, reasons: &[String], hint: &str) -> Result<()> {
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Error::new(kind, message + &list(reasons)).with_hint(hint))
}

/// The first items, each on a line of its own, and how many more there are.
pub(super) fn list(items: &[String]) -> String {
    let mut text: String = items.iter().take(SHOWN).map(|item| format!("\n  {item}")).collect();
    if SHOWN < items.len() {
        text = format!("{text}\n  and {} more", items.len() - SHOWN);
    }
    text
}
