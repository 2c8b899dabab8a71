//! Keeping the chain of a run: the whole state and its root after every so many steps.

use super::trainer::Trainer;
use crate::checkpoint::{self, Origin};
use crate::error::{Error, Result};
use crate::record::probe::Link;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// The folder of the states in a run's folder.
const STATES: &str = "states";

/// Where the state after `steps` steps is kept in a run's folder.
pub fn state_file(run: &Path, steps: usize) -> PathBuf {
    run.join(STATES).join(format!("{steps:08}.safetensors"))
}

/// The chain of a run in progress.
pub(super) struct Chain<'a> {
    run: &'a Path,
    every: Option<NonZeroUsize>,
    links: Vec<Link>,
}

impl<'a> Chain<'a> {
    /// A chain that goes on after `links`, with a link every so many steps, or none.
    pub(super) fn new(run: &'a Path, every: Option<NonZeroUsize>, links: Vec<Link>) -> Self {
        Self { run, every, links }
    }

    pub(super) fn links(&self) -> &[Link] {
        &self.links
    }

    /// Adds a link where one is due after a step of an epoch. The state is on the disk before its link is in the chain.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub(super) fn after_step(&mut self, trainer: &Trainer<'_>, epoch: usize) -> Result<()> {
        let due = self.every.is_some_and(|every| trainer.step.is_multiple_of(every.get()));
        if !due {
            return Ok(());
        }
        let state = trainer.checkpoint();
        let path = state_file(self.run, trainer.step);
        let folder = self.run.join(STATES);
        std::fs::create_dir_all(&folder).map_err(|e| Error::io("create", &folder, &e))?;
        let origin =
            Origin { run: trainer.spec.id()?, epoch: Some(epoch), steps: Some(trainer.step) };
        let root = checkpoint::write_with_origin(&path, &state, &origin)?;
        self.links.push(Link { steps: trainer.step, root });
        Ok(())
    }
}
