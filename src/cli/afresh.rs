//! A store for runs that are trained to be compared.

use crate::error::{Error, Kind, Result};
use crate::store::Store;
use std::path::Path;
use tempfile::TempDir;

/// A store that was empty when it was opened, so that no older run can stand in for one that is to
/// be trained.
pub(super) struct Afresh {
    pub(super) store: Store,
    /// Its folder, where it is to go with the command.
    _temporary: Option<TempDir>,
}

impl Afresh {
    /// Opens a store in the new or empty folder `keep`, or in one that goes with the value.
    pub(super) fn open(keep: Option<&Path>) -> Result<Self> {
        let Some(folder) = keep else {
            let folder = tempfile::tempdir()
                .map_err(|e| Error::io("create a folder in", &std::env::temp_dir(), &e))?;
            return Ok(Self { store: Store::open(folder.path())?, _temporary: Some(folder) });
        };
        if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
            let message = format!("{} holds something already", folder.display());
            return Err(Error::input(message).with_hint("keep the runs in a new folder"));
        }
        Ok(Self { store: Store::open(folder)?, _temporary: None })
    }

    /// What an error of training into this store means: the next call will not go on with it.
    pub(super) fn explain(error: Error) -> Error {
        match error.kind {
            Kind::Interrupted => error.with_hint("the same command trains all of them afresh"),
            _ => error,
        }
    }
}
