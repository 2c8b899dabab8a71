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
    problems.sort_by_key(|problem| problem.place);
    problems.dedup();
    let n = problems.len();
    let mut message = match n {
        1 => "the suite cannot be used".to_string(),
        _ => format!("the suite cannot be used, for {n} reasons"),
    };
    for problem in problems.iter().take(SHOWN) {
        let Place { line, column } = problem.place;
        // Writing to a string does not fail.
        let _ = write!(message, "\n{}:{line}:{column}: {}", path.display(), problem.message);
        if let Some(source) = text.lines().nth(line - 1).filter(|source| !source.is_empty()) {
            // A long line is cut around its column, so that the caret stays under the place.
            let start = column.saturating_sub(60);
            let shown: String = source
                .chars()
                .skip(start)
                .take(100)
                .map(|c| if c == '\t' { ' ' } else { c })
                .collect();
            let _ = write!(
                message,
                "\n {line:>4} | {shown}\n      | {:>width$}",
                "^",
                width = column - start
            );
        }
        if let Some(hint) = &problem.hint {
            let _ = write!(message, "\n  hint: {hint}");
        }
    }
    if SHOWN < n {
        let _ = write!(message, "\nand {} more", n - SHOWN);
    }
    Error::input(message)
}
