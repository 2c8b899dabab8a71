//! The sheets of a published report, read back: rows of named columns.

use crate::error::{Error, Result};
use crate::protocol::Selection;
use crate::record::metrics;
use crate::task::TASKS;
use crate::task::metric::{ACCURACY, METRICS, Metric};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The sheet of runs.
pub const RESULTS: &str = "results.csv";
/// The sheet of cells.
pub const SUMMARY: &str = "summary.csv";
/// The sheet of effects.
pub const EFFECTS: &str = "effects.csv";
/// The tables with a value a row: see [`super::tidy`].
pub const RESULTS_TIDY: &str = "results.parquet";
pub const EPOCHS_TIDY: &str = "epochs.parquet";

/// The status of a run with a usable result.
pub const FINISHED: &str = "finished";

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

    /// Refuses values that nothing could have measured.
    fn check(&self) -> Result<()> {
        for column in self.columns.keys() {
            if is_whole(column) {
                self.whole(column)?;
            }
            let Some(range) = range(column, self.primary()) else { continue };
            if self.number(column)?.is_some_and(|number| !range.contains(&number)) {
                // Adding zero turns a negative zero into a positive one.
                let (low, high) = (range.start().round() + 0.0, range.end().round());
                return Err(self.wrong(column, &format!("a number from {low} to {high}")));
            }
        }
        Ok(())
    }

    /// The metric that the row's run is judged by; of reports that had no other task yet, accuracy.
    fn primary(&self) -> Metric {
        let task = TASKS.iter().find(|entry| entry.name == self.text("task"));
        task.map_or(ACCURACY, |entry| entry.build.primary)
    }

    fn wrong(&self, column: &str, expected: &str) -> Error {
        let text = self.text(column);
        Error::input(format!("{}: `{column}` is `{text}`, not {expected}", self.place))
            .with_hint("no report is written so; restore it from version control")
    }
}

/// Measured times are below this many seconds, which are three centuries.
const MOST_SECONDS: f64 = 1e10;
/// What rounding may add to a fraction.
const ROUNDING: f64 = 1e-9;

/// The values that a column of `results.csv` can hold in a row whose run is judged by `primary`,
/// where they are real numbers.
fn range(column: &str, primary: Metric) -> Option<RangeInclusive<f64>> {
    let is_of = |name: &str| {
        let before = column.strip_suffix(&underscored(name));
        before.is_some_and(|before| before.ends_with('_'))
    };
    if column == "wall_seconds" {
        Some(0.0..=MOST_SECONDS)
    } else if let Some(metric) = METRICS.iter().find(|metric| is_of(metric.name)) {
        Some(metric.least - ROUNDING..=metric.most + ROUNDING)
    } else if is_of(metrics::CONTRIBUTION) || is_of(metrics::IMBALANCE) {
        let most = (2.0 * primary.reach()).min(f64::MAX);
        Some(-most - ROUNDING..=most + ROUNDING)
    } else if column == "lr" {
        Some(-f64::MAX..=f64::MAX)
    } else {
        None
    }
}

/// Whether a column of `results.csv` holds whole numbers.
fn is_whole(column: &str) -> bool {
    ["seed", "epochs", "batch_size", "train_steps", "parameters", "peak_memory_bytes"]
        .contains(&column)
        || ["_epoch", "_examples", "multiply_adds"].iter().any(|end| column.ends_with(end))
}

/// The name of a metric in the name of a column.
pub(super) fn underscored(name: &str) -> String {
    name.replace('-', "_")
}

/// The column of what was measured on the test split at the epoch that `selection` picks.
pub fn column(selection: Selection, measured: &str) -> String {
    format!("{}_test_{}", underscored(selection.name()), underscored(measured))
}

/// The column of a statistic over the runs of a cell.
pub fn statistic(measured: &str, of: &str) -> String {
    format!("{}_{of}", underscored(measured))
}

/// Reads a sheet; `name` is for messages.
///
/// # Errors
/// When a line is no row of as many columns as the first names, or a value in it cannot be.
pub fn read(name: &str, bytes: &[u8]) -> Result<Vec<Row>> {
    let broken = |e: csv::Error| Error::input(format!("{name}: not a sheet of a report: {e}"));
    let mut reader = csv::Reader::from_reader(bytes);
    let header: Vec<String> =
        reader.headers().map_err(broken)?.iter().map(str::to_string).collect();
    let rows = reader.records().enumerate().map(|(at, record)| {
        let record = record.map_err(broken)?;
        let columns = header.iter().cloned().zip(record.iter().map(str::to_string));
        let row = Row { place: format!("{name}:{}", at + 2), columns: columns.collect() };
        row.check()?;
        Ok(row)
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
    fn values_that_nothing_could_have_measured_are_refused() {
        for (column, value, expected) in [
            ("wall_seconds", "1e308", "a number from 0 to 10000000000"),
            ("wall_seconds", "-1", "a number from 0 to 10000000000"),
            ("wall_seconds", "inf", "a number"),
            ("last_test_accuracy", "1.5", "a number from 0 to 1"),
            ("last_test_macro_f1", "1e308", "a number from 0 to 1"),
            ("modality_1_contribution", "-3", "a number from -2 to 2"),
            ("last_test_clip_accuracy", "2", "a number from 0 to 1"),
            ("last_test_correlation", "-1.5", "a number from -1 to 1"),
            ("best_val_test_loss", "NaN", "a number"),
            ("best_val_epoch", "0.5", "a whole number"),
            ("train_steps", "18446744073709551616", "a whole number"),
        ] {
            let error = read("x.csv", format!("{column}\n{value}\n").as_bytes()).unwrap_err();
            assert_eq!(error.message, format!("x.csv:2: `{column}` is `{value}`, not {expected}"));
        }
        let fine =
            "wall_seconds,last_test_accuracy,last_test_loss,loss_1,status\n5e-324,1,708,x,\n";
        read("x.csv", fine.as_bytes()).unwrap();
        let fine = "task,last_test_imbalance,last_test_mean_absolute_error\nregression,30,1e9\n";
        read("x.csv", fine.as_bytes()).unwrap();
    }

    #[test]
    fn columns_are_named_after_the_rule() {
        assert_eq!(column(Selection::BestVal, "accuracy"), "best_val_test_accuracy");
    }
}
