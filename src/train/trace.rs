//! The trace of a run: scalars per step, and their means per epoch.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Scalars of steps, by name.
#[derive(Serialize, Deserialize)]
pub struct Trace {
    every: usize,
    /// Epoch, step and scalars of every `every`-th step.
    rows: Vec<(usize, usize, BTreeMap<String, f64>)>,
    /// Sums since the last epoch ended.
    #[serde(skip)]
    sums: BTreeMap<String, (f64, u64)>,
}

impl Trace {
    pub fn new(every: usize) -> Self {
        Self { every, rows: Vec::new(), sums: BTreeMap::new() }
    }

    pub fn push(&mut self, epoch: usize, step: usize, scalars: BTreeMap<String, f64>) {
        for (name, value) in &scalars {
            let (sum, n) = self.sums.entry(name.clone()).or_default();
            *sum += value;
            *n += 1;
        }
        if step.is_multiple_of(self.every) {
            self.rows.push((epoch, step, scalars));
        }
    }

    /// The means since the last call.
    pub fn take_means(&mut self) -> BTreeMap<String, f64> {
        let sums = std::mem::take(&mut self.sums);
        sums.into_iter().map(|(name, (sum, n))| (name, sum / n as f64)).collect()
    }

    /// The values of one scalar that are kept, by step.
    pub fn values(&self, name: &str) -> BTreeMap<usize, f64> {
        let row = |(_, step, row): &(usize, usize, BTreeMap<String, f64>)| {
            row.get(name).map(|value| (*step, *value))
        };
        self.rows.iter().filter_map(row).collect()
    }

    /// Writes the rows as CSV with a column per name.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut names: Vec<&String> = self.rows.iter().flat_map(|(_, _, row)| row.keys()).collect();
        names.sort();
        names.dedup();
        let failed = |e: csv::Error| Error::unexpected(format!("cannot write the trace: {e}"));
        let mut writer = csv::Writer::from_writer(Vec::new());
        let head = ["epoch", "step"].into_iter().chain(names.iter().map(|name| name.as_str()));
        writer.write_record(head).map_err(failed)?;
        for (epoch, step, row) in &self.rows {
            let values =
                names.iter().map(|name| row.get(*name).map_or(String::new(), f64::to_string));
            let place = [epoch.to_string(), step.to_string()];
            writer.write_record(place.into_iter().chain(values)).map_err(failed)?;
        }
        let bytes = writer
            .into_inner()
            .map_err(|e| Error::unexpected(format!("cannot write the trace: {e}")))?;
        std::fs::write(path, bytes).map_err(|e| Error::io("write", path, &e))
    }
}
