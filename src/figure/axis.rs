//! Ranges, scales and tick marks: total functions over all numbers, since what is drawn may come
//! from a file that somebody changed.

/// The largest magnitude on an axis, and the smallest on a logarithmic one: beyond them stand
/// numbers whose differences, ratios or powers of ten are none. What is further out is drawn at
/// the end.
const LARGEST: f64 = 1e150;
const SMALLEST: f64 = 1e-150;
/// A range this narrow, against the values in it, is one value: its marks could not be told apart.
const NARROWEST: f64 = 1e-12;
/// The longest label with all its digits.
const LONGEST_LABEL: usize = 12;

/// A range of values with its tick marks.
#[derive(Clone, Debug)]
pub struct Axis {
    low: f64,
    high: f64,
    log: bool,
    /// The values marked, with their labels, in increasing order.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// A linear axis around `values` with some room at both ends and about `n_ticks` marks.
    pub fn linear(values: impl IntoIterator<Item = f64>, n_ticks: usize) -> Self {
        let (low, high) = range(values.into_iter().map(within)).unwrap_or((0.0, 1.0));
        let widest = low.abs().max(high.abs()).max(SMALLEST);
        // Equal values still need a range.
        let room = if NARROWEST * widest < high - low {
            0.06 * (high - low)
        } else {
            0.05 * low.abs().max(0.1)
        };
        let (low, high) = (low - room, high + room);
        Self { low, high, log: false, ticks: round_ticks(low, high, n_ticks) }
    }

    /// A logarithmic axis around the positive ones of `values`.
    pub fn log(values: impl IntoIterator<Item = f64>, n_ticks: usize) -> Self {
        let positive = values.into_iter().filter(|value| 0.0 < *value);
        let positive = positive.map(|value| within(value).max(SMALLEST));
        let (low, high) = range(positive).unwrap_or((0.1, 10.0));
        let room = libm::pow(high / low, 0.08).max(1.08);
        let (low, high) = (low / room, high * room);
        Self { low, high, log: true, ticks: log_ticks(low, high, n_ticks) }
    }

    /// The same range with marks at `values` alone.
    pub fn with_ticks_at(mut self, values: &[f64]) -> Self {
        self.ticks =
            values.iter().map(|value| (*value, short(format!("{value}"), *value))).collect();
        self
    }

    /// The same axis with its marks written by `label`.
    pub fn labelled(mut self, label: impl Fn(f64, &str) -> String) -> Self {
        for (value, text) in &mut self.ticks {
            *text = label(*value, text);
        }
        self
    }

    /// Where `value` lies between the ends, 0 to 1; beyond them it stays at the end.
    pub fn place(&self, value: f64) -> f64 {
        let value = within(value);
        let place = if self.log {
            let log = |x: f64| libm::log(x.max(f64::MIN_POSITIVE));
            (log(value) - log(self.low)) / (log(self.high) - log(self.low))
        } else {
            (value - self.low) / (self.high - self.low)
        };
        // What is no number has no place, and stays at the beginning.
        if place.is_nan() { 0.0 } else { place.clamp(0.0, 1.0) }
    }

    /// Whether `value` lies between the ends.
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// `value`, or the last one with a place on an axis; what is not finite stays so.
fn within(value: f64) -> f64 {
    if value.is_finite() { value.clamp(-LARGEST, LARGEST) } else { value }
}

/// The smallest and the largest finite value.
pub fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

/// Multiples of 1, 2 or 5 times a power of ten, at most `n_ticks` of them.
fn round_ticks(low: f64, high: f64, n_ticks: usize) -> Vec<(f64, String)> {
    let rough = (high - low) / n_ticks.max(1) as f64;
    let magnitude = libm::floor(libm::log10(rough)) as i32;
    for exponent in magnitude..=magnitude + 2 {
        for digit in [1.0, 2.0, 5.0] {
            let step = digit * libm::pow(10.0, f64::from(exponent));
            let (first, last) = (libm::ceil(low / step), libm::floor(high / step));
            if last - first < n_ticks as f64 {
                let decimals = usize::try_from(-exponent).unwrap_or(0);
                return (0..=(last - first).max(0.0) as usize)
                    .map(|i| (first + i as f64) * step)
                    .filter(|value| *value <= high)
                    // Adding zero turns a negative zero into a positive one.
                    .map(|value| (value + 0.0, minus(short(decimal(value + 0.0, decimals), value))))
                    .collect();
            }
        }
    }
    Vec::new()
}

/// Powers of ten where at least two are in range, else with their doubles and fives between, else
/// round numbers.
fn log_ticks(low: f64, high: f64, n_ticks: usize) -> Vec<(f64, String)> {
    let (first, last) =
        (libm::floor(libm::log10(low)) as i32, libm::ceil(libm::log10(high)) as i32);
    for digits in [&[1.0][..], &[1.0, 3.0], &[1.0, 2.0, 5.0]] {
        let stride = ((last - first) as usize / n_ticks.max(1)).max(1);
        let ticks: Vec<(f64, String)> = (first..=last)
            .step_by(stride)
            .flat_map(|exponent| digits.iter().map(move |d| d * libm::pow(10.0, exponent.into())))
            .filter(|value| low <= *value && *value <= high)
            .map(|value| (value, plain(value)))
            .collect();
        if 3 <= ticks.len() && ticks.len() <= n_ticks + 1 {
            return ticks;
        }
    }
    round_ticks(low, high, n_ticks)
}

/// A power of ten or a small multiple of one, without rounding noise.
fn plain(value: f64) -> String {
    let decimals = (-libm::floor(libm::log10(value) + 1e-9)).max(0.0) as usize;
    minus(short(decimal(value, decimals), value))
}

fn decimal(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}")
}

/// `text`, or `value` as a multiple of a power of ten where that is what can still be read.
fn short(text: String, value: f64) -> String {
    if text.len() <= LONGEST_LABEL {
        return text;
    }
    let digits = format!("{value:.11e}");
    let (digits, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
    let power = format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'));
    if power.len() < text.len() { power } else { text }
}

fn minus(text: String) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(&Axis::linear([-0.9, 2.1], 4)), ["−1", "0", "1", "2"]);
        assert_eq!(labels(&Axis::linear([0.61, 0.68], 4)), ["0.62", "0.64", "0.66", "0.68"]);
        assert_eq!(labels(&Axis::log([0.02, 40.0], 5)), ["0.1", "1", "10"]);
        assert_eq!(labels(&Axis::log([2.0, 5.0], 4)), ["2", "3", "4", "5"]);
    }

    #[test]
    fn numbers_without_a_sense_have_an_axis_too() {
        let labels_of = |values: &[f64]| {
            let log = Axis::log(values.iter().copied(), 5);
            let linear = Axis::linear(values.iter().copied(), 5);
            [linear, log].map(|axis| axis.ticks.into_iter().map(|tick| tick.1).collect::<Vec<_>>())
        };
        let [linear, log] = labels_of(&[5e-324, 1e308]);
        assert_eq!(linear, ["0", "5e149", "1e150"]);
        assert_eq!(log, ["1e−174", "1e−105", "1e−36", "1e33", "1e102", "1e171"]);
        let [linear, _] = labels_of(&[f64::MAX, f64::MIN]);
        assert_eq!(linear.len(), 5);
        let axis = Axis::linear([0.0, 1.0], 5);
        assert_eq!([f64::NAN, f64::NEG_INFINITY].map(|value| axis.place(value)), [0.0, 0.0]);
        assert_eq!([f64::MAX, f64::INFINITY].map(|value| axis.place(value)), [1.0, 1.0]);
    }

    proptest! {
        #[test]
        fn every_number_has_a_place_on_every_axis(
            values in prop::collection::vec(prop::num::f64::ANY, 0..6), n in 0usize..9
        ) {
            let of = || values.iter().copied();
            let marked = Axis::linear(of(), n).with_ticks_at(&values);
            prop_assert_eq!(marked.ticks.len(), values.len());
            prop_assert!(marked.ticks.iter().all(|(_, label)| label.len() <= 24));
            for axis in [Axis::linear(of(), n), Axis::log(of(), n)] {
                prop_assert!(axis.low.is_finite() && axis.high.is_finite() && axis.low < axis.high);
                prop_assert!(axis.ticks.len() <= n + 1);
                prop_assert!(axis.ticks.windows(2).all(|pair| pair[0].0 < pair[1].0));
                prop_assert!(axis.ticks.iter().all(|(_, label)| label.chars().count() <= 24));
                prop_assert!(of().all(|value| (0.0..=1.0).contains(&axis.place(value))));
            }
        }

        #[test]
        fn ticks_increase_lie_inside_and_stay_few(
            a in -1e4f64..1e4, b in -1e4f64..1e4, n in 2usize..9
        ) {
            let axis = Axis::linear([a, b], n);
            prop_assert!(axis.ticks.len() <= n);
            prop_assert!(axis.ticks.windows(2).all(|pair| pair[0].0 < pair[1].0));
            let slack = 1e-9 * (a.abs() + b.abs() + 1.0);
            let (low, high) = (axis.low - slack, axis.high + slack);
            prop_assert!(axis.ticks.iter().all(|(value, _)| low <= *value && *value <= high));
            prop_assert!(axis.holds(a) && axis.holds(b));
        }

        #[test]
        fn places_follow_the_order_of_values(a in 1e-6f64..1e6, b in 1e-6f64..1e6) {
            for axis in [Axis::linear([a, b], 5), Axis::log([a, b], 5)] {
                prop_assert!((axis.place(a) <= axis.place(b)) == (a <= b));
            }
        }
    }
}
