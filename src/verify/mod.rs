//! The verification of a published report: everything in it that can be computed again.
//!
//! ```text
//! folder -> files, manifest -> files, claims, sheets     what the report says of itself
//!                  + suite  -> claims::suite             what the suite says of the report
//!                  + store  -> records, rendering        what the runs say of the report
//!                  + runs trained again -> retrained     what training says of the runs
//!   all of it -> attest
//! ```
//!
//! Pure functions that give checks. A check that fails names its mismatches; only input that
//! cannot be judged at all is an error.

pub mod attest;
pub mod claims;
pub mod files;
pub mod records;
pub mod rendering;
pub mod retrained;
pub mod sheets;

use crate::results::manifest::Manifest;
use serde::Serialize;
use std::fmt;

pub use files::Files;

/// Things of one kind that were computed again, and those that came out otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    pub name: &'static str,
    /// What was compared with what.
    pub compares: &'static str,
    /// The number of things compared.
    pub n: usize,
    /// In the order of paths.
    pub mismatches: Vec<Mismatch>,
}

/// A thing that is not what the report says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// A path in the report or in the store; the place in a file after a colon.
    pub path: String,
    pub what: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

impl Check {
    fn new(name: &'static str, compares: &'static str) -> Self {
        Self { name, compares, n: 0, mismatches: Vec::new() }
    }

    /// Counts one thing compared; where it does not hold, notes what is wrong at `path`.
    fn expect(&mut self, holds: bool, path: &str, what: impl FnOnce() -> String) {
        self.n += 1;
        if !holds {
            self.mismatches.push(Mismatch { path: path.to_string(), what: what() });
        }
    }
}

/// Every check that needs the report alone: its digests, its manifest, its sheets.
///
/// # Errors
/// When the manifest names a path outside the report.
pub fn report(files: &Files, manifest: &Manifest) -> crate::error::Result<Vec<Check>> {
    Ok(vec![
        files::check(files, manifest)?,
        claims::descriptions(manifest)?,
        claims::root(files, manifest)?,
        sheets::results(files, manifest),
        sheets::summary(files, manifest),
    ])
}

#[cfg(test)]
mod tests;
