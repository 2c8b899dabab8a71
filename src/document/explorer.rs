//! A table whose rows open: of cells, each with its runs.

use super::Column;

/// Rows that can be filtered and sorted, each with what it opens to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explorer {
    pub caption: String,
    /// The first columns name what is filtered by a choice of values.
    pub choices: usize,
    pub columns: Vec<Column>,
    pub items: Vec<Item>,
    /// Of the table that every row opens to.
    pub detail: Vec<Column>,
}

/// A row, and what it opens to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    pub entries: Vec<String>,
    /// What is said above the details.
    pub about: String,
    pub rows: Vec<Vec<String>>,
    /// Lines over epochs, each between 0 and 1 or in whatever unit they share.
    pub curves: Vec<Vec<f64>>,
}
