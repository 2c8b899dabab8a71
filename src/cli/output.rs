//! The only place that prints: what a script would read to stdout, everything else to stderr.
//!
//! Colours are left out where the stream is no terminal or `NO_COLOR` is set. They are added here
//! and nowhere else: in every text that is handed over, what could steer a terminal is made an
//! escape, since names, labels, parameters and notes come from files that others wrote.

use super::width;
use crate::error::{Error, Result};
use crate::text;
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const PLAIN: &str = "\x1b[0m";

/// Prints data to stdout, with a line feed. A reader that has closed the pipe, as `head` does, wants
/// no more; what the command does, and how it ends, does not change by that.
///
/// # Errors
/// When stdout cannot be written, say to a full disk.
pub fn data(text: &str) -> Result<()> {
    match write_line(&mut anstream::stdout(), "", text) {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(e) => Err(Error::io("write to", Path::new("stdout"), &e)),
        Ok(()) => Ok(()),
    }
}

/// Prints a table to stdout, on a terminal no wider than that.
///
/// # Errors
/// As [`data`].
pub fn table(table: &Table) -> Result<()> {
    match width::of_stdout() {
        Some(columns) => data(&table.fit(columns).render()),
        None => data(&table.render()),
    }
}

/// Prints a line for the person who watches to stderr. If even that is closed, nobody watches.
pub fn note(text: &str) {
    let _ = write_line(&mut anstream::stderr(), "", &fit("", text));
}

/// Text that may come from outside, made clean, and its lines broken between words where stderr is
/// a terminal; `head` comes before it.
pub fn fit(head: &str, text: &str) -> String {
    let text = text::lines(text);
    match width::of_stderr() {
        None => text,
        Some(columns) => {
            let whole = width::wrap(&format!("{head}{text}"), columns);
            whole.strip_prefix(head).map_or(text, str::to_string)
        }
    }
}

/// Prints a warning to stderr.
pub fn warning(text: &str) {
    let _ = write_line(
        &mut anstream::stderr(),
        &format!("{YELLOW}warning:{PLAIN} "),
        &fit("warning: ", text),
    );
}

/// Prints an error and its hint to stderr.
pub fn error(error: &Error) {
    let head = format!("{RED}error:{PLAIN} ");
    let _ = write_line(&mut anstream::stderr(), &head, &fit("error: ", &error.to_string()));
}

/// Asks the person who watches; the answer is to be typed on the same line.
///
/// # Errors
/// When stderr cannot be written.
pub fn question(text: &str) -> std::io::Result<()> {
    let mut stream = anstream::stderr();
    write!(stream, "{} ", text::line(text))?;
    stream.flush()
}

/// Prints what the parser of the command line has to say in its own colours: help and version to
/// stdout, anything else to stderr. `again` parses the arguments as they are given to it, and is
/// given `arguments` without what could steer a terminal, since a refusal repeats them.
pub fn parser<T>(
    said: &clap::Error,
    arguments: impl Iterator<Item = OsString>,
    again: impl FnOnce(Vec<String>) -> std::result::Result<T, clap::Error>,
) {
    let arguments = arguments.map(|argument| text::line(&argument.to_string_lossy()));
    match again(arguments.collect()) {
        // A terminal that is gone is nobody to tell.
        Err(same) if same.kind() == said.kind() => drop(same.print()),
        // What is wrong with them cannot be told but in the words that they stand in.
        _ => note(said.render().to_string().trim_end()),
    }
}

/// A text on one line, for a display that is not written here, such as a bar.
pub fn label(text: &str) -> String {
    text::line(text)
}

/// `head` is ours and stays as it is.
fn write_line(stream: &mut impl Write, head: &str, text: &str) -> std::io::Result<()> {
    writeln!(stream, "{head}{}", text::lines(text))?;
    stream.flush()
}

/// How far a label is shortened at most.
const SHORTEST_LABEL: usize = 8;

/// The side on which the cells of a column begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
    /// On the left; shortened where the table would be wider than a terminal. For what a reader
    /// knows again by its beginning and its end, never for an id.
    Label,
}

/// A table for the terminal: columns as wide as their widest cell, two spaces apart.
#[derive(Clone, Debug)]
pub struct Table {
    aligns: Vec<Align>,
    /// The header first.
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(columns: &[(&str, Align)]) -> Self {
        let header = columns.iter().map(|(title, _)| text::line(title)).collect();
        Self { aligns: columns.iter().map(|(_, align)| *align).collect(), rows: vec![header] }
    }

    /// Adds a row with a cell per column, each on one line.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| text::line(&cell)).collect());
    }

    /// This table in at most `columns` columns, as far as its labels can be shortened for that: the
    /// widest first.
    fn fit(&self, columns: usize) -> Self {
        let mut widths = self.widths();
        let mut excess = (widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1))
            .saturating_sub(columns);
        while 0 < excess {
            let labels = widths.iter_mut().zip(&self.aligns).filter(|(_, a)| **a == Align::Label);
            let Some(widest) = labels.map(|(width, _)| width).max() else { break };
            if *widest <= SHORTEST_LABEL {
                break;
            }
            *widest -= 1;
            excess -= 1;
        }
        let mut table = self.clone();
        for row in &mut table.rows {
            for ((cell, align), width) in row.iter_mut().zip(&self.aligns).zip(&widths) {
                if *align == Align::Label {
                    *cell = width::shorten(cell, *width);
                }
            }
        }
        table
    }

    /// The width of every column, in characters.
    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        (0..self.aligns.len()).map(width).collect()
    }

    /// The text, without a final line feed.
    pub fn render(&self) -> String {
        let widths = self.widths();
        let lines = self.rows.iter().map(|row| {
            let cells = row.iter().zip(&self.aligns).zip(&widths);
            let cells = cells.map(|((cell, align), width)| {
                // Not by a width in `format!`, which takes none beyond 65,535.
                let room = " ".repeat(width.saturating_sub(cell.chars().count()));
                match align {
                    Align::Left | Align::Label => format!("{cell}{room}"),
                    Align::Right => format!("{room}{cell}"),
                }
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// A time span in its two largest units: `2 h 10 min`, `3 min 20 s`, `41 s`, `0.4 s`.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let seconds = seconds.round() as u64;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    if 0 < days {
        format!("{days} d {hours} h")
    } else if 0 < hours {
        format!("{hours} h {minutes} min")
    } else if 0 < minutes {
        format!("{minutes} min {} s", seconds % 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters_and_end_without_blanks() {
        let mut table = Table::new(&[("run", Align::Left), ("n", Align::Right), ("", Align::Left)]);
        table.row(["a".into(), "1".into(), "x".into()]);
        table.row(["0.5 ± 0.1".into(), "100".into(), String::new()]);
        assert_eq!(
            table.render(),
            "run          n\n\
             a            1  x\n\
             0.5 ± 0.1  100"
        );
    }

    #[test]
    fn a_table_fits_a_terminal_by_its_labels_and_leaves_the_rest_alone() {
        let mut table = Table::new(&[
            ("cell", Align::Left),
            ("data set", Align::Label),
            ("strategy", Align::Label),
            ("runs", Align::Right),
        ]);
        table.row([
            "0123456789abcdef".into(),
            "synthetic".into(),
            "modality dropout with a schedule".into(),
            "10".into(),
        ]);
        assert_eq!(table.fit(80).render(), table.render());
        assert_eq!(
            table.fit(50).render(),
            "cell              data set   strategy         runs\n\
             0123456789abcdef  synthetic  modalit…chedule    10"
        );
        let least = table.fit(10).render();
        assert!(least.contains("0123456789abcdef  synt…tic  moda…ule"), "{least}");
    }

    #[test]
    fn time_spans_have_two_units() {
        let cases = [
            (0.44, "0.4 s"),
            (9.96, "10 s"),
            (41.4, "41 s"),
            (59.6, "1 min 0 s"),
            (200.0, "3 min 20 s"),
            (7800.0, "2 h 10 min"),
            (180_000.0, "2 d 2 h"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(duration(Duration::from_secs_f64(seconds)), expected);
        }
    }

    #[test]
    fn a_stream_that_cannot_be_written_is_an_error_and_no_panic() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        drop(reader);
        let error = write_line(&mut writer, "", "text").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn our_colours_stay_and_what_others_wrote_steers_nothing() {
        let mut written = Vec::new();
        write_line(&mut written, "\u{1b}[1;31merror:\u{1b}[0m ", "a\u{1b}[2J\n  hint: b").unwrap();
        let written = String::from_utf8(written).unwrap();
        assert_eq!(written, "\u{1b}[1;31merror:\u{1b}[0m a\\u001b[2J\n  hint: b\n");
    }

    #[test]
    fn a_cell_is_one_line_however_long() {
        let mut table = Table::new(&[("a", Align::Left), ("b", Align::Right)]);
        table.row(["x".repeat(70_000), "y\nz\u{7}".into()]);
        table.row(["x".into(), "1".into()]);
        let rendered = table.render();
        assert_eq!(rendered.lines().count(), 3);
        assert!(rendered.contains("  y z\\u0007\n"));
    }
}
