//! Text that people read: labels, titles and analyses. It reaches terminals, pages, figures and
//! file names, so what none of them can show is refused where the suite is read.

use super::part::text;
use super::problem::Problem;
use super::yaml::Node;

/// The most characters of a label, and of a suite's name.
pub(super) const MAX_LABEL: usize = 100;
/// The most characters of a title.
pub(super) const MAX_TITLE: usize = 200;
/// The most characters of an analysis: a few pages.
pub(super) const MAX_ANALYSIS: usize = 20_000;

/// Reads a line of text of at most `max` characters, without the blanks around it.
pub(super) fn line<'a>(
    node: &'a Node,
    what: &str,
    max: usize,
    problems: &mut Vec<Problem>,
) -> Option<&'a str> {
    let text = read(node, what, max, false, problems)?;
    if text.is_empty() {
        problems.push(Problem::new(node.place, format!("a `{what}` is some text on one line")));
        return None;
    }
    Some(text)
}

/// Reads text of at most `max` characters on any number of lines, which may be empty.
pub(super) fn lines<'a>(
    node: &'a Node,
    what: &str,
    max: usize,
    problems: &mut Vec<Problem>,
) -> Option<&'a str> {
    read(node, what, max, true, problems)
}

fn read<'a>(
    node: &'a Node,
    what: &str,
    max: usize,
    may_break: bool,
    problems: &mut Vec<Problem>,
) -> Option<&'a str> {
    let text = text(node, what, problems)?.trim();
    let n = text.chars().count();
    let problem = if let Some(c) = text.chars().find(|c| !is_shown(*c, may_break)) {
        let name = match c {
            '\n' => "a line feed".to_string(),
            '\t' => "a tab".to_string(),
            c => format!("the character U+{:04X}, which has no look of its own,", u32::from(c)),
        };
        Problem::new(node.place, format!("{name} is not taken in `{what}`"))
    } else if max < n {
        Problem::new(node.place, format!("`{what}` has at most {max} characters, not {n}"))
    } else {
        return Some(text);
    };
    problems.push(problem);
    None
}

/// Whether pages and figures can hold a character and a terminal shows it as itself. XML takes
/// neither controls nor noncharacters; separators of lines and marks of direction would let one
/// label disturb the text around it.
fn is_shown(c: char, may_break: bool) -> bool {
    match c {
        '\n' | '\t' => may_break,
        '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
        '\u{fdd0}'..='\u{fdef}' | '\u{feff}' => false,
        c => !c.is_control() && u32::from(c) & 0xfffe != 0xfffe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_every_script_are_shown_and_nothing_else_is_let_in() {
        for c in "aß図é∞🦀\u{fffd}\u{10000}".chars() {
            assert!(is_shown(c, false), "{c:?}");
        }
        let hidden = "\0\u{1b}\u{7f}\u{85}\u{9b}\r\u{2028}\u{202e}\u{2066}\u{feff}\u{fdd0}\
                      \u{fffe}\u{ffff}\u{1fffe}\u{10ffff}";
        for c in hidden.chars() {
            assert!(!is_shown(c, true), "{c:?}");
        }
        assert!(is_shown('\n', true) && !is_shown('\n', false) && !is_shown('\t', false));
    }
}
