//! What is wrong with a suite, and where: shown as a compiler would.

use crate::error::Error;
use std::fmt::Write;
use std::path::Path;

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    pub const START: Place = Place { line: 1, column: 1 };

    pub fn new(line: usize, column: usize) -> Self {
        Self { line: line.max(1), column: column.max(1) }
    }
}

/// Something wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub place: Place,
    pub message: String,
    pub hint: Option<String>,
}

impl Problem {
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: None }
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The most problems shown at once: a screen.
const SHOWN: usize = 6;

/// All problems of a suite as one error, in the order of the text.
pub fn error(path: &Path, text: &str, mut problems: Vec<Problem>) -> Error {
    // By message too, so that what every cell meets is said once.
    problems.sort_by(|a, b| (a.place, &a.message).cmp(&(b.place, &b.message)));
    problems.dedup();
    let n = problems.len();
    let mut message = match n {
        1 => "the suite cannot be used".to_string(),
        _ => format!("the suite cannot be used, for {n} reasons"),
    };
    // YAML takes a carriage return for the end of a line, too.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.lines().collect();
    for problem in problems.iter().take(SHOWN) {
        let Place { line, column } = within(&lines, problem.place);
        // Writing to a string does not fail.
        let _ = write!(
            message,
            "\n{}:{line}:{column}: {}",
            path.display(),
            printable(&problem.message)
        );
        if let Some(source) = lines.get(line - 1).filter(|source| !source.is_empty()) {
            // A long line is cut around its column, so that the caret stays under the place.
            let start = column.saturating_sub(60);
            let shown: String = printable(source).chars().skip(start).take(100).collect();
            let _ = write!(
                message,
                "\n {line:>4} | {shown}\n      | {:>width$}",
                "^",
                width = column - start
            );
        }
        if let Some(hint) = &problem.hint {
            let _ = write!(message, "\n  hint: {}", printable(hint));
        }
    }
    if SHOWN < n {
        let _ = write!(message, "\nand {} more", n - SHOWN);
    }
    Error::input(message)
}

/// `place`, or the end of the text for what is missing beyond it.
fn within(lines: &[&str], place: Place) -> Place {
    match lines.last() {
        Some(last) if lines.len() < place.line => Place::new(lines.len(), 1 + last.chars().count()),
        Some(_) => place,
        None => Place::START,
    }
}

/// `text` with a blank for each control character, one for one, so that columns stay.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, problems: Vec<Problem>) -> String {
        error(Path::new("a.yaml"), text, problems).message
    }

    #[test]
    fn what_is_missing_is_shown_at_the_end() {
        let message = shown("a: [1,\r\nb", vec![Problem::new(Place::new(9, 1), "no `]`")]);
        assert_eq!(message, "the suite cannot be used\na.yaml:2:2: no `]`\n    2 | b\n      |  ^");
        let message = shown("", vec![Problem::new(Place::new(1, 7), "nothing")]);
        assert_eq!(message, "the suite cannot be used\na.yaml:1:1: nothing");
    }

    #[test]
    fn the_caret_stays_under_its_place_in_a_long_line() {
        for column in [1, 59, 60, 61, 99, 150, 200] {
            let text = format!("{}!{}", "-".repeat(column - 1), "-".repeat(80));
            let message = shown(&text, vec![Problem::new(Place::new(1, column), "here")]);
            let [.., source, caret] = message.lines().collect::<Vec<_>>()[..] else { panic!() };
            assert_eq!(source.find('!'), caret.find('^'), "{message}");
        }
    }

    #[test]
    fn problems_are_sorted_said_once_and_at_most_a_screen() {
        let at = |line, message: &str| Problem::new(Place::new(line, 1), message);
        let problems = vec![at(3, "c"), at(1, "b"), at(1, "a"), at(1, "b"), at(3, "c")];
        let expected =
            "the suite cannot be used, for 3 reasons\na.yaml:1:1: a\na.yaml:1:1: b\na.yaml:3:1: c";
        assert_eq!(shown("\n\n\n", problems), expected);
        let many = (1..=20).map(|line| at(line, "x")).collect();
        let message = shown(&"\n".repeat(20), many);
        assert!(message.ends_with("a.yaml:6:1: x\nand 14 more"), "{message}");
    }

    #[test]
    fn nothing_in_a_suite_reaches_the_terminal_as_a_command() {
        let message = shown("\u{1b}[31m", vec![Problem::new(Place::START, "\u{1b}]0;x\u{7}")]);
        assert!(!message.contains(|c: char| c.is_control() && c != '\n'), "{message:?}");
    }
}
