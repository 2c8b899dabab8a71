//! Training the runs of cells into a store, as every command does that trains.

use super::progress::Display;
use super::{estimate, interrupt, output};
use crate::data;
use crate::data::store::cache;
use crate::device;
use crate::document::number::count;
use crate::environment;
use crate::error::{Error, Result};
use crate::exec::image::Again;
use crate::exec::launch::Slot;
use crate::exec::scheduler::{self, Progress, Summary};
use crate::exec::task::{Options, Task};
use crate::record::probe::Probe;
use crate::store::{State, Store};
use crate::suite::Cell;
use crate::suite::needed::needed;
use crate::suite::run::RunId;
use clap::Args;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

/// How runs are trained. None of this but the kind of device changes a result.
#[derive(Args, Clone, Debug)]
pub(super) struct Training {
    /// Runs at a time on each device; by default one a core, as far as a GPU's memory goes
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// The devices to train on, such as `cpu` or, in a build with `tch`, `cuda:0,cuda:1`
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub(super) device: String,
    /// Folder of the prepared data
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(super) data: PathBuf,
    /// Start workers by this command, such as `numactl -N 0` or an emulator
    #[arg(long, value_name = "COMMAND")]
    runner: Option<String>,
}

/// What only some commands ask of a training. The default asks for nothing.
#[derive(Default)]
pub(super) struct Wishes {
    /// Begin no further run after a failure.
    pub(super) fail_fast: bool,
    pub(super) probe: Probe,
}

impl Training {
    /// Trains what is pending of the cells' runs, and of those that they need. Gives what became of the runs, and why some
    /// could not begin.
    pub(super) fn run(
        &self,
        cells: &[Cell],
        store: &Store,
        wishes: Wishes,
    ) -> Result<(Summary, BTreeMap<RunId, String>)> {
        let seats = device::seats(&self.device)?;
        let cores = cores();
        let room = seats.iter().filter_map(|seat| seat.room).min().unwrap_or(cores);
        let share = (cores / seats.len()).min(room).max(1);
        let jobs = self.jobs.map_or(share, NonZeroUsize::get);
        let mut blocked = BTreeMap::new();
        let mut unusable: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut tasks = Vec::new();
        let needed = needed(cells, |id| Ok(store.state(id)? == State::Done))?;
        if !needed.is_empty() {
            let n = needed.iter().map(|cell| cell.runs.len()).sum();
            output::note(&format!("{} that others need are trained too", count(n, "run")));
        }
        for cell in cells.iter().chain(&needed) {
            for spec in &cell.runs {
                let id = spec.id()?;
                let name = &spec.cell.dataset.name;
                if store.state(&id)? != State::Done {
                    let why = unusable
                        .entry(name.clone())
                        .or_insert_with(|| self.make_ready(name).err())
                        .clone();
                    if let Some(why) = why {
                        blocked.insert(id, why);
                        continue;
                    }
                }
                let label = format!("{} / seed {}", cell.label(), spec.seed);
                tasks.push(Task {
                    spec: spec.clone(),
                    trace_every: cell.trace_every,
                    label,
                    cost: estimate::seconds(spec),
                });
            }
        }
        if let Some(shortfall) = environment::shortfall() {
            output::warning(shortfall);
        }
        let program = Again::new(self.runner()?, "worker")?;
        let options = Options {
            jobs: NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN),
            threads: NonZeroUsize::new(cores / (jobs * seats.len())).unwrap_or(NonZeroUsize::MIN),
            data_dir: self.data.clone(),
            slots: seats
                .into_iter()
                .map(|seat| Slot { device: seat.name, env: seat.env })
                .collect(),
            fail_fast: wishes.fail_fast,
            probe: wishes.probe,
            stop: interrupt::watch()?,
        };
        let mut display = Display::new(jobs * options.slots.len());
        let mut observer = |progress: &Progress<'_>| display.show(progress);
        let summary = scheduler::run(tasks, store, &options, &program, &mut observer);
        interrupt::unwatch();
        Ok((summary?, blocked))
    }

    /// The words of the command that starts workers, as a shell would read them.
    fn runner(&self) -> Result<Vec<OsString>> {
        let Some(text) = &self.runner else { return Ok(Vec::new()) };
        let words = shlex::split(text).ok_or_else(|| {
            Error::input(format!("the runner `{text}` has a quote that is not closed"))
                .with_hint("close it, or write \\\" or \\' for the character itself")
        })?;
        if words.is_empty() {
            return Err(Error::input("the runner is empty")
                .with_hint("give a command such as `numactl -N 0`, or leave --runner out"));
        }
        Ok(words.into_iter().map(OsString::from).collect())
    }

    /// Prepares a data set that is not ready. An error is a reason to block its runs, not to stop.
    fn make_ready(&self, name: &str) -> std::result::Result<(), String> {
        let ready = data::state(name, &self.data).is_ok_and(|s| s == cache::State::Ready);
        if ready {
            return Ok(());
        }
        data::prepare(name, &self.data, None, &mut |line| output::note(line)).map_err(|error| {
            output::warning(&format!("the runs on `{name}` are blocked: {error}"));
            format!("blocked: {}", error.message)
        })
    }
}

/// The number of cores here.
pub(super) fn cores() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}
