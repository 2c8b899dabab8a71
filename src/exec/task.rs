//! The runs to be done, how they are done, and their steps on the way.

use super::launch::Slot;
use crate::record::probe::Probe;
use crate::registry::Part;
use crate::store::failure::Failure;
use crate::suite::run::{RunId, RunSpec};
use crate::task::metric::Metric;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A run to be done.
#[derive(Clone, Debug)]
pub struct Task {
    pub spec: RunSpec,
    /// A row of the step trace every so many steps.
    pub trace_every: NonZeroUsize,
    /// How the run is called in progress reports.
    pub label: String,
    /// The expected cost in any unit, for the time left only.
    pub cost: f64,
}

/// How runs are done. None of this changes a result.
#[derive(Clone, Debug)]
pub struct Options {
    /// The number of workers on each device.
    pub jobs: NonZeroUsize,
    /// The number of threads of each worker.
    pub threads: NonZeroUsize,
    /// Where prepared data sets are.
    pub data_dir: PathBuf,
    /// The devices, of one kind; at least one.
    pub slots: Vec<Slot>,
    /// Begin no further run after a failure, instead of going on.
    pub fail_fast: bool,
    /// What every run is asked beside its spec and its trace. A fault does change results.
    pub probe: Probe,
    /// Once set, the workers are ended and the call with them; another thread or a signal sets it.
    pub stop: Arc<AtomicBool>,
}

/// A step of one run.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Started,
    /// `epoch` epochs out of `epochs` are finished. `validation` is the primary metric there.
    Epoch {
        epoch: usize,
        epochs: usize,
        validation: f64,
    },
    /// Another process works on the run; it is looked at again when nothing else can begin.
    Held,
    /// The device had too little memory for the run beside the others; it is tried again among
    /// fewer.
    Crowded,
    /// Another process has finished the run.
    FinishedElsewhere,
    /// `value` is the primary metric of the selected epoch on the test split.
    Finished {
        value: Option<f64>,
        took: Duration,
    },
    Failed(Failure),
}

/// A task and its run id.
pub(crate) struct Planned {
    pub(crate) id: RunId,
    /// The metric that the run is judged by.
    pub(crate) metric: Metric,
    /// What it is trained on.
    pub(crate) dataset: Part,
    /// The places in the plan of the runs that it needs, as far as they are in it.
    pub(crate) needs: Vec<usize>,
    pub(crate) task: Task,
}
