//! Text that fits a terminal: a line that is too long for it would be broken inside a word.

use console::{Term, measure_text_width};

/// The columns of the terminal that stdout is; `None` where it is none.
pub(super) fn of_stdout() -> Option<usize> {
    columns(&Term::stdout())
}

/// The columns of the terminal that stderr is; `None` where it is none.
pub(super) fn of_stderr() -> Option<usize> {
    columns(&Term::stderr())
}

fn columns(terminal: &Term) -> Option<usize> {
    terminal.size_checked().map(|(_, columns)| columns.into())
}

/// The columns that `text` takes.
pub(super) fn measure(text: &str) -> usize {
    measure_text_width(text)
}

/// `text` in at most `width` columns: its beginning and its end, and `…` for what is left out
/// between them.
pub(super) fn shorten(text: &str, width: usize) -> String {
    if measure(text) <= width {
        return text.to_string();
    }
    let room = width.saturating_sub(1);
    let end = suffix(text, room / 2);
    let beginning = prefix(text, room - measure(end));
    match width {
        0 => String::new(),
        _ => format!("{beginning}…{end}"),
    }
}

fn prefix(text: &str, width: usize) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let fits = ends.take_while(|end| measure(&text[..*end]) <= width);
    &text[..fits.last().unwrap_or(0)]
}

fn suffix(text: &str, width: usize) -> &str {
    let beginnings = text.char_indices().rev().map(|(at, _)| at);
    let fits = beginnings.take_while(|at| measure(&text[*at..]) <= width);
    &text[fits.last().unwrap_or(text.len())..]
}

/// `text` with its lines broken between words, so that they take at most `width` columns where no
/// word is longer. What goes on in another line is set further in.
pub(super) fn wrap(text: &str, width: usize) -> String {
    let lines = text.split('\n').map(|line| wrap_line(line, width));
    lines.collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, width: usize) -> String {
    if measure(line) <= width {
        return line.to_string();
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    let further = " ".repeat(indent + 2);
    let mut lines = vec![line[..indent].to_string()];
    // Blanks between words are kept where the words stay on one line.
    for word in line[indent..].split_inclusive(' ') {
        let last = lines.last().map_or("", String::as_str);
        let taken = measure(last) + measure(word.trim_end_matches(' '));
        if width < taken && !last.trim_start_matches(' ').is_empty() {
            lines.push(further.clone());
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(word);
        }
    }
    lines.iter().map(|line| line.trim_end_matches(' ')).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortened_text_keeps_its_beginning_and_its_end() {
        let label = "colours / concat / modality dropout / seed 3";
        assert_eq!(shorten(label, 44), label);
        assert_eq!(shorten(label, 30), "colours / conca…opout / seed 3");
        assert_eq!(shorten("abc", 1), "…");
        assert_eq!(shorten("abc", 0), "");
        // Two columns a character.
        assert_eq!(shorten("数据集合并", 6), "数…并");
        for width in 0..50 {
            assert!(measure(&shorten(label, width)) <= width);
        }
    }

    #[test]
    fn lines_are_broken_between_words_and_words_never() {
        let text = "one two  three\n  four five sixteen";
        assert_eq!(wrap(text, 80), text);
        assert_eq!(wrap(text, 10), "one two\n  three\n  four\n    five\n    sixteen");
        assert_eq!(wrap("a 0123456789abcdef b", 6), "a\n  0123456789abcdef\n  b");
        let coloured = "\x1b[1;33mwarning:\x1b[0m two words";
        assert_eq!(wrap(coloured, 12), "\x1b[1;33mwarning:\x1b[0m two\n  words");
    }
}
