//! Tasks: what is learned, and by which metric runs are judged.

use crate::registry::Entry;

/// What reports and gates need to know of a task.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The name of the metric that runs are judged by.
    pub primary: &'static str,
    /// Whether more of it is better.
    pub higher_is_better: bool,
}

/// Every task, in the order shown to users.
pub const TASKS: &[Entry<Task>] = &[CLASSIFICATION];

/// One class of several.
pub const CLASSIFICATION: Entry<Task> = Entry {
    name: "classification",
    summary: "one class of several, by cross-entropy",
    params: &[],
    revision: 1,
    build: Task { primary: "accuracy", higher_is_better: true },
};
