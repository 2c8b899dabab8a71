//! The results of a suite: what reports, the verification and the gate all read.
//!
//! ```text
//! store -> collect -> SuiteInput -> Analysis (cells, variants, comparisons, effects) -> sheets, manifest
//!   a published report's sheets and manifest -> rows, Manifest -> diff
//! ```
//!
//! Pure functions of records, but for reading files.

pub mod across;
pub mod analysis;
pub mod cell;
pub mod collect;
pub mod comparison;
pub mod components;
pub mod diff;
pub mod effect;
#[cfg(test)]
pub(crate) mod fixture;
pub mod input;
pub mod items;
pub mod manifest;
pub mod names;
mod parquet;
pub mod predictions;
pub mod rows;
pub mod sheets;
pub mod tidy;
pub mod variant;
pub mod verdict;
