//! The smallest effect that a number of pairs can be expected to show.

use crate::stats::student;

/// The chance of finding an effect of that size.
pub const POWER: f64 = 0.8;

/// The smallest mean difference, in standard deviations of the differences, that a two-sided paired t
/// test of `n` pairs at `level` finds, with the right sign, with probability [`POWER`]; `None` below
/// two pairs, where there is no test.
///
/// Source: Cohen 1988, *Statistical Power Analysis for the Behavioral Sciences*, chapter 2, with
/// the exact noncentral t instead of his approximation.
pub fn smallest_effect(n: usize, level: f64) -> Option<f64> {
    if n < 2 {
        return None;
    }
    let shift = smallest_shift(level / 2.0, (n - 1) as f64)?;
    Some(shift / (n as f64).sqrt())
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
        // One-sided at 5 %, which is two-sided at 10 % but for the wrong side.
        for (n, published) in [(3, 2.30), (4, 1.65), (5, 1.36), (8, 0.98), (10, 0.85)] {
            let found = smallest_effect(n, 0.1).unwrap();
            assert!((found - published).abs() < 0.0051, "{n}: {found:?}");
        }
    }

    #[test]
    fn one_run_has_no_test_and_more_runs_see_smaller_effects() {
        assert_eq!(smallest_effect(1, 0.05), None);
        let effects: Vec<f64> = (2..20).filter_map(|n| smallest_effect(n, 0.05)).collect();
        assert!(effects.windows(2).all(|pair| pair[1] < pair[0]), "{effects:?}");
        assert!(smallest_effect(10, 0.05) < smallest_effect(10, 0.05 / 60.0));
    }
}
