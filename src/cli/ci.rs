//! Whether this process runs for a CI service.

use std::ffi::OsStr;

/// Whether the variable `CI` says so. Services set it to `true` or to their name.
pub(super) fn is_here() -> bool {
    says_so(std::env::var_os("CI").as_deref())
}

/// What people write to say that they are not in CI means that they are not.
fn says_so(value: Option<&OsStr>) -> bool {
    let no = ["", "0", "false", "no", "off"];
    value.is_some_and(|value| {
        let value = value.to_string_lossy().trim().to_lowercase();
        !no.contains(&value.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_value_that_is_not_a_no_counts() {
        for no in [None, Some(""), Some(" "), Some("0"), Some("false"), Some("FALSE"), Some("no")] {
            assert!(!says_so(no.map(OsStr::new)), "{no:?}");
        }
        for yes in ["true", "1", "True", "yes", "woodpecker"] {
            assert!(says_so(Some(OsStr::new(yes))), "{yes}");
        }
    }
}
