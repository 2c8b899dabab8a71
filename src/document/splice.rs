//! The blocks of a Markdown page that the program writes itself, between two lines of their own:
//!
//! ```text
//! <!-- counterpoise:NAME -->
//! whatever NAME stands for
//! <!-- end -->
//! ```

use crate::error::{Error, Result};

const OPEN: &str = "<!-- counterpoise:";
const SHUT: &str = " -->";
const END: &str = "<!-- end -->";

/// A page with its blocks as they should be.
#[derive(Debug, PartialEq)]
pub struct Spliced {
    pub text: String,
    /// The blocks that were otherwise.
    pub differences: Vec<Difference>,
}

/// A block that is not what it should be, by its first line that differs.
#[derive(Debug, PartialEq)]
pub struct Difference {
    pub block: String,
    /// From 1.
    pub line: usize,
    /// Empty where a line is missing.
    pub found: String,
    /// Empty where a line is too many.
    pub expected: String,
}

/// Puts what `content` gives for its name into every block of a page. Line ends stay as they are.
///
/// # Errors
/// When a block does not end or does not begin, and when `content` fails, with the line.
pub fn splice(
    text: &str,
    mut content: impl FnMut(&str) -> std::result::Result<String, String>,
) -> Result<Spliced> {
    let at = |line: usize, what: String| Error::input(format!("line {}: {what}", line + 1));
    let mut written: Vec<String> = Vec::new();
    let mut differences = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((start, line)) = lines.next() {
        written.push(line.to_string());
        if line == END {
            return Err(at(start, format!("`{END}` without a beginning")));
        }
        let Some(name) = line.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(SHUT)) else {
            continue;
        };
        let mut found = Vec::new();
        loop {
            match lines.next() {
                Some((_, END)) => break,
                Some((_, line)) if !line.starts_with(OPEN) => found.push(line),
                _ => return Err(at(start, format!("the block `{name}` has no `{END}`"))),
            }
        }
        let expected = content(name).map_err(|why| at(start, why))?;
        let expected: Vec<&str> = expected.lines().collect();
        if let Some(n) =
            (0..found.len().max(expected.len())).find(|&n| found.get(n) != expected.get(n))
        {
            let of = |lines: &[&str]| lines.get(n).copied().unwrap_or_default().to_string();
            differences.push(Difference {
                block: name.to_string(),
                line: start + 2 + n,
                found: of(&found),
                expected: of(&expected),
            });
        }
        written.extend(expected.into_iter().map(str::to_string));
        written.push(END.to_string());
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = written.join(end);
    text.push_str(end);
    Ok(Spliced { text, differences })
}

/// A table of Markdown, whose entries may have marks of their own.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |entries: Vec<String>| {
        let entries: Vec<String> = entries.iter().map(|entry| entry.replace('|', "\\|")).collect();
        format!("| {} |", entries.join(" | "))
    };
    let mut lines = vec![
        line(head.iter().map(|title| (*title).to_string()).collect()),
        format!("|{}", "---|".repeat(head.len())),
    ];
    lines.extend(rows.into_iter().map(line));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> std::result::Result<String, String> {
        match name {
            "runs" => Ok("58 runs\nof 29 cells".into()),
            _ => Err(format!("no block is called `{name}`")),
        }
    }

    #[test]
    fn a_block_is_replaced_and_its_first_other_line_is_named() {
        let page = "# A\n<!-- counterpoise:runs -->\n58 runs\nof 30 cells\n<!-- end -->\nB\n";
        let spliced = splice(page, known).unwrap();
        assert_eq!(spliced.text, page.replace("30", "29"));
        let [difference] = &spliced.differences[..] else { panic!("{spliced:?}") };
        assert_eq!((difference.block.as_str(), difference.line), ("runs", 4));
        assert_eq!((&*difference.found, &*difference.expected), ("of 30 cells", "of 29 cells"));
        let again = splice(&spliced.text, known).unwrap();
        assert_eq!(again, Spliced { text: spliced.text, differences: Vec::new() });
    }

    #[test]
    fn an_empty_block_is_filled_and_a_longer_one_cut() {
        let filled = splice("<!-- counterpoise:runs -->\n<!-- end -->\n", known).unwrap();
        assert_eq!(filled.differences[0].expected, "58 runs");
        let long = filled.text.replace("cells\n", "cells\nand more\n");
        let cut = splice(&long, known).unwrap();
        assert_eq!((cut.text, &*cut.differences[0].found), (filled.text, "and more"));
    }

    #[test]
    fn line_ends_stay_and_an_indented_mark_is_none() {
        let page = "    <!-- counterpoise:other -->\r\n<!-- counterpoise:runs -->\r\n58 runs\r\n\
                    of 29 cells\r\n<!-- end -->\r\n";
        let spliced = splice(page, known).unwrap();
        assert_eq!(spliced, Spliced { text: page.into(), differences: Vec::new() });
    }

    #[test]
    fn what_is_no_block_is_named_with_its_line() {
        for (page, said) in [
            ("a\n<!-- end -->\n", "line 2: `<!-- end -->` without a beginning"),
            ("<!-- counterpoise:runs -->\na\n", "line 1: the block `runs` has no `<!-- end -->`"),
            (
                "<!-- counterpoise:runs -->\n<!-- counterpoise:runs -->\n<!-- end -->\n",
                "line 1: the block `runs` has no `<!-- end -->`",
            ),
            ("\n<!-- counterpoise:rums -->\n<!-- end -->\n", "line 2: no block is called `rums`"),
        ] {
            assert_eq!(splice(page, known).unwrap_err().message, said);
        }
    }

    #[test]
    fn a_bar_in_an_entry_does_not_end_it() {
        let made = table(&["a", "b"], [vec!["x|y".into(), "`z`".into()]]);
        assert_eq!(made, "| a | b |\n|---|---|\n| x\\|y | `z` |");
    }
}
