//! `report`: render a suite's report again from the stored records; trains nothing.

use super::Places;
use super::catalog::catalog;
use super::suite::{announce, conclude};
use crate::error::Result;
use crate::report::collect::collect;
use crate::report::publish::publish;
use crate::spec::suite::{Suite, find};
use crate::store::Store;
use crate::train::device;
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
    let store = Store::open(&arguments.places.store)?;
    let input = collect(&suite, &store, &BTreeMap::new())?;
    announce(&publish(&input, &arguments.places.reports)?)?;
    conclude(&input)
}
