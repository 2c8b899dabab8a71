//! The runs of the commands that train a few steps of each cell and keep nothing.

use super::catalog::catalog;
use super::{FILTER, Places};
use crate::data::{self, Dataset};
use crate::device::Backend;
use crate::error::Result;
use crate::registry::Part;
use crate::suite::folder::find;
use crate::suite::run::RunSpec;
use crate::suite::{Cell, Suite};
use crate::train::needed::{self, Needed};
use clap::Args;
use std::path::PathBuf;

/// Of every cell of a suite, or of those that match a filter, the run of the first seed.
#[derive(Args)]
pub(super) struct Rehearsal {
    /// The suite: a name in the folder of suites, or a YAML file
    name: String,
    /// Only the runs that match, such as `dataset=mfeat,strategy=ogm*|opm`
    #[arg(long, value_name = "KEY=PATTERN,..",
        long_help = format!("Only the runs that match, {FILTER}"))]
    filter: Option<String>,
    #[command(flatten)]
    places: Places,
    /// Folder of the prepared data
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

impl Rehearsal {
    /// Visits every cell's first run, with its data set and the runs that it needs, which are trained
    /// on `backend`, for devices of its kind.
    pub(super) fn visit(
        &self,
        backend: &Backend,
        mut visit: impl FnMut(&Cell, &RunSpec, &Dataset, &[Needed]) -> Result<()>,
    ) -> Result<()> {
        let path = find(&self.places.suites, &self.name)?;
        let mut suite = Suite::load(&path, &catalog(), backend.kind)?;
        if let Some(filter) = &self.filter {
            suite = suite.filter(filter)?;
        }
        let mut loaded: Option<(Part, Dataset)> = None;
        // Strategies that need some mostly need the same.
        let mut trained: (Vec<RunSpec>, Vec<Needed>) = Default::default();
        for cell in &suite.cells {
            let spec = &cell.runs[0];
            let part = spec.dataset();
            let (_, data) = match loaded.take() {
                Some(known) if known.0 == part => loaded.insert(known),
                _ => {
                    let data = data::load(&part, &self.data)?;
                    loaded.insert((part, data))
                }
            };
            let needs = spec.needs();
            if needs.is_empty() {
                visit(cell, spec, data, &[])?;
                continue;
            }
            if trained.0 != needs {
                trained = (needs, needed::train(spec, data, backend)?);
            }
            visit(cell, spec, data, &trained.1)?;
        }
        Ok(())
    }
}
