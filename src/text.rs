//! Text from outside, made fit to be shown: on a terminal, on a page, in a figure.
//!
//! Names of files, notes of failures and labels may hold what moves a cursor, turns the reading
//! direction round or is no character of XML. Such characters are written as escapes, in the form
//! that JSON has for them: `\u001b`. A JSON text stays the same value by that.

use std::fmt::Write;

/// Whether a character shows as itself wherever text is shown: none that controls a terminal,
/// breaks a line, turns the direction of what follows, or is forbidden in XML.
pub fn is_plain(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(c, '\u{2028}' | '\u{2029}');
    !(c.is_control() || turns || breaks || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

/// `text` on one line: white space is a blank each, whatever else is not plain an escape.
pub fn line(text: &str) -> String {
    cleaned(text, |_| false)
}

/// `text` with its line feeds, and otherwise as [`line()`] gives it.
pub fn lines(text: &str) -> String {
    cleaned(text, |c| c == '\n')
}

fn cleaned(text: &str, keeps: fn(char) -> bool) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) || keeps(c) {
            cleaned.push(c);
        } else if c.is_ascii_whitespace() {
            cleaned.push(' ');
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(cleaned, "\\u{unit:04x}");
            }
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_plain_is_an_escape_and_white_space_a_blank() {
        assert_eq!(line("a\u{1b}[31m\u{7}b"), "a\\u001b[31m\\u0007b");
        assert_eq!(line("a\r\nb\tc"), "a  b c");
        assert_eq!(lines("a\r\nb\tc\u{9b}2J"), "a \nb c\\u009b2J");
        assert_eq!(line("\u{202e}\u{2066}\u{2028}\u{fffe}"), "\\u202e\\u2066\\u2028\\ufffe");
        assert_eq!(line("ρ ≥ 图像, naïve 🎲"), "ρ ≥ 图像, naïve 🎲");
    }

    proptest! {
        #[test]
        fn clean_text_is_plain_and_stays_as_it_is(text: String) {
            let once = line(&text);
            prop_assert!(once.chars().all(is_plain));
            prop_assert_eq!(line(&once), once);
            let once = lines(&text);
            prop_assert!(once.chars().all(|c| is_plain(c) || c == '\n'));
            prop_assert_eq!(lines(&once), once);
        }

        #[test]
        fn a_json_text_stays_the_same_value(text: String) {
            let json = serde_json::to_string_pretty(&[&text, "\u{9b}\u{202e}\u{7f}"]).unwrap();
            let value: serde_json::Value = serde_json::from_str(&lines(&json)).unwrap();
            prop_assert_eq!(value[0].as_str(), Some(text.as_str()));
            prop_assert_eq!(value[1].as_str(), Some("\u{9b}\u{202e}\u{7f}"));
        }
    }
}
