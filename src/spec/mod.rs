//! The suite language: YAML in, a checked and fully resolved list of runs out.
//!
//! ```text
//! text -> wire (nodes with their places) -> resolve (parts, protocols) -> expand -> Suite
//! ```
//!
//! Every problem is reported with file, line and column, and nothing starts while there is one.

pub mod catalog;
pub mod cell;
pub mod change;
pub mod dataset;
pub mod described;
pub mod expand;
pub mod filter;
pub mod part;
pub mod problem;
pub mod protocol;
pub mod run;
pub mod schema;
pub mod suite;
pub mod v1;
pub mod wire;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
