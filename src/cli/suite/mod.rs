//! `suite`: run a suite, or show what it would do.

mod plan;

use super::catalog::catalog;
use super::results::Extent;
use super::training::{Training, Wishes};
use super::{FILTER, Format, Places, lint, output, results};
use crate::device;
use crate::document::number::count;
use crate::error::{Error, Kind, Result};
use crate::exec::scheduler::Summary;
use crate::lint::Subject;
use crate::record::probe::{FAULTS, Fault, Probe};
use crate::report::index;
use crate::report::publish::{self, Publication, publish};
use crate::results::collect::{collect, complete_root};
use crate::results::input::SuiteInput;
use crate::results::manifest::Manifest;
use crate::results::predictions;
use crate::store::Store;
use crate::store::failure::FailureKind;
use crate::suite::run::RunId;
use crate::suite::{Suite, folder, schema};
use clap::Args;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// Train every run of a suite that is not done yet, and write its report
#[derive(Args)]
#[command(after_help = "Example: counterpoise suite full --filter dataset=mfeat --plan")]
pub(super) struct Arguments {
    /// The suite: a name in the folder of suites, or a YAML file
    #[arg(required_unless_present_any = ["list", "schema"])]
    name: Option<String>,
    /// List the suites, their size and the estimated time
    #[arg(long)]
    list: bool,
    /// Print the JSON Schema of suites, for editors
    #[arg(long, conflicts_with = "list")]
    schema: bool,
    /// Show the cells, their ids and states, and train nothing
    #[arg(long)]
    plan: bool,
    /// Only the runs that match, such as `dataset=mfeat,strategy=ogm*|opm`; writes no report
    #[arg(long, value_name = "KEY=PATTERN,..",
        long_help = format!("Only the runs that match (no report is then written), {FILTER}"))]
    filter: Option<String>,
    #[command(flatten)]
    pub(super) training: Training,
    /// Begin no further run after a failure
    #[arg(long)]
    fail_fast: bool,
    /// Also hash and keep the whole state after every K steps, for `bisect`
    #[arg(long, value_name = "K")]
    chain: Option<NonZeroUsize>,
    /// Plant a fault in every run, to try `bisect` and `check`; writes no report
    #[arg(long, value_name = "FAULT", long_help = format!("Plant a fault in every run, to try \
        `bisect` and `check`: {FAULTS}. Writes no report"))]
    plant: Option<Fault>,
    #[command(flatten)]
    pub(super) places: Places,
    /// How to print a list or a plan
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.schema {
        return output::data(schema::schema(&catalog()).trim_end());
    }
    let Some(name) = arguments.name.as_deref().filter(|_| !arguments.list) else {
        return plan::list(arguments);
    };
    let path = folder::find(&arguments.places.suites, name)?;
    let backend = device::kind(&arguments.training.device)?;
    let mut suite = Suite::load(&path, &catalog(), backend)?;
    // Of the whole suite: a filter is about this call and not about what is compared.
    let findings = crate::lint::lint(&Subject::of_suite(&suite));
    if let Some(filter) = &arguments.filter {
        suite = suite.filter(filter)?;
    }
    if arguments.plan {
        return plan::show(arguments, &suite, &findings);
    }
    let store = Store::open(&arguments.places.store)?;
    arguments.places.check_reports(&suite.name)?;
    if arguments.filter.is_none() && is_up_to_date(arguments, &suite, &store)? {
        return Ok(());
    }
    lint::summarise(&findings, name);
    let wishes = Wishes {
        fail_fast: arguments.fail_fast,
        probe: Probe {
            chain_every: arguments.chain,
            fault: arguments.plant.clone(),
            ..Probe::default()
        },
    };
    let (summary, blocked) = arguments.training.run(&suite.cells, &store, wishes)?;
    output::note(&describe(&summary, &blocked));
    let reasons = reasons(&summary, blocked);
    if arguments.plant.is_some() {
        output::note("no report, since a fault was planted");
        return Ok(());
    }
    if arguments.filter.is_some() {
        output::note("no report, since a filter was given; `report` writes one from all runs");
        conflicts(&summary)?;
        let input = collect(&suite, &store, &reasons)?;
        results::show(&input, Extent::All)?;
        return conclude(&input);
    }
    let mut input = collect(&suite, &store, &reasons)?;
    if input.cells.iter().all(|cell| cell.records.is_empty()) {
        output::note("no report, since no run is done");
    } else {
        results::show(&input, Extent::Best)?;
        predictions::read(&mut input, &store)?;
        announce(&publish(&input, &arguments.places.reports)?)?;
        index::refresh(&arguments.places.reports)?;
    }
    conflicts(&summary)?;
    conclude(&input)
}

/// Why runs have no record, for those of which the store may hold no note: they could not begin, or
/// failed on a full disk.
fn reasons(summary: &Summary, mut blocked: BTreeMap<RunId, String>) -> BTreeMap<RunId, String> {
    let failed = summary.failed.iter().map(|(id, failure)| (id.clone(), failure.message.clone()));
    blocked.extend(failed);
    blocked
}

/// An error where a run ended with another root than the one in the store.
fn conflicts(summary: &Summary) -> Result<()> {
    let failed = summary.failed.iter().map(|(_, failure)| failure);
    let conflicts = failed.filter(|failure| failure.kind == FailureKind::Conflict);
    let messages: Vec<&str> = conflicts.map(|failure| failure.message.as_str()).collect();
    match messages.is_empty() {
        true => Ok(()),
        false => Err(Error::new(Kind::Mismatch, messages.join("\n  "))),
    }
}

/// Says so and is done, where every run is finished and the newest report holds them.
fn is_up_to_date(arguments: &Arguments, suite: &Suite, store: &Store) -> Result<bool> {
    let Some(root) = complete_root(suite, store)? else { return Ok(false) };
    let folder = arguments.places.reports.join(&suite.name);
    let Some(version) = publish::newest_version(&folder)? else { return Ok(false) };
    let path = folder.join(format!("v{version}"));
    let manifest = Manifest::load(&path)?;
    if manifest.root != root || !manifest.failures.is_empty() {
        return Ok(false);
    }
    output::note(&format!("nothing to do: {} done", count(suite.len(), "run")));
    output::data(&path.display().to_string())?;
    Ok(true)
}

fn describe(summary: &Summary, blocked: &BTreeMap<RunId, String>) -> String {
    let mut parts = vec![format!("{} trained", count(summary.finished, "run"))];
    for (n, what) in [
        (summary.skipped, "done before"),
        (summary.failed.len(), "failed or diverged"),
        (blocked.len(), "blocked"),
        (summary.left_out, "not begun"),
    ] {
        if 0 < n {
            parts.push(format!("{n} {what}"));
        }
    }
    format!("{} in {}", parts.join(", "), output::duration(summary.wall))
}

/// Prints where a report is.
pub(super) fn announce(publication: &Publication) -> Result<()> {
    let path = match publication {
        Publication::Published { version, path } => {
            output::note(&format!("wrote version {version} of the report"));
            path
        }
        Publication::Unchanged { version, path } => {
            output::note(&format!("the report is unchanged since version {version}"));
            path
        }
    };
    output::data(&path.display().to_string())
}

/// An error where a run has no usable result, each reason once.
pub(super) fn conclude(input: &SuiteInput) -> Result<()> {
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for cell in &input.cells {
        let label = cell.label();
        let missing = cell.missing.iter().map(|(seed, why)| (*seed, why.clone()));
        let diverged = cell
            .records
            .iter()
            .filter_map(|record| record.outcome.failure().map(|why| (record.spec.seed, why)));
        for (seed, why) in missing.chain(diverged) {
            reasons.entry(why).or_default().push(format!("{label} / seed {seed}"));
        }
    }
    if reasons.is_empty() {
        return Ok(());
    }
    let n: usize = reasons.values().map(Vec::len).sum();
    let lines: Vec<String> = reasons
        .iter()
        .map(|(why, runs)| match runs.len() {
            1 => format!("\n  {}: {why}", runs[0]),
            more => format!("\n  {} and {} more: {why}", runs[0], more - 1),
        })
        .collect();
    let message = format!("{} without a usable result{}", count(n, "run"), lines.concat());
    Err(Error::new(Kind::Runs, message)
        .with_hint("mend what the reasons say and run the suite again: what is done is kept"))
}
