//! Ranges, scales and tick marks.

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
        let (low, high) = range(values).unwrap_or((0.0, 1.0));
        // Equal values still need a range.
        let room = if low < high { 0.06 * (high - low) } else { 0.05 * low.abs().max(0.1) };
        let (low, high) = (low - room, high + room);
        Self { low, high, log: false, ticks: round_ticks(low, high, n_ticks) }
    }

    /// A logarithmic axis around the positive ones of `values`.
    pub fn log(values: impl IntoIterator<Item = f64>, n_ticks: usize) -> Self {
        let (low, high) = range(values.into_iter().filter(|v| 0.0 < *v)).unwrap_or((0.1, 10.0));
        let room = libm::pow(high / low, 0.08).max(1.08);
        let (low, high) = (low / room, high * room);
        Self { low, high, log: true, ticks: log_ticks(low, high, n_ticks) }
    }

    /// The same range with marks at `values` alone.
    pub fn with_ticks_at(mut self, values: &[f64]) -> Self {
        self.ticks = values.iter().map(|value| (*value, format!("{value}"))).collect();
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
        let place = if self.log {
            let log = |x: f64| libm::log(x.max(f64::MIN_POSITIVE));
            (log(value) - log(self.low)) / (log(self.high) - log(self.low))
        } else {
            (value - self.low) / (self.high - self.low)
        };
        place.clamp(0.0, 1.0)
    }

    /// Whether `value` lies between the ends.
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
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
                    .map(|value| (value + 0.0, minus(format!("{:.decimals$}", value + 0.0))))
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
    format!("{value:.decimals$}")
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

    proptest! {
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
