//! The finished runs that a run begins from.

use super::run;
use crate::checkpoint::{self, NamedTensor};
use crate::data::Dataset;
use crate::device::Backend;
use crate::error::{Error, Kind, Result};
use crate::hash::Digest;
use crate::record::NeededRun;
use crate::record::probe::Probe;
use crate::store;
use crate::suite::run::RunSpec;
use std::path::{Path, PathBuf};

/// The weights and buffers of the selected epoch.
const WEIGHTS: &str = "selected.safetensors";

/// A finished run that another begins from.
#[derive(Clone, Debug)]
pub struct Needed {
    pub spec: RunSpec,
    /// The root of the run: see `RunRecord::root`.
    pub root: Digest,
    /// Weights and buffers of the epoch that its protocol selects, sorted by path.
    pub weights: Vec<NamedTensor>,
}

impl Needed {
    /// Reads the run of `spec` from its folder in a store. One with a planted fault will only do where
    /// the run that needs it has one too: `planted`.
    ///
    /// # Errors
    /// When it is not finished there, is damaged, diverged or has a planted fault.
    pub fn read(spec: &RunSpec, folder: &Path, planted: bool) -> Result<Self> {
        let id = spec.id()?;
        let again = || format!("delete {}; the run is then trained again", folder.display());
        let (record, root) = store::finished(folder, &id)?;
        if let Some(why) = record.unusable(planted) {
            let message = format!("run {id}, which is needed, {why}");
            return Err(Error::input(message).with_hint(again()));
        }
        let path = folder.join(WEIGHTS);
        let weights = checkpoint::read(&path)?;
        let found = checkpoint::root(&weights);
        if found != record.selected_root {
            let message = format!(
                "{}: its tensors have the root {found}, not {} as in the record beside it",
                path.display(),
                record.selected_root
            );
            return Err(Error::new(Kind::Mismatch, message).with_hint(again()));
        }
        Ok(Self { spec: spec.clone(), root, weights })
    }

    /// Reads all that `spec` needs, each from the folder in its place.
    ///
    /// # Errors
    /// As [`Needed::read`], of the first that cannot be read.
    pub fn read_all(spec: &RunSpec, folders: &[PathBuf], planted: bool) -> Result<Vec<Self>> {
        let needs = spec.needs();
        needs.iter().zip(folders).map(|(need, folder)| Self::read(need, folder, planted)).collect()
    }

    /// As a record names it.
    ///
    /// # Errors
    /// When it cannot be described.
    pub fn named(&self) -> Result<NeededRun> {
        Ok(NeededRun { run: self.spec.id()?, root: self.root })
    }
}

/// Trains the runs that `spec` needs, and those that they need, in a folder that goes with them.
///
/// # Errors
/// As [`super::run`], and when one of them diverges.
pub fn train(spec: &RunSpec, data: &Dataset, backend: &Backend) -> Result<Vec<Needed>> {
    let one = |need: RunSpec| {
        let before = train(&need, data, backend)?;
        let folder = tempfile::tempdir()
            .map_err(|e| Error::io("create a folder in", &std::env::temp_dir(), &e))?;
        let probe = Probe::default();
        let record = run(&need, data, backend, folder.path(), &probe, &before, &mut |_| ())?;
        if let Some(why) = record.unusable(false) {
            return Err(Error::input(format!("run {}, which is needed, {why}", record.id))
                .with_hint("take a lower learning rate"));
        }
        let weights = checkpoint::read(&folder.path().join(WEIGHTS))?;
        Ok(Needed { root: record.root()?, spec: need, weights })
    };
    spec.needs().into_iter().map(one).collect()
}

/// Refuses runs that are not those of the description.
pub(super) fn check(spec: &RunSpec, needed: &[Needed]) -> Result<()> {
    if spec.needs().iter().eq(needed.iter().map(|needed| &needed.spec)) {
        return Ok(());
    }
    let (n, found) = (spec.cell.needs.len(), needed.len());
    let what = if n == found { "others than".into() } else { format!("{found} runs instead of") };
    Err(Error::unexpected(format!("run {} was given {what} the {n} that it needs", spec.id()?)))
}
