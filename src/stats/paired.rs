//! Two methods under the same seeds: the paired t test.

use crate::stats::power::{Design, smallest_effect};
use crate::stats::student;
use crate::stats::summary::{Estimate, estimate};

/// The differences of matched runs and what they show, in the unit of the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Of the differences.
    pub difference: Estimate,
    /// Student's t; needs two pairs that differ by different amounts.
    pub t: Option<f64>,
    /// The two-sided p value of `t`; 1 where every pair is equal.
    pub p: Option<f64>,
    /// The smallest difference that this many pairs of this spread are likely to show: see
    /// [`smallest_effect`].
    pub smallest_effect: Option<f64>,
}

/// The differences `treated - reference` for the seeds that both have, in the order of `treated`.
pub fn by_seed(treated: &[(u64, f64)], reference: &[(u64, f64)]) -> Vec<f64> {
    treated
        .iter()
        .filter_map(|(seed, value)| {
            let (_, baseline) = reference.iter().find(|(other, _)| other == seed)?;
            Some(value - baseline)
        })
        .collect()
}

/// The paired t test of `differences` (Student 1908, *Biometrika* 6); `None` of no pairs.
pub fn paired(differences: &[f64]) -> Option<Paired> {
    let difference = estimate(differences)?;
    let n = differences.len();
    // Without spread there is no t; equal pairs are no evidence, and a constant shift cannot be
    // judged.
    let t =
        difference.sd.filter(|sd| *sd > 0.0).map(|sd| difference.mean / (sd / (n as f64).sqrt()));
    // Differences too large to be squared have none either.
    let t = t.filter(|t| !t.is_nan());
    let p = match t {
        Some(t) => Some(student::two_sided_p(t, (n - 1) as f64)),
        None => (n > 1 && difference.mean == 0.0).then_some(1.0),
    };
    let effect =
        smallest_effect(Design::Paired, n).zip(difference.sd).map(|(effect, sd)| effect * sd);
    Some(Paired { difference, t, p, smallest_effect: effect })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Stream;
    use proptest::prelude::*;

    #[test]
    fn seeds_are_matched_by_value_not_by_place() {
        let differences = by_seed(&[(2, 0.5), (0, 0.7), (9, 0.1)], &[(0, 0.4), (1, 0.2), (2, 0.5)]);
        assert_eq!(differences, [0.0, 0.7 - 0.4]);
    }

    #[test]
    fn students_sleep_data_give_his_result() {
        // The additional hours of sleep of Student's paper: t = 4.0621, p = 0.00283, df = 9.
        let hours = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
        let test = paired(&hours).unwrap();
        assert!((test.t.unwrap() - 4.0621).abs() < 1e-4);
        assert!((test.p.unwrap() - 0.00283).abs() < 1e-5);
    }

    #[test]
    fn without_spread_nothing_is_claimed() {
        assert_eq!(paired(&[0.0, 0.0]).unwrap().p, Some(1.0));
        assert_eq!(paired(&[0.1, 0.1, 0.1]).unwrap().p, None);
        assert_eq!(paired(&[0.1]).unwrap().p, None);
        assert_eq!(paired(&[]), None);
        assert_eq!(paired(&[f64::MAX, f64::MAX, 1.0]).unwrap().p, None);
    }

    #[test]
    fn the_smallest_effect_is_found_with_the_stated_power() {
        let (mut stream, trials) = (Stream::new(0, "power"), 4000);
        let effect = smallest_effect(Design::Paired, 5).unwrap();
        let critical = student::quantile(0.95, 4.0);
        let found = (0..trials)
            .filter(|_| {
                let found = estimate(&[(); 5].map(|()| effect + stream.normal())).unwrap();
                critical < found.mean / found.sd.unwrap() * 5f64.sqrt()
            })
            .count();
        assert!((found as f64 / f64::from(trials) - 0.8).abs() < 0.02, "{found}");
    }

    proptest! {
        #[test]
        fn the_interval_excludes_zero_exactly_when_p_is_below_five_percent(
            differences in prop::collection::vec(-1f64..1.0, 2..12)
        ) {
            let test = paired(&differences).unwrap();
            let interval = test.difference.interval.unwrap();
            let excludes = 0.0 < interval.low || interval.high < 0.0;
            prop_assume!((test.p.unwrap() - 0.05).abs() > 1e-9);
            prop_assert_eq!(excludes, test.p.unwrap() < 0.05);
        }
    }
}
