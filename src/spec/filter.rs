//! Choosing cells of a suite by their labels.

use super::run::RunSpec;
use super::suite::{Cell, Suite};
use crate::error::{Error, Result};
use crate::registry::unknown;

const KEYS: &[&str] = &["dataset", "fusion", "strategy", "seed", "id"];

impl Suite {
    /// The suite with only the runs that match `filter`: `key=pattern` joined by commas, where a
    /// pattern may hold `*`, and the keys are `dataset`, `fusion`, `strategy`, `seed` and `id`
    /// (of the run, a prefix). The bare name of a part matches it whatever its parameters; commas
    /// inside parentheses belong to a label.
    ///
    /// # Errors
    /// When the filter is malformed or matches nothing.
    pub fn filter(&self, filter: &str) -> Result<Self> {
        let mut patterns = Vec::new();
        for clause in clauses(filter) {
            let Some((key, pattern)) = clause.split_once('=') else {
                return Err(Error::input(format!("`{clause}` in the filter is not `key=pattern`"))
                    .with_hint("for example `--filter dataset=mfeat,strategy=ogm*`"));
            };
            if !KEYS.contains(&key) {
                return Err(Error::input(unknown("filter key", key, KEYS.iter().copied())));
            }
            patterns.push((key, pattern));
        }
        let mut cells = Vec::new();
        for cell in &self.cells {
            let mut runs = Vec::new();
            for run in &cell.runs {
                if matches(&patterns, cell, run)? {
                    runs.push(run.clone());
                }
            }
            if !runs.is_empty() {
                cells.push(Cell { runs, ..cell.clone() });
            }
        }
        if cells.is_empty() {
            return Err(Error::input(format!("the filter `{filter}` matches no run"))
                .with_hint("`--plan` lists the cells and their labels"));
        }
        Ok(Self { cells, ..self.clone() })
    }
}

fn matches(patterns: &[(&str, &str)], cell: &Cell, run: &RunSpec) -> Result<bool> {
    for (key, pattern) in patterns {
        let matched = match *key {
            "seed" => glob(pattern, &run.seed.to_string()),
            "id" => run.id()?.0.starts_with(pattern),
            part => fits(pattern, part, cell, run),
        };
        if !matched {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether `pattern` matches the label of a cell's `part`, or is the name of the part itself.
pub(super) fn fits(pattern: &str, part: &str, cell: &Cell, run: &RunSpec) -> bool {
    let (label, name) = match part {
        "dataset" => (&cell.dataset, &run.dataset.name),
        "fusion" => (&cell.fusion, &run.fusion.name),
        _ => (&cell.strategy, &run.strategy.name),
    };
    glob(pattern, label) || pattern == name
}

/// Splits a filter at the commas that are not inside parentheses.
fn clauses(filter: &str) -> Vec<&str> {
    let mut depth = 0usize;
    filter
        .split(|c: char| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == ',' && depth == 0
        })
        .collect()
}

/// Whether `text` matches `pattern`, in which `*` stands for any characters.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|head| text.strip_prefix(head)) else {
        return false;
    };
    let Some(tail) = pieces.next_back() else { return rest.is_empty() };
    // The leftmost place of each piece leaves the most to the others.
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::glob;
    use proptest::prelude::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, expected) in [
            ("ogm", "ogm", true),
            ("ogm", "ogm-ge", false),
            ("ogm*", "ogm(alpha=0.3)", true),
            ("*ge*opm", "ogm-ge+opm", true),
            ("*x", "ogm", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_with_a_part_starred_matches(a in "[a-c]{0,4}", b in "[a-cß]{0,4}", c in "[a-c]{0,4}") {
            let pattern = format!("{a}*{c}");
            let text = format!("{a}{b}{c}");
            prop_assert!(glob(&pattern, &text));
        }
    }
}
