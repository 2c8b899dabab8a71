//! How numbers are written for people: fractions as percent and points with one decimal, others with
//! four digits.

use crate::stats::summary::{Estimate, Interval};
use crate::task::metric::Metric;

/// What stands where there is no number.
pub const NONE: &str = "–";

/// A fraction as percent: `71.3`.
pub fn percent(fraction: f64) -> String {
    minus(format!("{:.1}", 100.0 * fraction + 0.0))
}

/// A difference of fractions in percentage points, with its sign: `+2.1`.
pub fn points(difference: f64) -> String {
    unsigned_zero(format!("{:+.1}", 100.0 * difference))
}

/// A value of a metric: percent of a fraction, else four digits.
pub fn value(metric: Metric, value: f64) -> String {
    if metric.is_fraction() { percent(value) } else { digits(value, decimals(value)) }
}

/// A difference of two values of a metric, with its sign: points of a fraction, else three digits.
pub fn difference(metric: Metric, difference: f64) -> String {
    signed(metric, difference, difference)
}

/// The interval of a mean of values of a metric: `[0.5, 3.7]`.
pub fn interval(metric: Metric, interval: Option<Interval>) -> String {
    within(interval, |x, most| match metric.is_fraction() {
        true => percent(x),
        false => digits(x, decimals(most)),
    })
}

/// The interval of a mean of differences: `[−0.5, +3.7]`.
pub fn difference_interval(metric: Metric, interval: Option<Interval>) -> String {
    within(interval, |x, most| signed(metric, x, most))
}

/// Both ends by `number`, which is also told the one that is larger in size.
fn within(interval: Option<Interval>, number: impl Fn(f64, f64) -> String) -> String {
    interval.map_or(NONE.into(), |Interval { low, high }| {
        let most = low.abs().max(high.abs());
        format!("[{}, {}]", number(low, most), number(high, most))
    })
}

/// A difference with as many decimals as `like` needs for three digits.
fn signed(metric: Metric, difference: f64, like: f64) -> String {
    if metric.is_fraction() {
        return points(difference);
    }
    unsigned_zero(format!("{difference:+.*}", decimals(like).saturating_sub(1)))
}

/// A difference without its sign, with its unit where it has one.
pub fn amount(metric: Metric, amount: f64) -> String {
    match metric.is_fraction() {
        true => format!("{:.1} points", 100.0 * amount),
        false => value(metric, amount),
    }
}

/// Mean and standard deviation: `71.3 ± 0.8` percent of a fraction, else as many decimals as the
/// larger of the two needs for four digits.
pub fn spread(metric: Metric, estimate: Option<Estimate>) -> String {
    let Some(Estimate { mean, sd, .. }) = estimate else { return NONE.into() };
    let most = mean.abs().max(sd.unwrap_or_default());
    let written = |x: f64| match metric.is_fraction() {
        true => percent(x),
        false => digits(x, decimals(most)),
    };
    match sd {
        None => written(mean),
        Some(sd) => format!("{} ± {}", written(mean), written(sd)),
    }
}

/// How many decimals show four digits of a number.
fn decimals(value: f64) -> usize {
    let size = libm::floor(libm::log10(value.abs()));
    if size.is_finite() { (3.0 - size).clamp(0.0, 15.0) as usize } else { 0 }
}

fn digits(value: f64, decimals: usize) -> String {
    minus(format!("{:.decimals$}", value + 0.0))
}

/// A p value: three decimals, or `< 0.001`.
pub fn p_value(p: Option<f64>) -> String {
    match p {
        None => NONE.into(),
        Some(p) if p < 0.001 => "< 0.001".into(),
        Some(p) => format!("{p:.3}"),
    }
}

/// `1 run`, `2 runs`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("{n} {noun}") } else { format!("{n} {noun}s") }
}

/// Rounding must not leave a sign on zero.
fn unsigned_zero(text: String) -> String {
    match text.contains(|c: char| ('1'..='9').contains(&c)) {
        true => minus(text),
        false => text.trim_start_matches(['+', '-']).into(),
    }
}

fn minus(text: String) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::summary::estimate;
    use crate::task::metric::{ACCURACY, MEAN_ABSOLUTE_ERROR};

    #[test]
    fn numbers_are_short_and_signed_where_they_are_differences() {
        assert_eq!(percent(0.71349), "71.3");
        assert_eq!(points(0.0214), "+2.1");
        assert_eq!(points(-0.0214), "−2.1");
        assert_eq!(points(-0.0001), "0.0");
        let ends = Some(Interval { low: -0.01, high: 0.02 });
        assert_eq!(difference_interval(ACCURACY, ends), "[−1.0, +2.0]");
        assert_eq!(interval(ACCURACY, ends), "[−1.0, 2.0]");
        assert_eq!(p_value(Some(0.0004)), "< 0.001");
        assert_eq!(spread(ACCURACY, None), "–");
    }

    #[test]
    fn what_is_no_fraction_has_four_digits_whatever_its_size() {
        let of = |x| value(MEAN_ABSOLUTE_ERROR, x);
        assert_eq!([of(0.71234), of(12.3456), of(98765.4)], ["0.7123", "12.35", "98765"]);
        assert_eq!([of(0.0), of(1.2e-5)], ["0", "0.00001200"]);
        let apart = |x| difference(MEAN_ABSOLUTE_ERROR, x);
        assert_eq!([apart(-0.0123), apart(0.0), apart(1.5)], ["−0.0123", "0", "+1.50"]);
        let estimate = estimate(&[0.71, 0.73]);
        assert_eq!(spread(MEAN_ABSOLUTE_ERROR, estimate), "0.7200 ± 0.0141");
        assert_eq!(spread(ACCURACY, estimate), "72.0 ± 1.4");
        let wide = crate::stats::summary::estimate(&[0.25, -0.253]);
        assert_eq!(spread(MEAN_ABSOLUTE_ERROR, wide), "−0.0015 ± 0.3557");
        assert_eq!(amount(ACCURACY, 0.013), "1.3 points");
        let ends = Some(Interval { low: -0.000013, high: 0.01078 });
        assert_eq!(difference_interval(MEAN_ABSOLUTE_ERROR, ends), "[0.0000, +0.0108]");
    }
}
