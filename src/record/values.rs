//! The range of every number in a record: one that no training leaves was not left by one.

use super::metrics::{self, Metrics, Primary};
use super::{Cost, Outcome, RunRecord, Work};
use crate::task::metric::{self, Metric};

type Checked = std::result::Result<(), String>;

/// What rounding may add to a number that has a bound.
const ROUNDING: f64 = 1e-6;

/// The largest count: beyond it, a double does not tell a number from the next.
const MOST: u64 = 1 << 53;

/// Multiply-adds are many: the largest count of them.
const MOST_MULTIPLY_ADDS: u64 = 1 << 63;

/// The most seconds that a run may have taken, and the fewest but none.
const MOST_SECONDS: f64 = 1e9;
const FEWEST_SECONDS: f64 = 1e-9;

impl RunRecord {
    /// Whether every number in the record is one that training can leave.
    ///
    /// # Errors
    /// The first that is not, and where it is.
    pub fn check_values(&self) -> Checked {
        let (n, planned) = (self.epochs.len(), self.spec.cell.protocol.epochs);
        if planned < n {
            return Err(format!("{n} epochs, where the protocol has {planned}"));
        }
        if n == 0 && self.outcome == Outcome::Finished {
            return Err("no epoch, and yet finished".into());
        }
        if n.max(1) <= self.selected_epoch {
            return Err(format!("the selected epoch {} of {n}, from 0", self.selected_epoch));
        }
        if let Outcome::Diverged { epoch, step, .. } = self.outcome {
            below("the epoch of the divergence", epoch as u64, planned as u64)?;
            below("the step of the divergence", step as u64, MOST)?;
        }
        for (i, epoch) in self.epochs.iter().enumerate() {
            let place = format!("epoch {}", i + 1);
            within(&format!("{place}: the learning rate"), epoch.lr, 0.0, f64::MAX)?;
            for (name, value) in &epoch.train {
                let least = if name == metric::LOSS.name { -ROUNDING } else { f64::MIN };
                within(&format!("{place}: {name}"), *value, least, f64::MAX)?;
            }
            let splits = [("validation", &epoch.validation), ("test", &epoch.test)];
            let further = epoch.further.iter().map(|(name, split)| (name.as_str(), split));
            for (name, split) in splits.into_iter().chain(further) {
                measured(split, &self.primary).map_err(|why| format!("{place}, {name}: {why}"))?;
            }
        }
        let mut links = self.links.iter().zip(self.links.iter().skip(1));
        if let Some((_, link)) = links.find(|(a, b)| b.steps <= a.steps) {
            return Err(format!("the link after {} steps is out of order", link.steps));
        }
        work(&self.work)?;
        cost(&self.cost)
    }
}

fn measured(found: &Metrics, primary: &Primary) -> Checked {
    if found.n == 0 {
        return Err("no example".into());
    }
    below("the number of examples", found.n as u64, MOST)?;
    for (name, value) in found.iter() {
        let (least, most) = range(name, primary);
        within(name, value, least - ROUNDING, most + ROUNDING)?;
    }
    Ok(())
}

/// The values that a metric can have; of one that is not known here, every number.
fn range(name: &str, primary: &Primary) -> (f64, f64) {
    let kind = name.split_once('.').map_or(name, |(kind, _)| kind);
    let marks = [metrics::MODALITY, metrics::WITHOUT, metrics::PROBE, metrics::NOISY];
    let of_metric = marks.iter().find_map(|mark| kind.strip_prefix(mark)).unwrap_or(kind);
    if let Some(metric) = metric::known(of_metric) {
        return (metric.least, metric.most);
    }
    // Contributions are differences of the primary metric, an imbalance is one of contributions.
    let reach = metric::known(&primary.metric).map_or(f64::MAX, Metric::reach);
    match kind {
        metrics::CONTRIBUTION => (-reach, reach),
        metrics::IMBALANCE => (0.0, (2.0 * reach).min(f64::MAX)),
        _ => (f64::MIN, f64::MAX),
    }
}

fn work(work: &Work) -> Checked {
    let counts = [
        ("the number of steps", work.steps),
        ("the number of examples forward", work.forward),
        ("the number of examples backward", work.backward),
        ("the number of multiply-adds for an example", work.inference),
        ("the number of parameters", work.parameters),
    ];
    counts.into_iter().try_for_each(|(what, count)| below(what, count, MOST))?;
    below("the number of multiply-adds", work.multiply_adds, MOST_MULTIPLY_ADDS)?;
    match work.backward <= work.forward {
        true => Ok(()),
        false => Err("more examples went backward than forward".into()),
    }
}

fn cost(cost: &Cost) -> Checked {
    if cost.wall_seconds != 0.0 {
        within("the wall time in seconds", cost.wall_seconds, FEWEST_SECONDS, MOST_SECONDS)?;
    }
    below("the peak memory in bytes", cost.peak_memory.unwrap_or(0), MOST)
}

fn within(what: &str, value: f64, least: f64, most: f64) -> Checked {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(format!("{what} is {value:?}, which no training leaves")),
    }
}

fn below(what: &str, value: u64, limit: u64) -> Checked {
    match value < limit {
        true => Ok(()),
        false => Err(format!("{what} is {value}, which no training leaves")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::Better;
    use crate::record::probe::Link;
    use crate::store::fixture;

    #[test]
    fn no_number_that_training_cannot_leave_is_taken() {
        let good = fixture::record(&fixture::spec("toy", 0));
        assert_eq!(good.check_values(), Ok(()));
        type Change = fn(&mut RunRecord);
        let changes: [(Change, &str); 22] = [
            (|r| r.cost.wall_seconds = 1e308, "the wall time in seconds is 1e308"),
            (|r| r.cost.wall_seconds = 5e-324, "the wall time in seconds is 5e-324"),
            (|r| r.cost.wall_seconds = f64::NAN, "NaN"),
            (|r| r.work.steps = u64::MAX, "the number of steps"),
            (|r| r.work.multiply_adds = u64::MAX, "the number of multiply-adds"),
            (|r| r.work.backward = r.work.forward + 1, "more examples went backward"),
            (|r| r.cost.peak_memory = Some(u64::MAX), "the peak memory"),
            (|r| r.epochs[0].lr = f64::INFINITY, "epoch 1: the learning rate is inf"),
            (|r| r.epochs[0].test.set("accuracy", 1.5), "epoch 1, test: accuracy is 1.5"),
            (|r| r.epochs[0].test.set("accuracy", -0.5), "accuracy"),
            (|r| r.epochs[0].validation.set("macro-f1", 2.0), "epoch 1, validation: macro-f1"),
            (|r| r.epochs[0].test.set("loss", -1.0), "loss is -1"),
            (|r| r.epochs[0].test.n = 0, "no example"),
            (|r| r.epochs[0].test.set("contribution.audio", 1e300), "contribution.audio"),
            (
                |r| r.epochs[0].test.set("modality-accuracy.audio", f64::NAN),
                "modality-accuracy.audio",
            ),
            (|r| r.epochs[0].train = [("loss".into(), f64::NAN)].into(), "epoch 1: loss is NaN"),
            (|r| r.epochs = vec![r.epochs[0].clone(); 3], "3 epochs, where the protocol has 2"),
            (|r| r.epochs.clear(), "no epoch, and yet finished"),
            (|r| r.selected_epoch = 1, "the selected epoch 1 of 1"),
            (
                |r| {
                    r.outcome =
                        Outcome::Diverged { epoch: usize::MAX, step: 0, what: "loss".into() }
                },
                "the epoch of the divergence",
            ),
            (
                |r| {
                    r.outcome =
                        Outcome::Diverged { epoch: 1, step: usize::MAX, what: "loss".into() }
                },
                "the step of the divergence",
            ),
            (
                |r| r.links = [4, 4].map(|steps| Link { steps, root: r.final_root }).to_vec(),
                "the link after 4 steps",
            ),
        ];
        for (change, said) in changes {
            let mut record = good.clone();
            change(&mut record);
            let why = record.check_values().unwrap_err();
            assert!(why.contains(said), "{why}, not {said}");
        }
    }

    #[test]
    fn contributions_reach_as_far_as_the_metric_that_they_share_out() {
        let primary = |name: &str| Primary { metric: name.into(), better: Better::Higher };
        let [accuracy, error] = ["accuracy", "mean-absolute-error"].map(primary);
        assert_eq!(range("contribution.a", &accuracy), (-1.0, 1.0));
        assert_eq!(range("imbalance", &accuracy), (0.0, 2.0));
        assert_eq!(range("contribution.a", &error), (-f64::MAX, f64::MAX));
        assert_eq!(range("imbalance", &error), (0.0, f64::MAX));
        assert_eq!(range("modality-mean-absolute-error.a", &error), (0.0, f64::MAX));
        assert_eq!(range("modality-accuracy.a", &error), (0.0, 1.0));
        assert_eq!(range("r-squared", &error), (-f64::MAX, 1.0));
        assert_eq!(range("calibration-error.l1", &error), (f64::MIN, f64::MAX));
    }
}
