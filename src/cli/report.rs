//! `report`: render a suite's report again from the stored records; trains nothing.

use super::Places;
use super::catalog::catalog;
use super::suite::{announce, conclude};
use crate::device;
use crate::error::{Error, Kind, Result};
use crate::report::publish::publish;
use crate::results::collect::collect;
use crate::store::Store;
use crate::suite::Suite;
use crate::suite::folder::find;
use clap::Args;
use std::collections::BTreeMap;

/// Write the report of a suite from the stored records, without training
#[derive(Args)]
#[command(after_help = "Example: counterpoise report full")]
pub(super) struct Arguments {
    /// The suite: a name in the folder of suites, or a YAML file
    name: String,
    /// The device whose runs are reported
    #[arg(long, value_name = "NAME", default_value = "auto")]
    device: String,
    #[command(flatten)]
    places: Places,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let path = find(&arguments.places.suites, &arguments.name)?;
    let suite = Suite::load(&path, &catalog(), device::kind(&arguments.device)?)?;
    arguments.places.check_reports(&suite.name)?;
    let no_runs = || {
        let message = format!("{} holds no run of this suite", arguments.places.store.display());
        let hint = format!("train it by `counterpoise suite {}`", arguments.name);
        Error::new(Kind::Runs, message).with_hint(hint)
    };
    // Opening a store makes it, so one that is not there is left alone.
    let missing = std::fs::metadata(&arguments.places.store)
        .is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound);
    if missing {
        return Err(no_runs());
    }
    let store = Store::open(&arguments.places.store)?;
    let input = collect(&suite, &store, &BTreeMap::new())?;
    if input.cells.iter().all(|cell| cell.records.is_empty()) {
        return Err(no_runs());
    }
    announce(&publish(&input, &arguments.places.reports)?)?;
    conclude(&input)
}
