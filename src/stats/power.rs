//! The smallest effect that a number of seeds can be expected to show.

use crate::stats::student;

/// How two sets of runs are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// n differences, matched by seed; the effect is in standard deviations of the differences.
    Paired,
    /// n runs against n others; the effect is in standard deviations of one run.
    TwoSample,
}

/// The chance of finding an effect of that size.
pub const POWER: f64 = 0.8;
/// The one-sided level of the test.
pub const LEVEL: f64 = 0.05;

/// The smallest effect that a one-sided t test at [`LEVEL`] finds with probability [`POWER`], in
/// the standard deviations that `design` names; `None` below two runs, where there is no test.
///
/// Source: Cohen 1988, *Statistical Power Analysis for the Behavioral Sciences*, chapter 2, with
/// the exact noncentral t instead of his approximation.
pub fn smallest_effect(design: Design, n: usize) -> Option<f64> {
    if n < 2 {
        return None;
    }
    let runs = n as f64;
    let (freedom, scale) = match design {
        Design::Paired => (runs - 1.0, runs.sqrt()),
        Design::TwoSample => (2.0 * runs - 2.0, (runs / 2.0).sqrt()),
    };
    smallest_shift(LEVEL, freedom).map(|shift| shift / scale)
}

/// The smallest noncentrality, that is the effect in its standard errors, at which a one-sided t
/// test at `level` with `freedom` degrees of freedom rejects with probability [`POWER`]; `None`
/// below one degree of freedom.
pub fn smallest_shift(level: f64, freedom: f64) -> Option<f64> {
    if freedom < 1.0 {
        return None;
    }
    let critical = student::quantile(1.0 - level, freedom);
    let missing = |shift| student::noncentral_upper_tail(critical, freedom, shift) - POWER;
    // The power grows with the shift, so doubling ends beyond the root.
    let (mut a, mut b) = (0.0, 4.0);
    let (mut at_a, mut at_b) = (missing(a), missing(b));
    while at_b < 0.0 {
        b *= 2.0;
        at_b = missing(b);
        if !b.is_finite() {
            return None;
        }
    }
    // The secant that keeps the root between a and b (the Illinois rule): some ten steps.
    for _ in 0..60 {
        let c = (at_a * b - at_b * a) / (at_a - at_b);
        let at_c = missing(c);
        if at_c.abs() < 1e-11 {
            return Some(c);
        }
        if (at_c < 0.0) == (at_b < 0.0) {
            at_a /= 2.0;
        } else {
            (a, at_a) = (b, at_b);
        }
        (b, at_b) = (c, at_c);
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_the_published_ones() {
        let table = [(3, 2.30, 2.48), (4, 1.65, 2.00), (5, 1.36, 1.72), (8, 0.98, 1.31)];
        for (n, paired, two_sample) in table.into_iter().chain([(10, 0.85, 1.16)]) {
            let found = [Design::Paired, Design::TwoSample]
                .map(|design| smallest_effect(design, n).unwrap());
            assert!((found[0] - paired).abs() < 0.0051, "{n}: {found:?}");
            assert!((found[1] - two_sample).abs() < 0.0051, "{n}: {found:?}");
        }
    }

    #[test]
    fn one_run_has_no_test_and_more_runs_see_smaller_effects() {
        assert_eq!(smallest_effect(Design::Paired, 1), None);
        let effects: Vec<f64> =
            (2..20).filter_map(|n| smallest_effect(Design::Paired, n)).collect();
        assert!(effects.windows(2).all(|pair| pair[1] < pair[0]), "{effects:?}");
    }
}
