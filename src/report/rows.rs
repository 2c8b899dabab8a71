//! The sheets of a published report, read back: rows of named columns.

use crate::error::{Error, Result};
use crate::protocol::Selection;
use crate::report::tables::selection_name;
use std::collections::BTreeMap;

/// A row of `results.csv` or `summary.csv`.
#[derive(Clone, Debug)]
pub struct Row {
    /// The sheet and the line in it, from 1.
    pub place: String,
    columns: BTreeMap<String, String>,
}

impl Row {
    /// The text in a column; empty where there is no such column.
    pub fn text(&self, column: &str) -> &str {
        self.columns.get(column).map_or("", String::as_str)
    }

    /// The number in a column; `None` where it is empty.
    ///
    /// # Errors
    /// When the text is none of a finite number.
    pub fn number(&self, column: &str) -> Result<Option<f64>> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.map(Some).ok_or_else(|| self.wrong(column, "a number"))
    }

    /// The whole number in a column; `None` where it is empty.
    ///
    /// # Errors
    /// When the text is none of a whole number.
    pub fn whole(&self, column: &str) -> Result<Option<u64>> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| self.wrong(column, "a whole number"))
    }

    fn wrong(&self, column: &str, expected: &str) -> Error {
        let text = self.text(column);
        Error::input(format!("{}: `{column}` is `{text}`, not {expected}", self.place))
    }
}

/// The column of a metric on the test split at the epoch that `selection` picks.
pub fn column(selection: Selection, metric: &str) -> String {
    format!("{}_test_{metric}", selection_name(selection).replace('-', "_"))
}

/// Reads a sheet; `name` is for messages.
///
/// # Errors
/// When a line is no row of as many columns as the first names.
pub fn read(name: &str, bytes: &[u8]) -> Result<Vec<Row>> {
    let broken = |e: csv::Error| Error::input(format!("{name}: not a sheet of a report: {e}"));
    let mut reader = csv::Reader::from_reader(bytes);
    let header: Vec<String> =
        reader.headers().map_err(broken)?.iter().map(str::to_string).collect();
    let rows = reader.records().enumerate().map(|(at, record)| {
        let record = record.map_err(broken)?;
        let columns = header.iter().cloned().zip(record.iter().map(str::to_string));
        Ok(Row { place: format!("{name}:{}", at + 2), columns: columns.collect() })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gives_what_stands_under_a_name() {
        let rows = read("x.csv", b"seed,accuracy,status\n3,0.25,\"a, b\"\n4,,\n").unwrap();
        assert_eq!(rows[0].whole("seed").unwrap(), Some(3));
        assert_eq!(rows[0].number("accuracy").unwrap(), Some(0.25));
        assert_eq!((rows[0].text("status"), rows[0].text("none")), ("a, b", ""));
        assert_eq!(rows[1].number("accuracy").unwrap(), None);
    }

    #[test]
    fn what_is_no_sheet_or_no_number_is_an_error_with_its_place() {
        let error = read("x.csv", b"a,b\n1\n").unwrap_err();
        assert!(error.message.starts_with("x.csv: not a sheet"), "{error}");
        let rows = read("x.csv", b"a\n1\nNaN\n").unwrap();
        let error = rows[1].number("a").unwrap_err();
        assert_eq!(error.message, "x.csv:3: `a` is `NaN`, not a number");
        assert!(rows[1].whole("a").is_err());
    }

    #[test]
    fn columns_are_named_after_the_rule() {
        assert_eq!(column(Selection::BestVal, "accuracy"), "best_val_test_accuracy");
    }
}
