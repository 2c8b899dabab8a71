//! What is measured of a model's outputs on a split: of every kind of targets, the metrics that there
//! are. Which of them a task has, its entry in [`crate::task::TASKS`] says.

use super::metrics::{Decisions, Errors, Predictions};
use crate::data::targets::Targets;
use crate::task::metric::{
    ACCURACY, CLIP_ACCURACY, CORRELATION, LOSS, MACRO_F1, MEAN_ABSOLUTE_ERROR,
    MEAN_AVERAGE_PRECISION, MICRO_F1, Metric, R_SQUARED, SIGN_ACCURACY, SUBSET_ACCURACY,
};

/// The outputs on a split, `[example, output]`, beside its targets.
pub enum Measured<'a> {
    Classes(Predictions<'a>),
    Labels(Decisions<'a>),
    Values(Errors<'a>),
    Segments { segments: usize, predictions: Predictions<'a> },
}

impl<'a> Measured<'a> {
    /// `values` are what [`crate::model::objective::Objective::predictions`] makes of logits, or the
    /// logits themselves where only their order matters. `None` where one is not finite, or they do
    /// not fit the targets.
    pub fn new(targets: &'a Targets, outputs: usize, values: &'a [f64]) -> Option<Self> {
        Some(match targets {
            Targets::Classes(labels) => Self::Classes(Predictions::new(values, labels, outputs)?),
            Targets::Labels { n, values: holds } => {
                Self::Labels(Decisions::new(values, holds, *n)?)
            }
            Targets::Values(truth) => Self::Values(Errors::new(values, truth)?),
            Targets::Segments { segments, classes } => Self::Segments {
                segments: *segments,
                predictions: Predictions::new(values, classes, outputs / segments)?,
            },
        })
    }

    /// The value of a metric; `None` where these targets have no such metric, or the outputs leave it
    /// undefined, as a constant does its correlation.
    pub fn value(&self, metric: Metric) -> Option<f64> {
        match self {
            Self::Classes(p) => of_classes(p, metric),
            Self::Labels(d) => pick(
                metric,
                &[
                    (LOSS, &|| Some(d.cross_entropy())),
                    (MEAN_AVERAGE_PRECISION, &|| Some(d.mean_average_precision())),
                    (MICRO_F1, &|| Some(d.micro_f1())),
                    (MACRO_F1, &|| Some(d.macro_f1())),
                    (SUBSET_ACCURACY, &|| Some(d.subset_accuracy())),
                ],
            ),
            Self::Values(e) => pick(
                metric,
                &[
                    (LOSS, &|| Some(e.mean_squared())),
                    (MEAN_ABSOLUTE_ERROR, &|| Some(e.mean_absolute())),
                    (CORRELATION, &|| e.correlation()),
                    (SIGN_ACCURACY, &|| e.sign_accuracy()),
                    (R_SQUARED, &|| e.r_squared()),
                ],
            ),
            Self::Segments { segments, predictions } if metric == CLIP_ACCURACY => {
                Some(predictions.clip_accuracy(*segments))
            }
            Self::Segments { predictions, .. } => of_classes(predictions, metric),
        }
    }

    /// As [`Measured::value`], of the metric that runs are judged by: 0 where it is undefined.
    pub fn primary(&self, metric: Metric) -> f64 {
        self.value(metric).unwrap_or_default()
    }
}

fn of_classes(p: &Predictions<'_>, metric: Metric) -> Option<f64> {
    pick(
        metric,
        &[
            (LOSS, &|| Some(p.cross_entropy())),
            (ACCURACY, &|| Some(p.accuracy())),
            (MACRO_F1, &|| Some(p.macro_f1())),
            (MEAN_AVERAGE_PRECISION, &|| Some(p.mean_average_precision())),
        ],
    )
}

fn pick(metric: Metric, table: &[(Metric, &dyn Fn() -> Option<f64>)]) -> Option<f64> {
    table.iter().find(|(known, _)| *known == metric).and_then(|(_, measure)| measure())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::TASKS;

    #[test]
    fn every_task_has_the_metrics_that_it_declares() {
        let all_targets = [
            Targets::Classes(vec![0, 1]),
            Targets::Labels { n: 2, values: vec![true, false, false, true] },
            Targets::Values(vec![1.0, -1.0, 2.0, -2.0]),
            Targets::Segments { segments: 2, classes: vec![0, 1] },
        ];
        for (entry, targets) in TASKS.iter().zip(all_targets) {
            assert_eq!(entry.name, targets.task());
            let outputs = 4 / targets.len();
            let values = [0.9, 0.1, 0.2, 0.8];
            let measured = Measured::new(&targets, outputs, &values).unwrap();
            for metric in entry.build.metrics {
                assert!(measured.value(*metric).is_some(), "{}: {metric}", entry.name);
            }
            assert!(Measured::new(&targets, outputs, &[f64::NAN; 4]).is_none(), "{}", entry.name);
        }
        let constant = Measured::new(&Targets::Values(vec![1.0, 2.0]), 1, &[0.5; 2])
            .map(|m| [m.value(CORRELATION), m.value(ACCURACY), Some(m.primary(CORRELATION))]);
        assert_eq!(constant, Some([None, None, Some(0.0)]));
    }
}
