//! Text as LaTeX sets it: what is escaped, how wide it is, where it breaks.

use crate::text;

/// Escapes whatever LaTeX or a terminal would read as more than text; lines are joined.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text::line(text).chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', c]),
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '<' | '>' | '|' => escaped.extend(['$', c, '$']),
            // A bracket after `\\` would be read as its argument.
            '[' => escaped.push_str("{[}"),
            ']' => escaped.push_str("{]}"),
            '±' => escaped.push_str("$\\pm$"),
            '−' => escaped.push_str("$-$"),
            '–' => escaped.push_str("--"),
            '×' => escaped.push_str("$\\times$"),
            'Δ' => escaped.push_str("$\\Delta$"),
            'ρ' => escaped.push_str("$\\rho$"),
            '†' => escaped.push_str("\\textdagger{}"),
            '‡' => escaped.push_str("\\textdaggerdbl{}"),
            '↑' => escaped.push_str("$\\uparrow$"),
            '↓' => escaped.push_str("$\\downarrow$"),
            '≈' => escaped.push_str("$\\approx$"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// `title` in lines of at most `room` points, as far as its words allow; no line is a symbol alone.
pub(super) fn broken(title: &str, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in title.split(' ') {
        match lines.last_mut() {
            Some(last)
                if last.chars().count() < 3
                    || word.chars().count() < 3
                    || width(&format!("{last} {word}")) <= room =>
            {
                *last = format!("{last} {word}");
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

/// The width of a text at 8 points, by kinds of characters.
pub(super) fn width(text: &str) -> f64 {
    let of = |c: char| match c {
        '.' | ',' | ' ' | '[' | ']' | '|' | ':' | ';' | 'i' | 'l' | 'j' | 'f' | 't' | '\'' => 2.5,
        'm' | 'w' | 'M' | 'W' | '%' | '±' | '+' | '−' | '<' | '≈' | '=' => 6.8,
        c if c.is_uppercase() => 6.0,
        c if c.is_ascii() => 4.4,
        '–' | '†' | '‡' | '↑' | '↓' => 4.4,
        _ => 8.0,
    };
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(
            escape("a_b & 50% $x$ #1 {y} \\z ~ ^ <"),
            "a\\_b \\& 50\\% \\$x\\$ \\#1 \\{y\\} \\textbackslash{}z \\textasciitilde{} \\textasciicircum{} $<$"
        );
        assert_eq!(escape("[−1.0 ± 2]"), "{[}$-$1.0 $\\pm$ 2{]}");
    }

    #[test]
    fn a_title_breaks_between_words_and_leaves_no_symbol_alone() {
        assert_eq!(broken("Accuracy (%)", 30.0), ["Accuracy", "(%)"]);
        assert_eq!(broken("Δ joint", 5.0), ["Δ joint"]);
        assert_eq!(broken("Last epoch", 100.0), ["Last epoch"]);
    }
}
