//! One effect over several data sets, which need not agree.

use crate::stats::student;
use crate::stats::summary::Interval;

/// A mean effect over data sets, in their unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooled {
    /// The number of data sets.
    pub n: usize,
    pub mean: f64,
    /// The standard deviation of the effect between data sets.
    pub tau: f64,
    pub interval: Interval,
}

/// The random-effects mean of `effects`, each a mean with its standard error: weights by Paule
/// and Mandel's variance between data sets (1982, *Journal of Research of the NBS* 87) and Hartung and Knapp's t interval with n - 1
/// degrees of freedom (2001, *Statistics in Medicine* 20), which comes near its level with few data
/// sets where a normal one does not: it covers 93 % for six whose errors differ fivefold. `None` below two data sets, and where one has no standard error.
pub fn pool(effects: &[(f64, f64)]) -> Option<Pooled> {
    let n = effects.len();
    let is_usable = |(mean, error): &(f64, f64)| mean.is_finite() && 0.0 < *error;
    if n < 2 || !effects.iter().all(is_usable) {
        return None;
    }
    let freedom = (n - 1) as f64;
    let weigh = |tau2: f64| -> Vec<f64> {
        effects.iter().map(|(_, error)| 1.0 / (error * error + tau2)).collect()
    };
    let centre = |weights: &[f64]| {
        let sum: f64 = weights.iter().sum();
        weights.iter().zip(effects).map(|(weight, (mean, _))| weight * mean).sum::<f64>() / sum
    };
    let spread = |weights: &[f64], centre: f64| -> f64 {
        let squares = weights.iter().zip(effects);
        squares.map(|(weight, (mean, _))| weight * (mean - centre) * (mean - centre)).sum()
    };
    // The spread beside the errors explains what they do not: it falls as tau grows.
    let excess = |tau2: f64| {
        let weights = weigh(tau2);
        spread(&weights, centre(&weights)) - freedom
    };
    let (mut low, mut high) = (0.0, 1.0);
    while 0.0 < excess(high) && high < f64::MAX / 4.0 {
        high *= 4.0;
    }
    if excess(low) <= 0.0 {
        high = 0.0;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if 0.0 < excess(middle) { low = middle } else { high = middle }
    }
    let tau2 = high;
    let weights = weigh(tau2);
    let mean = centre(&weights);
    let error = (spread(&weights, mean) / (freedom * weights.iter().sum::<f64>())).sqrt();
    let half = student::quantile(0.975, freedom) * error;
    let interval = Interval { low: mean - half, high: mean + half };
    mean.is_finite().then_some(Pooled { n, mean, tau: tau2.sqrt(), interval })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Stream;

    #[test]
    fn the_estimate_is_that_of_statsmodels() {
        // combine_effects(method_re="pm", use_t=True, atol=1e-12) of statsmodels 0.14.
        let effects = [(6.1, 1.25), (-1.2, 0.4), (0.3, 0.9), (2.1, 1.5)];
        let found = pool(&effects).unwrap();
        let Interval { low, high } = found.interval;
        for (found, expected) in [
            (found.mean, 1.68005582),
            (found.tau, 2.98035380),
            (low, -3.35606724),
            (high, 6.71617888),
        ] {
            assert!((found - expected).abs() < 1e-7, "{found} {expected}");
        }
    }

    #[test]
    fn the_interval_covers_the_mean_of_data_sets_that_differ() {
        let (mut stream, trials) = (Stream::new(0, "pooled"), 4000);
        let covered = (0..trials)
            .filter(|_| {
                let effects: Vec<(f64, f64)> = [0.2, 0.5, 1.0, 0.3, 0.7, 0.4]
                    .map(|error| (0.8 * stream.normal() + error * stream.normal(), error))
                    .to_vec();
                let Interval { low, high } = pool(&effects).unwrap().interval;
                low < 0.0 && 0.0 < high
            })
            .count();
        let coverage = covered as f64 / f64::from(trials);
        assert!((0.92..0.97).contains(&coverage), "{coverage}");
    }

    #[test]
    fn one_data_set_or_one_without_spread_has_no_pooled_effect() {
        assert_eq!(pool(&[(0.1, 0.2)]), None);
        assert_eq!(pool(&[(0.1, 0.2), (0.1, 0.0)]), None);
    }
}
