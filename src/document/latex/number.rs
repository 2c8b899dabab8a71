//! Columns of numbers by `siunitx`.

use super::setting::escape;
use crate::document::{Rank, Table};

/// The places before and after the decimal points of the numbers of a column, and of their spreads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Format {
    signed: bool,
    whole: usize,
    decimals: usize,
    /// Of the spread; 0 where there is none.
    spread_whole: usize,
    /// Characters behind a number, such as daggers.
    marks: usize,
}

/// A number as a report writes it: `+2.1`, `71.3 ± 0.8†`.
struct Number<'a> {
    sign: Option<char>,
    whole: &'a str,
    decimals: &'a str,
    spread: Option<(&'a str, &'a str)>,
    marks: &'a str,
}

impl<'a> Number<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let sign = text.chars().next().filter(|c| matches!(c, '+' | '−' | '-'));
        let rest = &text[sign.map_or(0, char::len_utf8)..];
        let (whole, decimals, rest) = decimal(rest)?;
        let (spread, rest) = match rest.strip_prefix(" ± ") {
            None => (None, rest),
            Some(rest) => {
                let (whole, decimals, rest) = decimal(rest)?;
                (Some((whole, decimals)), rest)
            }
        };
        let is_mark = |c: char| matches!(c, '†' | '‡' | '*' | '↑' | '↓' | '≈' | ' ');
        rest.chars().all(is_mark).then_some(Self { sign, whole, decimals, spread, marks: rest })
    }
}

/// The digits before and after a decimal point at the start of `text`, and what follows.
fn decimal(text: &str) -> Option<(&str, &str, &str)> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(digits(text));
    if whole.is_empty() {
        return None;
    }
    match rest.strip_prefix('.') {
        None => Some((whole, "", rest)),
        Some(rest) => {
            let (decimals, rest) = rest.split_at(digits(rest));
            (!decimals.is_empty()).then_some((whole, decimals, rest))
        }
    }
}

/// Whether a column of such entries is one of text: a dash stands among numbers, an interval does not.
fn is_words(text: &str) -> bool {
    7 < text.chars().count() && Number::parse(text).is_none()
}

impl Format {
    /// That of a column of numbers: what is none of them, such as a dash, stands for itself.
    pub(super) fn of(table: &Table, at: usize) -> Option<Self> {
        if !table.columns[at].is_number() {
            return None;
        }
        let entries = table.rows.iter().filter_map(|row| row.entries.get(at));
        let numbers: Vec<Number<'_>> =
            entries.clone().filter_map(|entry| Number::parse(&entry.text)).collect();
        let n_words = entries.filter(|entry| is_words(&entry.text)).count();
        (n_words < numbers.len()).then(|| Self {
            signed: numbers.iter().any(|number| number.sign.is_some()),
            whole: numbers.iter().map(|number| number.whole.len()).max().unwrap_or(1),
            decimals: numbers.iter().map(|number| number.decimals.len()).max().unwrap_or(0),
            spread_whole: numbers
                .iter()
                .filter_map(|number| Some(number.spread?.0.len()))
                .max()
                .unwrap_or(0),
            marks: numbers
                .iter()
                .map(|number| number.marks.trim().chars().count())
                .max()
                .unwrap_or(0),
        })
    }

    /// A column of `siunitx`, with room for the marks behind it.
    pub(super) fn spec(self) -> String {
        let sign = if self.signed { "+" } else { "" };
        let spread = match self.spread_whole {
            0 => String::new(),
            whole => format!(" \\pm {whole}.{}", self.decimals),
        };
        let marks = match self.marks {
            0 => String::new(),
            n => format!("@{{\\hspace{{{}pt}}}}", 4 * n + 5),
        };
        format!("S[table-format={sign}{}.{}{spread}]{marks}", self.whole, self.decimals)
    }

    pub(super) fn entry(self, text: &str, rank: Rank) -> String {
        let Some(number) = Number::parse(text) else {
            return if text.is_empty() { String::new() } else { format!("{{{}}}", escape(text)) };
        };
        let sign = match number.sign {
            Some('+') => "+",
            Some(_) => "-",
            None => "",
        };
        let of = |whole: &str, decimals: &str| match decimals {
            "" => whole.to_string(),
            decimals => format!("{whole}.{decimals}"),
        };
        let value = format!("{sign}{}", of(number.whole, number.decimals));
        let spread = number
            .spread
            .map_or(String::new(), |(whole, decimals)| format!(" \\pm {}", of(whole, decimals)));
        // Behind the number, and without a width of its own.
        let marks = match number.marks.trim() {
            "" => String::new(),
            marks => format!("\\rlap{{{}}}", escape(marks)),
        };
        match rank {
            Rank::None => format!("{value}{spread}{}", after(&marks)),
            Rank::Best => format!("\\bfseries {value}{spread}{}", after(&marks)),
            Rank::Second => {
                // No column of numbers underlines: the number is set by hand, padded to the format.
                let pad = |n: usize| format!("\\phantom{{{}}}", "0".repeat(n));
                let left = pad(self.whole.saturating_sub(number.whole.len()));
                let gap = number.spread.map_or(0, |(whole, _)| self.spread_whole - whole.len());
                format!("{{{left}\\underline{{\\num{{{value}{spread}}}}}{marks}{}}}", pad(gap))
            }
        }
    }
}

fn after(marks: &str) -> String {
    if marks.is_empty() { String::new() } else { format!(" {{{marks}}}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_reports_write_them() {
        let shown = |text| Number::parse(text).map(|n| (n.sign, n.whole, n.decimals, n.marks));
        assert_eq!(shown("+2.1"), Some((Some('+'), "2", "1", "")));
        assert_eq!(shown("−16.7 ± 1.7 ↑*"), Some((Some('−'), "16", "7", " ↑*")));
        assert_eq!(shown("10"), Some((None, "10", "", "")));
        for none in ["", "–", "[1.0, 2.0]", "< 0.001", "2.", "4 of 5", "1e5"] {
            assert_eq!(shown(none), None, "{none}");
        }
    }
}
