//! The hidden `worker` command: trains the runs that a parent process hands it.

use super::output;
use crate::data::{self, Dataset};
use crate::environment;
use crate::error::{Error, Result};
use crate::exec::wire::Event;
use crate::exec::worker;
use crate::registry::Part;
use crate::train::{self, Progress};
use std::collections::BTreeMap;
use std::process::Command;

/// Serves jobs from stdin until it closes. The data set of the last run is kept for the next.
///
/// # Errors
/// The failure of a run, after the parent was told.
pub(super) fn run() -> Result<()> {
    use_this_thread()?;
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
            if !matches!(&loaded, Some((part, _)) if *part == job.spec.dataset) {
                let part = job.spec.dataset.clone();
                let data = data::load(&part, &job.data_dir)?;
                loaded = Some((part, data));
            }
            let Some((_, data)) = &loaded else { unreachable!("loaded just above") };
            let backend = train::device::open(&job.device)?;
            backend.give_back_memory()?;
            let epochs = job.spec.protocol.epochs;
            let mut finished = 0;
            let primary = train::metrics::primary(&job.spec.task)?;
            train::run(&job.spec, data, &backend, &job.workdir, &job.probe, &mut |progress| {
                match progress {
                    // These lines go to the run's log.
                    Progress::Resumed(epochs) => {
                        finished = epochs;
                        output::note(&format!("going on after {epochs} finished epochs"));
                    }
                    Progress::StartedOver(why) => {
                        output::warning(&format!("beginning anew: {why}"))
                    }
                    Progress::Epoch(epoch) => {
                        finished += 1;
                        let validation = primary.of(&epoch.validation).unwrap_or_default();
                        report(Event::Epoch { epoch: finished, epochs, validation });
                    }
                }
            })
        },
    )
}

/// Makes sure that a command that opens devices itself has the environment that its workers would
/// have: starts the program again with it where it has not, and ends with the exit code of that.
///
/// # Errors
/// When a device is unknown, or the program cannot be started.
pub(super) fn as_a_worker(devices: &[&str]) -> Result<()> {
    let mut env = BTreeMap::new();
    for device in devices {
        env.extend(train::device::environment(device)?);
    }
    if env.iter().all(|(key, value)| std::env::var(key).as_ref() == Ok(value)) {
        return Ok(());
    }
    let failed = |e| Error::unexpected(format!("cannot start this program again: {e}"));
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    let status = command.args(std::env::args_os().skip(1)).envs(env).status().map_err(failed)?;
    std::process::exit(status.code().unwrap_or(1));
}

/// Makes this thread one of rayon's, so that tensor kernels on small tensors need no hand-over
/// to another thread. The number of threads comes from the environment, which the parent sets.
fn use_this_thread() -> Result<()> {
    rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global()
        .map_err(|e| Error::unexpected(format!("cannot set up the threads: {e}")))
}
