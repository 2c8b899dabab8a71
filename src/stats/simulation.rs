//! Which test to take for strategies that share splits: simulated families in which nothing differs,
//! and what each test finds where something does. The choice is told in `docs/methodology.md`.

use super::correction::holm;
use super::paired::paired;
use super::student;
use super::summary::{mean, sd};
use crate::stream::Stream;
use statrs::function::gamma::digamma;

/// A data set: standard deviations between splits, and between runs on one split, in points; near those
/// of the published suite.
const DATASETS: [(f64, f64); 6] =
    [(0.7, 0.6), (1.7, 0.7), (0.45, 0.25), (0.7, 0.6), (5.5, 2.2), (0.65, 0.3)];
/// How much more the runs of a strategy spread than those of joint training.
const SPREADS: [f64; 9] = [0.5, 0.7, 0.8, 1.0, 1.0, 1.3, 1.6, 2.0, 2.5];
const TRIALS: u64 = 2000;

/// How noise is distributed, with mean 0 and standard deviation 1.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Noise {
    Normal,
    /// Student's with five degrees of freedom.
    Heavy,
    /// A centred exponential: some runs fail far below the rest.
    Skewed,
}

impl Noise {
    fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            Noise::Normal => stream.normal(),
            Noise::Heavy => {
                let square: f64 = (0..5).map(|_| stream.normal()).map(|z| z * z).sum();
                stream.normal() / (square / 5.0).sqrt() / (5.0_f64 / 3.0).sqrt()
            }
            Noise::Skewed => 1.0 + libm::log(1.0 - stream.uniform()),
        }
    }
}

/// What a family of tests finds.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// The share of families with a false finding.
    false_alarms: f64,
    /// The share of true differences that are found.
    power: f64,
}

/// A strategy and joint training on one data set: their values by replicate.
type Sample = (Vec<f64>, Vec<f64>);
/// The p values of a family.
type Test = fn(&[Sample]) -> Vec<Option<f64>>;

/// The families of `n` replicates in which every third strategy is better by `effect` standard
/// deviations of a run of joint training; by each test, paired, Welch's, moderated.
fn simulate(n: usize, noise: Noise, effect: f64) -> [Found; 3] {
    let mut stream = Stream::new(n as u64, &format!("choice/{noise:?}/{effect}"));
    let tests: [Test; 3] = [pairwise, welch, moderated];
    let mut found = [Found::default(); 3];
    for _ in 0..TRIALS {
        let family = family(n, noise, effect, &mut stream);
        for (found, test) in found.iter_mut().zip(tests) {
            let findings: Vec<bool> = holm(&test(&family)).into_iter().map(is_found).collect();
            let is_true = |at: usize| effect != 0.0 && at.is_multiple_of(3);
            let false_alarm = (0..family.len()).any(|at| findings[at] && !is_true(at));
            let hits = (0..family.len()).filter(|at| findings[*at] && is_true(*at)).count();
            let truths = (0..family.len()).filter(|at| is_true(*at)).count().max(1);
            found.false_alarms += f64::from(u8::from(false_alarm)) / TRIALS as f64;
            found.power += hits as f64 / truths as f64 / TRIALS as f64;
        }
    }
    found
}

fn is_found(p: Option<f64>) -> bool {
    p.is_some_and(|p| p < 0.05)
}

fn family(n: usize, noise: Noise, effect: f64, stream: &mut Stream) -> Vec<Sample> {
    let mut family = Vec::new();
    for (split, run) in DATASETS {
        let splits: Vec<f64> = (0..n).map(|_| split * stream.normal()).collect();
        let mut on_splits = |spread: f64, shift: f64| -> Vec<f64> {
            splits.iter().map(|split| split + spread * noise.draw(stream) + shift).collect()
        };
        let joint = on_splits(run, 0.0);
        for (at, spread) in SPREADS.into_iter().enumerate() {
            let shift = if at.is_multiple_of(3) { effect * run } else { 0.0 };
            family.push((on_splits(spread * run, shift), joint.clone()));
        }
    }
    family
}

fn differences((treated, joint): &Sample) -> Vec<f64> {
    treated.iter().zip(joint).map(|(a, b)| a - b).collect()
}

fn pairwise(family: &[Sample]) -> Vec<Option<f64>> {
    family.iter().map(|sample| paired(&differences(sample))?.p).collect()
}

/// Welch's test, which knows nothing of the splits (1947, *Biometrika* 34).
fn welch(family: &[Sample]) -> Vec<Option<f64>> {
    let one = |(a, b): &Sample| {
        let (n, m) = (a.len() as f64, b.len() as f64);
        let (u, v) = (sd(a)?.powi(2) / n, sd(b)?.powi(2) / m);
        let freedom = (u + v).powi(2) / (u * u / (n - 1.0) + v * v / (m - 1.0));
        Some(student::two_sided_p((mean(a)? - mean(b)?) / (u + v).sqrt(), freedom))
    };
    family.iter().map(one).collect()
}

/// The moderated t test: variances of differences are drawn towards that of the family (Smyth 2004,
/// *Statistical Applications in Genetics and Molecular Biology* 3).
fn moderated(family: &[Sample]) -> Vec<Option<f64>> {
    let differences: Vec<Vec<f64>> = family.iter().map(differences).collect();
    let n = differences[0].len() as f64;
    let freedom = n - 1.0;
    let variances: Vec<f64> =
        differences.iter().map(|of| sd(of).unwrap_or_default().powi(2)).collect();
    let logs: Vec<f64> = variances
        .iter()
        .map(|variance| libm::log(*variance) - digamma(freedom / 2.0) + libm::log(freedom / 2.0))
        .collect();
    let centre = mean(&logs).unwrap_or_default();
    let excess = sd(&logs).unwrap_or_default().powi(2) - trigamma(freedom / 2.0);
    // Without excess spread all variances are taken for one.
    let half = if 0.0 < excess { inverse_trigamma(excess) } else { 1e6 };
    let prior = libm::exp(centre + digamma(half) - libm::log(half));
    let one = |(of, variance): (&Vec<f64>, &f64)| {
        let variance = (2.0 * half * prior + freedom * variance) / (2.0 * half + freedom);
        Some(student::two_sided_p(mean(of)? / (variance / n).sqrt(), 2.0 * half + freedom))
    };
    differences.iter().zip(&variances).map(one).collect()
}

fn trigamma(x: f64) -> f64 {
    let mut x = x;
    let mut sum = 0.0;
    while x < 8.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    sum + 1.0 / x + y / 2.0 + y / x * (1.0 / 6.0 - y * (1.0 / 30.0 - y / 42.0))
}

fn inverse_trigamma(value: f64) -> f64 {
    let (mut low, mut high) = (1e-3, 1e6);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if trigamma(middle) < value { high = middle } else { low = middle }
    }
    low
}

/// Three standard errors of a share of 5 % in so many families.
const SLACK: f64 = 0.015;

#[test]
fn the_paired_test_keeps_the_level_of_the_family_where_nothing_differs() {
    for n in [5, 10, 20] {
        for noise in [Noise::Normal, Noise::Heavy] {
            let [paired, welch, moderated] = simulate(n, noise, 0.0);
            assert!(paired.false_alarms < 0.05 + SLACK, "{n} {noise:?} {paired:?}");
            assert!(moderated.false_alarms < 0.05 + SLACK, "{n} {noise:?} {moderated:?}");
            // Welch's is far from the level: it takes the spread of splits for noise.
            assert!(welch.false_alarms < 0.03, "{n} {noise:?} {welch:?}");
        }
    }
}

#[test]
fn skewed_noise_of_unequal_spread_breaks_every_such_test() {
    let [paired, _, moderated] = simulate(10, Noise::Skewed, 0.0);
    assert!(0.05 < paired.false_alarms && 0.05 < moderated.false_alarms);
}

#[test]
fn the_paired_test_finds_more_than_welchs_and_more_with_more_replicates() {
    let power = [5, 10, 20].map(|n| simulate(n, Noise::Normal, 2.0));
    for [paired, welch, _] in power {
        assert!(welch.power < paired.power, "{paired:?} {welch:?}");
    }
    assert!(power[0][0].power < 0.2 && 0.4 < power[1][0].power && 0.8 < power[2][0].power);
}
