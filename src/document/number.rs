//! How numbers are written for people: percent and points with one decimal.

use crate::stats::summary::{Estimate, Interval};

/// What stands where there is no number.
pub const NONE: &str = "–";

/// A fraction as percent: `71.3`.
pub fn percent(fraction: f64) -> String {
    minus(format!("{:.1}", 100.0 * fraction + 0.0))
}

/// A difference of fractions in percentage points, with its sign: `+2.1`.
pub fn points(difference: f64) -> String {
    let text = format!("{:+.1}", 100.0 * difference);
    // Rounding must not leave a sign on zero.
    if text == "-0.0" || text == "+0.0" { "0.0".into() } else { minus(text) }
}

/// Mean and standard deviation in percent: `71.3 ± 0.8`.
pub fn spread(estimate: Option<Estimate>) -> String {
    match estimate {
        None => NONE.into(),
        Some(Estimate { mean, sd: None, .. }) => percent(mean),
        Some(Estimate { mean, sd: Some(sd), .. }) => {
            format!("{} ± {}", percent(mean), percent(sd))
        }
    }
}

/// An interval written by `number`: `[0.5, 3.7]`.
pub fn interval(interval: Option<Interval>, number: fn(f64) -> String) -> String {
    interval.map_or(NONE.into(), |Interval { low, high }| {
        format!("[{}, {}]", number(low), number(high))
    })
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

fn minus(text: String) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_signed_where_they_are_differences() {
        assert_eq!(percent(0.71349), "71.3");
        assert_eq!(points(0.0214), "+2.1");
        assert_eq!(points(-0.0214), "−2.1");
        assert_eq!(points(-0.0001), "0.0");
        assert_eq!(interval(Some(Interval { low: -0.01, high: 0.02 }), points), "[−1.0, +2.0]");
        assert_eq!(p_value(Some(0.0004)), "< 0.001");
        assert_eq!(spread(None), "–");
    }
}
