//! A suite whose runs are to be compared with, or to become, its baseline.

use super::afresh::Afresh;
use super::catalog::catalog;
use super::training::{Training, Wishes};
use crate::device;
use crate::error::Result;
use crate::gate::baseline::Baseline;
use crate::results::collect::collect;
use crate::results::input::SuiteInput;
use crate::store::Store;
use crate::suite::{Suite, folder};
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The most seeds that can be added to those of a suite.
pub(super) const FURTHER_SEEDS: u64 = 1000;

/// A suite, where its runs come from, and where its baseline is.
#[derive(Args)]
pub(super) struct Candidate {
    /// The suite: a name in the folder of suites, or a YAML file
    pub(super) name: String,
    /// Take the runs of this store instead of training afresh
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// Keep the runs that are trained in this new store, for `bisect`
    #[arg(long, value_name = "DIR", conflicts_with = "runs")]
    keep: Option<PathBuf>,
    #[command(flatten)]
    training: Training,
    /// Folder of the suites
    #[arg(long, value_name = "DIR", default_value = "suites")]
    suites: PathBuf,
    /// Folder of the baselines
    #[arg(long, value_name = "DIR", default_value = "ci/baselines")]
    baselines: PathBuf,
}

/// Where runs come from.
pub(super) enum Source<'a> {
    /// A store that is taken as it is.
    Taken(Store),
    Afresh(Afresh, &'a Training),
}

impl Candidate {
    pub(super) fn suite(&self) -> Result<Suite> {
        let path = folder::find(&self.suites, &self.name)?;
        Suite::load(&path, &catalog(), device::kind(&self.training.device)?)
    }

    /// The file of the suite's baseline.
    pub(super) fn baseline(&self, suite: &Suite) -> Result<PathBuf> {
        let backend = device::kind(&self.training.device)?;
        Ok(Baseline::path(&self.baselines, &suite.name, backend))
    }

    /// Refuses a folder that is no store, or one that holds something where it must be new.
    pub(super) fn source(&self) -> Result<Source<'_>> {
        if let Some(folder) = &self.runs {
            return Ok(Source::Taken(Store::open_existing(folder)?));
        }
        Ok(Source::Afresh(Afresh::open(self.keep.as_deref())?, &self.training))
    }
}

impl Source<'_> {
    /// The runs of a suite. What was trained for an earlier call is not trained again.
    pub(super) fn of(&self, suite: &Suite) -> Result<SuiteInput> {
        match self {
            Self::Taken(store) => collect(suite, store, &BTreeMap::new()),
            Self::Afresh(Afresh { store, .. }, training) => {
                let trained = training.run(&suite.cells, store, Wishes::default());
                let (_, blocked) = trained.map_err(Afresh::explain)?;
                collect(suite, store, &blocked)
            }
        }
    }
}
