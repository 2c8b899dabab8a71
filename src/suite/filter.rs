//! Choosing runs of a suite by their labels, seeds and ids.

use super::run::RunSpec;
use super::{Cell, Suite};
use crate::error::{Error, Result};
use crate::registry::{nearest, unknown};
use std::collections::BTreeSet;

const KEYS: &[&str] = &["dataset", "fusion", "strategy", "seed", "id"];

impl Suite {
    /// The suite with only the runs that match `filter`: `key=pattern` joined by commas, all of
    /// which must hold. The keys are `dataset`, `fusion`, `strategy`, `seed` and `id`.
    ///
    /// A pattern is one alternative or several joined by `|`, in which `*` stands for any
    /// characters. Between double quotes every character stands for itself, and `""` for a quote.
    /// The bare name of a part matches it whatever its parameters; commas and bars inside
    /// parentheses belong to a label. An id is that of a run or of a cell, or its beginning.
    ///
    /// # Errors
    /// When the filter is malformed, and when the whole or an alternative of it matches nothing.
    pub fn filter(&self, filter: &str) -> Result<Self> {
        let mut clauses = split(filter, ',')?
            .into_iter()
            .map(Clause::parse)
            .collect::<Result<Vec<Clause<'_>>>>()?;
        let mut cells = Vec::new();
        for cell in &self.cells {
            let mut runs = Vec::new();
            for run in &cell.runs {
                let mut matches = true;
                for clause in &mut clauses {
                    // Each is asked, so that one that matches nothing at all is found.
                    matches &= clause.matches(cell, run)?;
                }
                if matches {
                    runs.push(run.clone());
                }
            }
            if !runs.is_empty() {
                cells.push(Cell { runs, ..cell.clone() });
            }
        }
        for clause in &clauses {
            if let Some((idle, _)) =
                clause.alternatives.iter().find(|(_, has_matched)| !has_matched)
            {
                return Err(self.unmatched(clause.key, idle.text));
            }
        }
        if cells.is_empty() {
            return Err(Error::input(format!("the filter `{filter}` matches no run"))
                .with_hint("each part of it matches some run, but none matches all parts"));
        }
        Ok(Self { cells, ..self.clone() })
    }

    /// What to say of a pattern that matches nothing in the suite.
    fn unmatched(&self, key: &str, text: &str) -> Error {
        let names: BTreeSet<&str> = self
            .cells
            .iter()
            .filter_map(|cell| Some((cell, cell.runs.first()?)))
            .flat_map(|(cell, run)| names(key, cell, run))
            .collect();
        let meant = match nearest(text, names.into_iter()) {
            Some(name) => format!(", did you mean `{name}`?"),
            None => String::new(),
        };
        Error::input(format!("no {key} of the suite matches `{text}`{meant}"))
            .with_hint("`--plan` lists the cells and their labels")
    }
}

/// A key and the patterns of which one must match.
struct Clause<'a> {
    key: &'a str,
    /// With whether it has matched anything so far.
    alternatives: Vec<(Pattern<'a>, bool)>,
}

impl<'a> Clause<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let hint = "for example `--filter dataset=mfeat,strategy=ogm*|opm`";
        let Some((key, patterns)) = text.split_once('=') else {
            let message = format!("`{text}` in the filter is not `key=pattern`");
            return Err(Error::input(message).with_hint(hint));
        };
        if !KEYS.contains(&key) {
            return Err(Error::input(unknown("filter key", key, KEYS.iter().copied())));
        }
        let alternatives = split(patterns, '|')?;
        if alternatives.contains(&"") {
            let message = format!("`{text}` in the filter holds an empty pattern");
            return Err(Error::input(message).with_hint(hint));
        }
        let alternatives = alternatives.into_iter().map(|text| (Pattern::parse(text), false));
        Ok(Self { key, alternatives: alternatives.collect() })
    }

    fn matches(&mut self, cell: &Cell, run: &RunSpec) -> Result<bool> {
        let id = if self.key == "id" { run.id()?.0 } else { String::new() };
        let mut any = false;
        for (pattern, has_matched) in &mut self.alternatives {
            let matches = match self.key {
                "seed" => pattern.matches(&run.seed.to_string()),
                "id" => pattern.begins(&id) || pattern.begins(&cell.id.0),
                part => fits(pattern, part, cell, run),
            };
            *has_matched |= matches;
            any |= matches;
        }
        Ok(any)
    }
}

/// A text with the places at which any characters may stand.
pub(super) struct Pattern<'a> {
    /// As it was written.
    text: &'a str,
    /// What stands between the places.
    pieces: Vec<String>,
}

impl<'a> Pattern<'a> {
    /// A pattern in which only `*` has a meaning.
    pub(super) fn glob(text: &'a str) -> Self {
        Self { text, pieces: text.split('*').map(str::to_string).collect() }
    }

    /// A pattern that may hold quotes, all of them closed.
    fn parse(text: &'a str) -> Self {
        let mut pieces = vec![String::new()];
        let mut is_quoted = false;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if is_quoted && chars.peek() == Some(&'"') => chars.next(),
                '"' => {
                    is_quoted = !is_quoted;
                    continue;
                }
                '*' if !is_quoted => {
                    pieces.push(String::new());
                    continue;
                }
                _ => None,
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(c);
            }
        }
        Self { text, pieces }
    }

    fn matches(&self, text: &str) -> bool {
        let mut pieces = self.pieces.iter().map(String::as_str);
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

    /// Whether `id` matches, or begins so where the pattern has no star.
    fn begins(&self, id: &str) -> bool {
        self.matches(id) || self.is_plain() && id.starts_with(self.pieces[0].as_str())
    }

    fn is_plain(&self) -> bool {
        self.pieces.len() == 1
    }
}

/// The label of a cell's `part` and the name of the part itself; none for another key.
fn names<'a>(key: &str, cell: &'a Cell, run: &'a RunSpec) -> Vec<&'a str> {
    match key {
        "dataset" => vec![&cell.dataset, &run.cell.dataset.name],
        "fusion" => vec![&cell.fusion, &run.cell.fusion.name],
        "strategy" => vec![&cell.strategy, &run.cell.strategy.name],
        _ => Vec::new(),
    }
}

/// Whether a pattern matches the label of a cell's `part`, or is the name of the part itself.
pub(super) fn fits(pattern: &Pattern<'_>, part: &str, cell: &Cell, run: &RunSpec) -> bool {
    match names(part, cell, run)[..] {
        [label, name] => pattern.matches(label) || pattern.is_plain() && pattern.matches(name),
        _ => false,
    }
}

/// Splits a filter at the separators that stand neither in quotes nor in parentheses.
fn split(filter: &str, separator: char) -> Result<Vec<&str>> {
    let (mut depth, mut is_quoted) = (0usize, false);
    let parts = filter
        .split(|c: char| {
            match c {
                '"' => is_quoted = !is_quoted,
                '(' if !is_quoted => depth += 1,
                ')' if !is_quoted => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == separator && depth == 0 && !is_quoted
        })
        .collect();
    if is_quoted {
        return Err(Error::input(format!("a quote is left open in the filter `{filter}`"))
            .with_hint("quote a label as a whole, \"such as this\", and a quote in it as \"\""));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).matches(text)
    }

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
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
            assert_eq!(Pattern::glob(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn between_quotes_every_character_stands_for_itself() {
        for (pattern, text, expected) in [
            (r#""a*""#, "a*", true),
            (r#""a*""#, "ab", false),
            (r#""a, b"*"#, "a, b (c)", true),
            (r#""say ""a""""#, r#"say "a""#, true),
            (r#""""#, "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert_eq!(split(r#"a="x,y",b=f(1,2)"#, ',').unwrap(), [r#"a="x,y""#, "b=f(1,2)"]);
        assert_eq!(split(r#""a|b"|c"#, '|').unwrap(), [r#""a|b""#, "c"]);
        assert!(split("a=\"x", ',').is_err());
    }

    proptest! {
        #[test]
        fn a_text_with_a_part_starred_matches(a in "[a-c]{0,4}", b in "[a-cß]{0,4}", c in "[a-c]{0,4}") {
            let text = format!("{a}{b}{c}");
            let is_found = matches(&format!("{a}*{c}"), &text);
            prop_assert!(is_found);
        }

        #[test]
        fn any_label_can_be_quoted(label in any::<String>()) {
            let quoted = format!("\"{}\"", label.replace('"', "\"\""));
            prop_assert_eq!(split(&quoted, ',').unwrap(), [quoted.as_str()]);
            let is_found = matches(&quoted, &label);
            prop_assert!(is_found);
        }
    }
}
