//! Student's t distribution, central and noncentral.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The `p` quantile of t with `freedom` > 0 degrees of freedom; NaN outside that domain.
pub fn quantile(p: f64, freedom: f64) -> f64 {
    if !(0.0 < p && p < 1.0) {
        return f64::NAN;
    }
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |t| t.inverse_cdf(p))
}

/// The probability of |T| being at least |`t`| under `freedom` > 0 degrees of freedom; NaN of no
/// number.
pub fn two_sided_p(t: f64, freedom: f64) -> f64 {
    if t.is_nan() {
        return f64::NAN;
    }
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |dist| 2.0 * dist.cdf(-t.abs()))
}

/// The probability of T being at most `t` under `freedom` > 0 degrees of freedom.
pub fn lower_tail(t: f64, freedom: f64) -> f64 {
    let beyond = two_sided_p(t, freedom) / 2.0;
    if t < 0.0 { beyond } else { 1.0 - beyond }
}

/// The probability of T > `t` for a noncentral t with `freedom` >= 1 and noncentrality `shift`.
///
/// T = (Z + shift) / S with S = sqrt(chi squared / freedom), so the probability is the mean of
/// Phi(shift - t S) over the density of S (Johnson, Kotz and Balakrishnan 1995, *Continuous
/// Univariate Distributions* 2, chapter 31). The integrand is smooth, and Simpson's rule over
/// nine standard deviations of S is exact to about 1e-8 for |t| up to 10.
pub fn noncentral_upper_tail(t: f64, freedom: f64, shift: f64) -> f64 {
    const STEPS: usize = 1600;
    let half = freedom / 2.0;
    let log_scale = std::f64::consts::LN_2 + half * libm::log(half) - libm::lgamma(half);
    let integrand = |s: f64| {
        if s <= 0.0 {
            // Only one degree of freedom has density at zero.
            return if freedom > 1.0 { 0.0 } else { libm::exp(log_scale) * normal_cdf(shift) };
        }
        let log_density = log_scale + (freedom - 1.0) * libm::log(s) - half * s * s;
        libm::exp(log_density) * normal_cdf(shift - t * s)
    };
    // S has a standard deviation below 1 / sqrt(2 freedom) and at most the tail of a half normal.
    let reach = 9.0 / freedom.sqrt();
    let (low, high) = ((1.0 - reach).max(0.0), 1.0 + reach);
    let step = (high - low) / STEPS as f64;
    let sum: f64 = (0..=STEPS)
        .map(|i| {
            let weight = match i {
                0 | STEPS => 1.0,
                _ if i % 2 == 1 => 4.0,
                _ => 2.0,
            };
            weight * integrand(low + step * i as f64)
        })
        .sum();
    (sum * step / 3.0).clamp(0.0, 1.0)
}

fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        let tables = [(1.0, 12.706_205), (2.0, 4.302_653), (4.0, 2.776_445), (9.0, 2.262_157)];
        for (freedom, expected) in tables {
            let found = quantile(0.975, freedom);
            assert!((found - expected).abs() < 1e-5, "{freedom}: {found}");
        }
        assert!(quantile(1.0, 3.0).is_nan() && quantile(0.5, 0.0).is_nan());
    }

    #[test]
    fn p_values_are_those_of_the_tables() {
        assert!((two_sided_p(2.776_445, 4.0) - 0.05).abs() < 1e-7);
        // With one degree of freedom T is Cauchy: p = 1 - 2 atan(t) / pi.
        assert!((two_sided_p(-1.0, 1.0) - 0.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn every_t_has_a_probability_and_what_is_no_number_has_none(
            t in prop::num::f64::ANY, freedom in 1u32..60
        ) {
            let p = two_sided_p(t, f64::from(freedom));
            prop_assert!(if t.is_nan() { p.is_nan() } else { (0.0..=1.0).contains(&p) }, "{p}");
        }

        #[test]
        fn without_a_shift_the_noncentral_t_is_the_central_one(
            t in -10f64..10.0, freedom in 1u32..60
        ) {
            let freedom = f64::from(freedom);
            let central = 1.0 - lower_tail(t, freedom);
            prop_assert!((noncentral_upper_tail(t, freedom, 0.0) - central).abs() < 1e-8);
        }

        #[test]
        fn the_tail_grows_with_the_shift(t in -5f64..5.0, freedom in 1u32..40, shift in -5f64..5.0) {
            let freedom = f64::from(freedom);
            let less = noncentral_upper_tail(t, freedom, shift);
            let more = noncentral_upper_tail(t, freedom, shift + 0.5);
            prop_assert!(less < more + 1e-12, "{less} {more}");
        }
    }
}
