//! McNemar's exact test of two classifiers on the same items (Dietterich 1998, with the binomial
//! distribution in the place of the chi-squared one).

/// The items that one of two classifiers gets right and the other wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discordant {
    /// Right by the first alone.
    pub first: usize,
    /// Right by the second alone.
    pub second: usize,
}

impl Discordant {
    /// Of whether each item is right, by both in one order.
    pub fn new(first: &[bool], second: &[bool]) -> Self {
        let count = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| **a && !**b).count();
        Self { first: count(first, second), second: count(second, first) }
    }

    /// The two-sided p that both are equally often the one that is right: twice the smaller tail of a
    /// fair coin, at most 1.
    pub fn p(self) -> f64 {
        let (least, n) = (self.first.min(self.second), self.first + self.second);
        // The terms by their logarithms: 2^-n underflows from n = 1075 on.
        let mut log = -(n as f64) * std::f64::consts::LN_2;
        let mut tail = libm::exp(log);
        for k in 1..=least {
            log += libm::log((n - k + 1) as f64 / k as f64);
            tail += libm::exp(log);
        }
        (2.0 * tail).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_is_that_of_a_fair_coin() {
        let p = |first, second| Discordant { first, second }.p();
        // By scipy.stats.binomtest.
        for (first, second, expected) in [
            (0, 0, 1.0),
            (3, 3, 1.0),
            (1, 9, 0.021_484_375),
            (12, 29, 0.011_507_789_735_333),
            (700, 800, 0.010_559_255_466_711),
        ] {
            assert!(
                (p(first, second) - expected).abs() < 1e-12,
                "{first}, {second}: {}",
                p(first, second)
            );
            assert_eq!(p(first, second), p(second, first));
        }
        assert!(0.0 < p(400, 2000) && p(400, 2000) < 1e-200);
    }

    #[test]
    fn only_items_that_are_told_apart_count() {
        let discordant = Discordant::new(&[true, true, false, false], &[true, false, true, false]);
        assert_eq!(discordant, Discordant { first: 1, second: 1 });
    }
}
