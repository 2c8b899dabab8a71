//! `report`: render a suite's report again from the stored records; trains nothing.

use super::answer::{Axis, answer};
use super::catalog::catalog;
use super::runs::Rows;
use super::suite::{announce, conclude};
use super::{FILTER, Places};
use crate::device;
use crate::error::{Error, Kind, Result};
use crate::report::index;
use crate::report::publish::publish;
use crate::results::collect::collect;
use crate::results::predictions;
use crate::store::Store;
use crate::suite::Suite;
use crate::suite::folder::find;
use clap::Args;
use std::collections::BTreeMap;

/// Write the report of a suite from the stored records, or answer a question to them, without training
///
/// With one of --metric, --by, --filter and --format nothing is written: a metric of the test split at
/// the selected epoch is printed by the axes that are named, averaged over the others in every
/// replicate, with its interval over replicates.
#[derive(Args)]
#[command(
    after_help = "Example: counterpoise report full\nExample: counterpoise report full --by \
    dataset,strategy --metric macro-f1 --format csv"
)]
pub(super) struct Arguments {
    /// The suite: a name in the folder of suites, or a YAML file
    name: String,
    /// The device whose runs are reported
    #[arg(long, value_name = "NAME", default_value = "auto")]
    device: String,
    /// Print this metric: one that records have, such as `macro-f1`, `loss` or `imbalance`; by default
    /// that by which the runs are judged
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// Print by these axes; the others are averaged
    #[arg(long, value_name = "AXIS,..", value_delimiter = ',')]
    by: Vec<Axis>,
    /// Print only of the runs that match, such as `dataset=mfeat,strategy=ogm*|opm`
    #[arg(long, value_name = "KEY=PATTERN,..",
        long_help = format!("Print only of the runs that match, {FILTER}"))]
    filter: Option<String>,
    /// How to print
    #[arg(long, value_enum)]
    format: Option<Rows>,
    #[command(flatten)]
    places: Places,
}

impl Arguments {
    fn asks(&self) -> bool {
        let Self { metric, by, filter, format, .. } = self;
        metric.is_some() || !by.is_empty() || filter.is_some() || format.is_some()
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let path = find(&arguments.places.suites, &arguments.name)?;
    let mut suite = Suite::load(&path, &catalog(), device::kind(&arguments.device)?)?;
    if let Some(filter) = &arguments.filter {
        suite = suite.filter(filter)?;
    }
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
    let mut input = collect(&suite, &store, &BTreeMap::new())?;
    if input.cells.iter().all(|cell| cell.records.is_empty()) {
        return Err(no_runs());
    }
    if arguments.asks() {
        let by = match arguments.by.as_slice() {
            [] => &[Axis::Dataset, Axis::Fusion, Axis::Strategy],
            by => by,
        };
        let format = arguments.format.unwrap_or(Rows::Table);
        return answer(&input, arguments.metric.as_deref(), by, format);
    }
    predictions::read(&mut input, &store)?;
    announce(&publish(&input, &arguments.places.reports)?)?;
    index::refresh(&arguments.places.reports)?;
    conclude(&input)
}
