//! Keyed random streams: the only source of randomness.
//!
//! A stream is a ChaCha8 generator keyed by the SHA-256 of a seed and a purpose, such as
//! `shuffle/3` or `init/encoder.audio.layers.0.weight`. So the same seed gives the same draws on
//! every backend, no draw moves another, and resuming needs no generator state.

use crate::hash::Digest;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random numbers for one purpose.
pub struct Stream {
    rng: ChaCha8Rng,
    /// The second value of the last Box-Muller pair.
    spare: Option<f64>,
}

/// The normal numbers that are drawn at once where many are wanted.
const AT_ONCE: usize = 256;

impl Stream {
    /// The stream of `purpose` under `seed`.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let key = Digest::of(format!("{seed}/{purpose}").as_bytes());
        Self { rng: ChaCha8Rng::from_seed(key.0), spare: None }
    }

    /// A seed for a generator of another kind.
    pub fn key(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Uniform on [0, 1), with 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform on 0..n, without bias. `n` must be positive.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "an empty range has no element");
        // Rejects the incomplete last block of the 64-bit range.
        let limit = u64::MAX - u64::MAX % n;
        loop {
            let draw = self.rng.next_u64();
            if draw < limit {
                return draw % n;
            }
        }
    }

    /// Standard normal (Box-Muller), computed with `libm` so that every platform agrees.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let (sine, cosine) = libm::sincos(2.0 * std::f64::consts::PI * self.uniform());
        self.spare = Some(radius * sine);
        radius * cosine
    }

    /// Fills `into` with what `of` makes of as many calls of [`Stream::normal`], faster than these.
    pub fn fill_normal<T>(&mut self, into: &mut [T], of: impl Fn(f64) -> T) {
        let spared = usize::from(self.spare.is_some()).min(into.len());
        let (spared, into) = into.split_at_mut(spared);
        let (blocks, rest) = into.as_chunks_mut::<AT_ONCE>();
        spared.iter_mut().for_each(|into| *into = of(self.normal()));
        let (mut bytes, mut draws, mut normals) = ([0; 8 * AT_ONCE], [0; AT_ONCE], [0.0; AT_ONCE]);
        for into in blocks {
            self.rng.fill_bytes(&mut bytes);
            let (words, _) = bytes.as_chunks();
            draws.iter_mut().zip(words).for_each(|(draw, word)| *draw = u64::from_le_bytes(*word));
            portable_kernels::normals(&draws, &mut normals);
            into.iter_mut().zip(&normals).for_each(|(into, x)| *into = of(*x));
        }
        rest.iter_mut().for_each(|into| *into = of(self.normal()));
    }

    /// A uniformly random permutation of 0..n (Fisher-Yates).
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i as u64 + 1) as usize);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn streams_differ_by_seed_and_purpose_and_repeat() {
        let draw = |seed, purpose: &str| Stream::new(seed, purpose).uniform();
        assert_eq!(draw(0, "a"), draw(0, "a"));
        assert_ne!(draw(0, "a"), draw(0, "b"));
        assert_ne!(draw(0, "a"), draw(1, "a"));
    }

    #[test]
    fn the_first_draws_are_pinned() {
        // A change here changes every number of the benchmark.
        let mut stream = Stream::new(7, "pinned");
        let uniform = [(); 2].map(|()| (stream.uniform() * 1e9) as u64);
        let normal = [(); 3].map(|()| (stream.normal() * 1e9) as i64);
        assert_eq!(
            (uniform, normal),
            ([92_344_779, 98_318_141], [-473_207_513, 595_150_251, 42_713_914])
        );
    }

    #[test]
    fn normals_have_mean_zero_and_variance_one() {
        let mut stream = Stream::new(0, "moments");
        let n = 20_000;
        let draws: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    proptest! {
        #[test]
        fn a_permutation_holds_every_index_once(n in 0usize..200, seed: u64) {
            let mut order = Stream::new(seed, "p").permutation(n);
            order.sort_unstable();
            prop_assert_eq!(order, (0..n).collect::<Vec<_>>());
        }

        #[test]
        fn many_normals_at_once_are_those_drawn_one_by_one(
            first in 0usize..3, n in 0usize..2000, seed: u64,
        ) {
            let [mut one, mut many] = [(); 2].map(|()| Stream::new(seed, "n"));
            for _ in 0..first {
                prop_assert_eq!(one.normal(), many.normal());
            }
            let mut filled = vec![0.0; n];
            many.fill_normal(&mut filled, |x| x);
            for x in filled {
                prop_assert_eq!(x.to_bits(), one.normal().to_bits());
            }
            prop_assert_eq!(one.uniform(), many.uniform());
        }

        #[test]
        fn below_stays_below(n in 1u64..1000, seed: u64) {
            prop_assert!(Stream::new(seed, "b").below(n) < n);
        }
    }
}
