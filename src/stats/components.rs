//! How much of the spread between replicates is that of the split, and how much the seed's.

use crate::stats::summary::sd;

/// Standard deviations that add up in squares to that of replicates with splits of their own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Components {
    /// Between means of splits.
    pub split: f64,
    /// Between seeds on one split.
    pub seed: f64,
}

/// The components by the variances of replicates that draw their own split and of replicates on one;
/// where the second is larger by chance, the split has no part. `None` below two of either.
pub fn components(drawn: &[f64], fixed: &[f64]) -> Option<Components> {
    let (whole, seed) = (sd(drawn)?, sd(fixed)?);
    let split = (whole * whole - seed * seed).max(0.0).sqrt();
    Some(Components { split, seed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Stream;

    #[test]
    fn the_components_of_made_replicates_are_found() {
        let mut stream = Stream::new(0, "components");
        let mut made = |split: f64, seed: f64| {
            let of =
                |stream: &mut Stream, split: f64| split * stream.normal() + seed * stream.normal();
            let drawn: Vec<f64> = (0..4000).map(|_| of(&mut stream, split)).collect();
            let fixed: Vec<f64> = (0..4000).map(|_| of(&mut stream, 0.0)).collect();
            components(&drawn, &fixed).unwrap()
        };
        for (split, seed) in [(0.5, 0.4), (0.0, 1.0), (2.0, 0.1)] {
            let found = made(split, seed);
            assert!((found.seed - seed).abs() < 0.03, "{found:?}");
            // The difference of two equal variances is zero only in the mean.
            assert!((found.split - split).abs() < 0.15, "{found:?}");
        }
        assert_eq!(components(&[1.0, 2.0], &[1.0]), None);
    }
}
