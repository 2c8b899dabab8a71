//! `suite`: run a suite, or show what it would do.

use super::catalog::catalog;
use super::progress::Display;
use super::{Format, Places, estimate, lint, output, plan};
use crate::data::{self, cache};
use crate::error::{Error, Kind, Result};
use crate::exec::launch::Program;
use crate::exec::scheduler::{self, Options, Summary, Task};
use crate::lint::Subject;
use crate::report::collect::{collect, complete_root};
use crate::report::input::ReportInput;
use crate::report::manifest::Manifest;
use crate::report::publish::{self, Publication, publish};
use crate::spec::run::RunId;
use crate::spec::schema;
use crate::spec::suite::{self, Suite};
use crate::store::{State, Store};
use crate::train::device;
use clap::Args;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

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
    /// Only the runs that match, such as `dataset=mfeat,strategy=ogm*`; writes no report
    #[arg(long, value_name = "KEY=PATTERN,..")]
    filter: Option<String>,
    /// Runs at a time; the number of cores where it is not given
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// The device to train on
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub(super) device: String,
    /// Begin no further run after a failure
    #[arg(long)]
    fail_fast: bool,
    #[command(flatten)]
    pub(super) places: Places,
    /// Folder of the prepared data
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(super) data: PathBuf,
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
    let path = suite::find(&arguments.places.suites, name)?;
    let backend = device::kind(&arguments.device)?;
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
    arguments.places.check_reports()?;
    if arguments.filter.is_none() && is_up_to_date(arguments, &suite, &store)? {
        return Ok(());
    }
    lint::summarise(&findings, name);
    let (summary, blocked) = train(arguments, &suite, &store)?;
    output::note(&describe(&summary, &blocked));
    if arguments.filter.is_some() {
        output::note("no report, since a filter was given; `report` writes one from all runs");
        return conclude(&collect(&suite, &store, &blocked)?);
    }
    let input = collect(&suite, &store, &blocked)?;
    if input.cells.iter().all(|cell| cell.records.is_empty()) {
        output::note("no report, since no run is done");
    } else {
        announce(&publish(&input, &arguments.places.reports)?)?;
    }
    conclude(&input)
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
    output::note(&format!("nothing to do: all {} runs are done", suite.len()));
    output::data(&path.display().to_string())?;
    Ok(true)
}

/// Trains what is pending. Gives what became of the runs, and why some could not begin.
fn train(
    arguments: &Arguments,
    suite: &Suite,
    store: &Store,
) -> Result<(Summary, BTreeMap<RunId, String>)> {
    let cores = cores();
    let jobs = arguments.jobs.map_or(cores, NonZeroUsize::get);
    let mut blocked = BTreeMap::new();
    let mut unusable: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut tasks = Vec::new();
    for cell in &suite.cells {
        for spec in &cell.runs {
            let id = spec.id()?;
            let name = &spec.dataset.name;
            if store.state(&id)? != State::Done {
                let why = unusable
                    .entry(name.clone())
                    .or_insert_with(|| make_ready(arguments, name).err())
                    .clone();
                if let Some(why) = why {
                    blocked.insert(id, why);
                    continue;
                }
            }
            let label = format!("{} / seed {}", cell.label(), spec.seed);
            tasks.push(Task { spec: spec.clone(), label, cost: estimate::seconds(spec) });
        }
    }
    let options = Options {
        jobs: NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN),
        threads: NonZeroUsize::new(cores / jobs).unwrap_or(NonZeroUsize::MIN),
        data_dir: arguments.data.clone(),
        device: arguments.device.clone(),
        fail_fast: arguments.fail_fast,
    };
    let program = Program {
        path: std::env::current_exe()
            .map_err(|e| Error::unexpected(format!("cannot find this program's own file: {e}")))?,
        args: vec!["worker".into()],
        env: BTreeMap::new(),
    };
    let display = Display::new(jobs);
    let mut observer = |progress: &scheduler::Progress<'_>| display.show(progress);
    let summary = scheduler::run(tasks, store, &options, &program, &mut observer)?;
    Ok((summary, blocked))
}

/// Prepares a data set that is not ready. An error is a reason to block its runs, not to stop.
fn make_ready(arguments: &Arguments, name: &str) -> std::result::Result<(), String> {
    let ready = data::state(name, &arguments.data).is_ok_and(|s| s == cache::State::Ready);
    if ready {
        return Ok(());
    }
    data::prepare(name, &arguments.data, None, &mut |line| output::note(line)).map_err(|error| {
        output::warning(&format!("the runs on `{name}` are blocked: {error}"));
        format!("blocked: {}", error.message)
    })
}

/// The number of cores here.
pub(super) fn cores() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

fn describe(summary: &Summary, blocked: &BTreeMap<RunId, String>) -> String {
    let mut parts = vec![format!("{} runs trained", summary.finished)];
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
pub(super) fn conclude(input: &ReportInput) -> Result<()> {
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for cell in &input.cells {
        let label = format!("{} / {} / {}", cell.dataset, cell.fusion, cell.strategy);
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
    let message = format!("{n} runs have no usable result{}", lines.concat());
    Err(Error::new(Kind::Runs, message))
}
