//! Two methods under the same seeds: the paired t test.

use crate::stats::student;
use crate::stats::summary::{Estimate, estimate, mean};

/// The differences of matched runs and what they show, in the unit of the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Of the differences.
    pub difference: Estimate,
    /// Student's t; needs two pairs that differ by different amounts.
    pub t: Option<f64>,
    /// The two-sided p value of `t`; 1 where every pair is equal.
    pub p: Option<f64>,
    /// Whether all differences have one sign.
    pub one_sided: bool,
}

impl Paired {
    /// The p value of the mean difference being smaller than `margin` in size: the larger of two
    /// one-sided t tests (Schuirmann 1987, *Journal of Pharmacokinetics and Biopharmaceutics* 15).
    /// It is 0 where every pair is equal, and none where they differ by one amount.
    pub fn equivalence(&self, margin: f64) -> Option<f64> {
        let Estimate { n, mean, sd, .. } = self.difference;
        let sd = sd?;
        if sd == 0.0 {
            return (mean == 0.0).then_some(0.0);
        }
        let error = sd / (n as f64).sqrt();
        let beyond = |distance: f64| student::lower_tail(-distance / error, (n - 1) as f64);
        let p = beyond(margin - mean).max(beyond(margin + mean));
        (!p.is_nan()).then_some(p)
    }
}

/// The differences `treated - reference` for the seeds that both have, in the order of `treated`.
pub fn by_seed(treated: &[(u64, f64)], reference: &[(u64, f64)]) -> Vec<f64> {
    matched(treated, reference).into_iter().map(|(_, difference)| difference).collect()
}

/// [`by_seed`], each with its seed.
pub fn matched(treated: &[(u64, f64)], reference: &[(u64, f64)]) -> Vec<(u64, f64)> {
    let difference = |(seed, value): &(u64, f64)| Some((*seed, value - of(reference, *seed)?));
    treated.iter().filter_map(difference).collect()
}

/// By seed the mean over `samples`, for the seeds that all of them have, in the order of the first.
pub fn average(samples: &[Vec<(u64, f64)>]) -> Vec<(u64, f64)> {
    let Some(first) = samples.first() else { return Vec::new() };
    let averaged = first.iter().filter_map(|(seed, _)| {
        let values = samples.iter().map(|sample| of(sample, *seed));
        Some((*seed, mean(&values.collect::<Option<Vec<f64>>>()?)?))
    });
    averaged.collect()
}

/// The value of a seed.
fn of(values: &[(u64, f64)], seed: u64) -> Option<f64> {
    values.iter().find(|(known, _)| *known == seed).map(|(_, value)| *value)
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
    let one_sided = differences.iter().all(|x| 0.0 < *x) || differences.iter().all(|x| *x < 0.0);
    Some(Paired { difference, t, p, one_sided })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::power::smallest_effect;
    use crate::stream::Stream;
    use proptest::prelude::*;

    #[test]
    fn seeds_are_matched_by_value_not_by_place() {
        let differences = by_seed(&[(2, 0.5), (0, 0.7), (9, 0.1)], &[(0, 0.4), (1, 0.2), (2, 0.5)]);
        assert_eq!(differences, [0.0, 0.7 - 0.4]);
    }

    #[test]
    fn samples_are_averaged_over_the_seeds_that_all_have() {
        let samples = [vec![(2, 1.0), (0, 3.0), (5, 9.0)], vec![(0, 1.0), (2, 2.0)]];
        assert_eq!(average(&samples), [(2, 1.5), (0, 2.0)]);
        assert_eq!(average(&[]), []);
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
    fn two_one_sided_tests_are_those_of_the_definition() {
        let hours = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
        let test = paired(&hours).unwrap();
        // scipy: max(ttest_1samp(x, -3, alternative='greater'), ttest_1samp(x, 3, 'less')).
        assert!((test.equivalence(3.0).unwrap() - 0.002_655_6).abs() < 1e-6);
        assert!(0.5 < test.equivalence(1.0).unwrap());
        assert_eq!(paired(&[0.0, 0.0]).unwrap().equivalence(0.01), Some(0.0));
        assert_eq!(paired(&[0.1, 0.1]).unwrap().equivalence(0.2), None);
        assert!(paired(&[0.1, 0.2]).unwrap().one_sided && !paired(&[0.1, 0.0]).unwrap().one_sided);
    }

    #[test]
    fn the_smallest_effect_is_found_with_the_stated_power() {
        let (mut stream, trials) = (Stream::new(0, "power"), 4000);
        let effect = smallest_effect(5, 0.05).unwrap();
        let critical = student::quantile(0.975, 4.0);
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

        #[test]
        fn equal_within_a_margin_is_the_interval_of_ninety_percent_inside_it(
            differences in prop::collection::vec(-1f64..1.0, 2..12), margin in 0.01f64..2.0
        ) {
            let test = paired(&differences).unwrap();
            let half = student::quantile(0.95, (differences.len() - 1) as f64)
                * test.difference.sd.unwrap() / (differences.len() as f64).sqrt();
            let inside = test.difference.mean.abs() + half < margin;
            let p = test.equivalence(margin).unwrap();
            prop_assume!((p - 0.05).abs() > 1e-9);
            prop_assert_eq!(inside, p < 0.05);
        }
    }
}
