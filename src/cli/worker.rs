//! The hidden `worker` command: trains the runs that a parent process hands it.

use super::output;
use crate::data::store::cache;
use crate::data::{self, Dataset};
use crate::device;
use crate::environment;
use crate::error::{Error, Kind, Result};
use crate::exec::image::Image;
use crate::exec::message::{Event, Job};
use crate::exec::worker::{self, Unfinished};
use crate::record::metrics::Primary;
use crate::registry::Part;
use crate::task::Task;
use crate::train::needed::Needed;
use crate::train::{self, Progress};
use std::collections::BTreeMap;

/// Serves jobs from stdin until it closes. The data set of the last run is kept for the next.
///
/// # Errors
/// The failure of a run, after the parent was told.
pub(super) fn run() -> Result<()> {
    use_this_thread()?;
    name_this_process();
    let mut loaded: Option<(Part, Dataset)> = None;
    worker::serve(
        std::io::stdin(),
        std::io::stdout(),
        || std::process::exit(1),
        |job, report| {
            // In the log of every run: the processor may be that of an emulator.
            if let Some(shortfall) = environment::shortfall() {
                output::warning(shortfall);
            }
            let part = job.spec.dataset();
            if !matches!(&loaded, Some((known, _)) if *known == part) {
                loaded = Some((part.clone(), load(&part, job)?));
            }
            let Some((_, data)) = &loaded else { unreachable!("loaded just above") };
            let backend = device::open(&job.device).map_err(|error| match error.kind {
                Kind::Input => Unfinished::Blocked(error),
                _ => Unfinished::Failed(error),
            })?;
            let needed = needed(job)?;
            backend.give_back_memory()?;
            let epochs = job.spec.cell.protocol.epochs;
            let mut finished = 0;
            let primary = Primary::from(Task::of(&job.spec.cell.task)?.primary);
            let mut tell = |progress: Progress<'_>| match progress {
                // These lines go to the run's log.
                Progress::Resumed(epochs) => {
                    finished = epochs;
                    output::note(&format!("going on after {epochs} finished epochs"));
                }
                Progress::StartedOver(why) => output::warning(&format!("beginning anew: {why}")),
                Progress::Epoch(epoch) => {
                    finished += 1;
                    let validation = primary.of(&epoch.validation).unwrap_or_default();
                    report(Event::Epoch { epoch: finished, epochs, validation });
                }
            };
            let Job { spec, workdir, probe, .. } = job;
            Ok(train::run(spec, data, &backend, workdir, probe, &needed, &mut tell)?)
        },
    )
}

/// The data set of a job. A run is blocked by data that are not there or damaged, and by nothing
/// else that may be wrong with them.
fn load(part: &Part, job: &Job) -> std::result::Result<Dataset, Unfinished> {
    data::load(part, &job.data_dir).map_err(|error| match data::state(&part.name, &job.data_dir) {
        Ok(cache::State::Missing | cache::State::Damaged(_)) => Unfinished::Blocked(error),
        Ok(cache::State::Ready) | Err(_) => Unfinished::Failed(error),
    })
}

/// The runs that a job needs, by which it is blocked where one cannot be used.
fn needed(job: &Job) -> std::result::Result<Vec<Needed>, Unfinished> {
    let planted = job.probe.fault.is_some();
    Needed::read_all(&job.spec, &job.needs, planted).map_err(Unfinished::Blocked)
}

/// Where Linux would show the name of a link that the process was started by.
fn name_this_process() {
    if cfg!(target_os = "linux") {
        // Nothing but lists of processes would miss it.
        let _ = std::fs::write("/proc/self/comm", env!("CARGO_PKG_NAME"));
    }
}

/// Makes sure that a command that opens devices itself has the environment that its workers would
/// have: starts the program again with it where it has not, and ends with the exit code of that.
///
/// # Errors
/// When a device is unknown, or the program cannot be started.
pub(super) fn as_a_worker(devices: &[&str]) -> Result<()> {
    let mut env = BTreeMap::new();
    for device in devices {
        env.extend(device::environment(device)?);
    }
    if env.iter().all(|(key, value)| std::env::var(key).as_ref() == Ok(value)) {
        return Ok(());
    }
    let mut command = Image::running()?.command(&[])?;
    Err(become_process(command.args(std::env::args_os().skip(1)).envs(env)))
}

/// Lets a command take the place of this process, so that signals reach it; where the system cannot
/// do that, waits for it and ends with its exit code. Gives the error of starting it.
fn become_process(command: &mut std::process::Command) -> Error {
    #[cfg(unix)]
    let failed = std::os::unix::process::CommandExt::exec(command);
    #[cfg(not(unix))]
    let failed = match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(failed) => failed,
    };
    Error::unexpected(format!("cannot start this program again: {failed}"))
}

/// Makes this thread one of rayon's, so that tensor kernels on small tensors need no hand-over
/// to another thread. The number of threads comes from the environment, which the parent sets.
fn use_this_thread() -> Result<()> {
    rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global()
        .map_err(|e| Error::unexpected(format!("cannot set up the threads: {e}")))
}
