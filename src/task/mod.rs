//! Tasks: what is learned, how many numbers the model gives for it, and by which metric runs are
//! judged. Losses and scores on tensors are in `model::objective`, what is measured of predictions in
//! `train::measure`.

pub mod metric;
pub mod words;

mod classification;
mod multi_label;
mod regression;
mod segments;

use crate::error::Result;
use crate::registry::{Entry, Params, Part, find_part};
use metric::Metric;

pub use classification::ENTRY as CLASSIFICATION;
pub use multi_label::ENTRY as MULTI_LABEL;
pub use regression::ENTRY as REGRESSION;
pub use segments::{ENTRY as SEGMENTS, of as segments_of};

/// What everything but the arithmetic needs to know of a task.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// What is learned, from resolved parameters.
    pub kind: fn(&Params) -> Kind,
    /// The metric that runs are judged by.
    pub primary: Metric,
    /// The metric that tables show beside the primary one.
    pub beside: Metric,
    /// All metrics of a split, the loss and the primary one included. One that the predictions
    /// leave undefined, such as the correlation of a constant, is left out of a record.
    pub metrics: &'static [Metric],
}

/// What is learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// One class of several.
    Classification,
    /// Each of several labels, yes or no.
    MultiLabel,
    /// A number. `scale` is the error, in the unit of the target, that has half the score.
    Regression { scale: f64 },
    /// One class of several for each of a clip's segments.
    Segments { segments: usize },
}

/// Every task, in the order shown to users.
pub const TASKS: &[Entry<Task>] = &[CLASSIFICATION, MULTI_LABEL, REGRESSION, SEGMENTS];

impl Task {
    /// The task of a description.
    ///
    /// # Errors
    /// When there is no such task, or another revision of it.
    pub fn of(part: &Part) -> Result<Self> {
        Ok(find_part("task", TASKS, part)?.build)
    }
}

impl Kind {
    /// What a description's task learns.
    ///
    /// # Errors
    /// An unknown task, another revision of it, and parameters that are not those declared.
    pub fn of(part: &Part) -> Result<Self> {
        let entry = find_part("task", TASKS, part)?;
        Ok((entry.build.kind)(&entry.checked(part)?))
    }

    /// The length of the model's output for a data set with `names` classes, labels or values.
    pub fn outputs(self, names: usize) -> usize {
        match self {
            Kind::Segments { segments } => segments * names,
            Kind::Classification | Kind::MultiLabel | Kind::Regression { .. } => names,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Value;

    #[test]
    fn every_task_measures_its_loss_and_its_primary_metric() {
        for Entry { name, build, .. } in TASKS {
            assert!(build.metrics.contains(&build.primary), "{name}");
            assert!(build.metrics.contains(&build.beside), "{name}");
            assert!(build.metrics.contains(&metric::LOSS), "{name}");
            assert!(build.metrics.iter().all(|one| metric::METRICS.contains(one)), "{name}");
        }
    }

    #[test]
    fn outputs_are_those_of_all_segments() {
        assert_eq!(Kind::of(&CLASSIFICATION.defaults()).unwrap().outputs(6), 6);
        assert_eq!(Kind::of(&REGRESSION.defaults()).unwrap().outputs(1), 1);
        assert_eq!(Kind::of(&segments_of(10)).unwrap().outputs(29), 290);
        let part = Part { revision: 7, ..MULTI_LABEL.defaults() };
        assert!(Kind::of(&part).unwrap_err().to_string().contains("revision 7"));
        let mut part = segments_of(10);
        part.params.0.insert("segments".into(), Value::Int(0));
        let error = Kind::of(&part).unwrap_err().to_string();
        assert!(error.contains("`segments` must be a whole number from 1 to"), "{error}");
    }
}
