//! Discrepancy ratios, gradient coefficients and drop probabilities: pure functions on f64.
//! Coefficients come a second time, as the same arithmetic on a device, for which no host waits.
//!
//! Symbols are those of the papers: score sums s, ratio rho, coefficient k, drop probability q.
//! `tanh` comes from `libm`, so that every platform agrees.

use super::Scores;
use crate::device;
use burn::tensor::{DType, Tensor, TensorData};

/// How the coefficient k follows from rho.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// k = 1 - tanh(alpha rho) where rho > 1, else 1 (conference paper, Eq. 10).
    CvprEq10,
    /// k = 1 - alpha tanh(rho - 1) where rho > 1, else 1, kept in [0, 1] (journal paper, Eq. 11).
    JournalEq11,
    /// [`Rule::CvprEq10`] as published: on an exact tie of two modalities the first counts as
    /// dominant (OGM-GE_CVPR2022 `main.py` lines 119-124, an `else` without a test).
    CvprCode,
}

impl Rule {
    pub const NAMES: &'static [&'static str] = &["cvpr-eq10", "journal-eq11", "cvpr-code"];

    /// The rule of a declared name.
    pub fn of(name: &str) -> Self {
        match name {
            "cvpr-eq10" => Rule::CvprEq10,
            "journal-eq11" => Rule::JournalEq11,
            "cvpr-code" => Rule::CvprCode,
            other => unreachable!("`{other}` is not among the declared rules"),
        }
    }
}

/// The smallest positive number in f32, in which score sums are taken: 2^-149. A sum of 0 has
/// underflowed, and counts as this.
///
/// The published code divides by the 0: k is then 0 at an infinite rho, and no number where both
/// sums are 0 (OGM-GE_CVPR2022 `main.py` lines 108-124). Here every rho is a finite number, at most
/// 2^149 times the batch size; two sums of 0 are a tie; and no other sum is changed.
pub const LEAST_SUM: f64 = 1.0 / (1_u128 << 75) as f64 / (1_u128 << 74) as f64;

/// rho of every modality: the mean over the others of the ratio of score sums (journal paper,
/// Eq. 7; for two modalities Eq. 9 of the conference paper), none taken for less than
/// [`LEAST_SUM`]. A lone modality has rho 1. A sum that is no number stays one that is seen.
pub fn ratios(scores: &[f64]) -> Vec<f64> {
    if scores.len() < 2 {
        return vec![1.0; scores.len()];
    }
    let at_least = |sum: &f64| if *sum < LEAST_SUM { LEAST_SUM } else { *sum };
    let scores: Vec<f64> = scores.iter().map(at_least).collect();
    let others = (scores.len() - 1) as f64;
    (0..scores.len())
        .map(|m| {
            let sum: f64 =
                (0..scores.len()).filter(|j| *j != m).map(|j| scores[m] / scores[j]).sum();
            sum / others
        })
        .collect()
}

/// The coefficient k of every modality.
pub fn coefficients(rule: Rule, alpha: f64, rho: &[f64]) -> Vec<f64> {
    let tie = rule == Rule::CvprCode && rho.len() == 2 && rho[0] == rho[1];
    rho.iter()
        .enumerate()
        .map(|(m, rho)| match rule {
            _ if *rho <= 1.0 && !(tie && m == 0) => 1.0,
            Rule::CvprEq10 | Rule::CvprCode => 1.0 - libm::tanh(alpha * rho),
            Rule::JournalEq11 => (1.0 - alpha * libm::tanh(rho - 1.0)).clamp(0.0, 1.0),
        })
        .collect()
}

/// [`coefficients`] of a step's scores, `[modality]` on their device, in its widest float type. They
/// are computed there where the host would have to wait and the device has f64.
pub fn coefficients_of(rule: Rule, alpha: f64, scores: &Scores) -> Tensor<1> {
    let sums = scores.tensor();
    let widest = device::widest(&sums.device());
    if !device::portable::holds(&sums) && widest == DType::F64 {
        return coefficients_on_device(rule, alpha, sums);
    }
    let k = coefficients(rule, alpha, &ratios(scores.read()));
    let n = k.len();
    Tensor::from_data(TensorData::new(k, [n]), (&sums.device(), widest))
}

/// [`coefficients`] of score sums `[modality]`, in f64 on their device.
fn coefficients_on_device(rule: Rule, alpha: f64, scores: Tensor<1>) -> Tensor<1> {
    let n = scores.dims()[0];
    let rho = ratios_on_device(scores.cast(DType::F64));
    let held_back = match rule {
        Rule::CvprEq10 | Rule::CvprCode => {
            rho.clone().mul_scalar(alpha).tanh().neg().add_scalar(1.0)
        }
        Rule::JournalEq11 => {
            let tanh = rho.clone().sub_scalar(1.0).tanh();
            tanh.mul_scalar(alpha).neg().add_scalar(1.0).clamp(0.0, 1.0)
        }
    };
    let of = |m: usize, x: &Tensor<1>| x.clone().slice(m..m + 1);
    let each = (0..n).map(|m| {
        let rho = of(m, &rho);
        // A ratio of two is 1 on a tie and nowhere else.
        let keeps = match rule {
            Rule::CvprCode if m == 0 && n == 2 => rho.lower_elem(1.0),
            _ => rho.lower_equal_elem(1.0),
        };
        of(m, &held_back).mask_fill(keeps, 1.0)
    });
    Tensor::cat(each.collect(), 0)
}

/// [`ratios`] of score sums in f64, on their device.
fn ratios_on_device(scores: Tensor<1>) -> Tensor<1> {
    let n = scores.dims()[0];
    if n < 2 {
        return scores.ones_like();
    }
    let underflowed = scores.clone().lower_elem(LEAST_SUM);
    let scores = scores.mask_fill(underflowed, LEAST_SUM);
    let of = |m: usize| scores.clone().slice(m..m + 1);
    let sums = (0..n).map(|m| {
        let ratios = (0..n).filter(|j| *j != m).map(|j| of(m) / of(j));
        ratios.reduce(|sum, ratio| sum + ratio).expect("there is another modality")
    });
    Tensor::cat(sums.collect(), 0).div_scalar((n - 1) as f64)
}

/// The drop probability q of every modality: q_base (1 + lambda tanh(rho - 1)) where rho > 1,
/// else 0, kept in [0, 1] (journal paper, Eq. 8).
pub fn drop_probabilities(q_base: f64, lambda: f64, rho: &[f64]) -> Vec<f64> {
    rho.iter()
        .map(|rho| {
            if *rho > 1.0 {
                (q_base * (1.0 + lambda * libm::tanh(rho - 1.0))).clamp(0.0, 1.0)
            } else {
                0.0
            }
        })
        .collect()
}

/// theta: the share of feature values that is dropped on average, weighted by feature size
/// (BML_TPAMI2024 `code/models/Classifier.py` lines 24-72).
pub fn dropped_share(sizes: &[usize], q: &[f64]) -> f64 {
    let total: usize = sizes.iter().sum();
    sizes.iter().zip(q).map(|(size, q)| *size as f64 * q).sum::<f64>() / total as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: [Rule; 3] = [Rule::CvprEq10, Rule::JournalEq11, Rule::CvprCode];

    #[test]
    fn a_tie_modulates_the_first_modality_only_in_the_published_code() {
        let k = |rule| coefficients(rule, 0.8, &ratios(&[2.0, 2.0]));
        assert_eq!(k(Rule::CvprEq10), [1.0, 1.0]);
        assert_eq!(k(Rule::JournalEq11), [1.0, 1.0]);
        assert_eq!(k(Rule::CvprCode), [1.0 - libm::tanh(0.8), 1.0]);
    }

    #[test]
    fn eq10_jumps_at_one_and_eq11_does_not() {
        let just_above = [1.0 + 1e-9, 1.0 / (1.0 + 1e-9)];
        assert!(coefficients(Rule::CvprEq10, 0.8, &just_above)[0] < 0.34);
        assert!(coefficients(Rule::JournalEq11, 0.8, &just_above)[0] > 0.999);
    }

    /// The bits of k as the host and as the CPU device compute it from the same sums in f32.
    fn both(rule: Rule, alpha: f64, scores: &[f32]) -> [Vec<u64>; 2] {
        let exact: Vec<f64> = scores.iter().map(|x| f64::from(*x)).collect();
        let host = coefficients(rule, alpha, &ratios(&exact));
        let device = crate::device::open("cpu").unwrap().device;
        let scores = Tensor::from_data(scores, (&device, DType::F32));
        let there = coefficients_on_device(rule, alpha, scores).into_data().iter::<f64>().collect();
        [host, there].map(|k: Vec<f64>| k.into_iter().map(f64::to_bits).collect())
    }

    #[test]
    fn host_and_device_agree_on_a_tie() {
        for rule in RULES {
            let [host, device] = both(rule, 0.8, &[2.0, 2.0]);
            assert_eq!(host, device, "{rule:?}");
        }
    }

    #[test]
    fn a_sum_of_zero_counts_as_the_smallest_number_of_its_type() {
        assert_eq!(LEAST_SUM, f64::from(f32::from_bits(1)));
        assert_eq!(ratios(&[0.0, 0.0]), [1.0, 1.0]);
        assert_eq!(ratios(&[0.0, 0.0, 0.0]), [1.0; 3]);
        let rho = ratios(&[64.0, 0.0]);
        assert_eq!(rho[0], 64.0 / LEAST_SUM);
        assert_eq!(coefficients(Rule::CvprEq10, 0.8, &rho), [0.0, 1.0]);
        assert_eq!(coefficients(Rule::JournalEq11, 0.8, &rho), [1.0 - 0.8, 1.0]);
        // The strength 0 modulates nothing, however dominant a modality is.
        assert_eq!(coefficients(Rule::CvprEq10, 0.0, &rho), [1.0, 1.0]);
        assert_eq!(drop_probabilities(0.4, 0.5, &rho), [0.4 * 1.5, 0.0]);
        assert!(ratios(&[f64::NAN, 1.0]).iter().all(|rho| rho.is_nan()));
    }

    /// Any sum that a batch of up to 65,536 examples may have in f32.
    fn any_sum() -> impl Strategy<Value = f32> {
        prop_oneof![
            Just(0.0),
            Just(f32::from_bits(1)),
            Just(f32::MIN_POSITIVE),
            Just(65_536.0),
            (0..65_536.0_f32.to_bits()).prop_map(f32::from_bits),
        ]
    }

    proptest! {
        #[test]
        fn every_sum_gives_finite_numbers_on_host_and_device_alike(
            scores in prop::collection::vec(any_sum(), 1..6),
            alpha in prop_oneof![Just(0.0), Just(f64::MAX), 0.0f64..3.0],
            lambda in prop_oneof![Just(f64::MAX), 0.0f64..3.0],
        ) {
            let exact: Vec<f64> = scores.iter().map(|x| f64::from(*x)).collect();
            let rho = ratios(&exact);
            prop_assert!(rho.iter().all(|rho| rho.is_finite() && 0.0 < *rho), "{rho:?}");
            for rule in RULES {
                let [host, device] = both(rule, alpha, &scores);
                let k = || host.iter().map(|bits| f64::from_bits(*bits));
                prop_assert!(k().all(|k| (0.0..=1.0).contains(&k)), "{:?}", k().collect::<Vec<_>>());
                prop_assert_eq!(&host, &device, "{:?} {:?}", rule, rho);
            }
            let q = drop_probabilities(0.5, lambda, &rho);
            prop_assert!(q.iter().all(|q| (0.0..=1.0).contains(q)), "{q:?}");
        }

        #[test]
        fn ordinary_ratios_keep_their_bits(a in 1e-44f32..50.0, b in 1e-44f32..50.0) {
            let [a, b] = [f64::from(a), f64::from(b)];
            prop_assert_eq!(ratios(&[a, b]), [a / b, b / a]);
        }

        #[test]
        fn host_and_device_agree_to_the_bit(
            scores in prop::collection::vec(0.01f32..50.0, 1..7), alpha in 0.0f64..3.0,
        ) {
            for rule in RULES {
                let [host, device] = both(rule, alpha, &scores);
                prop_assert_eq!(host, device);
            }
        }

        #[test]
        fn only_dominant_modalities_are_held_back(
            scores in prop::collection::vec(0.01f64..50.0, 1..5), alpha in 0.0f64..3.0,
            q_base in 0.0f64..1.0, lambda in 0.0f64..1.0,
        ) {
            let rho = ratios(&scores);
            prop_assert_eq!(rho.len(), scores.len());
            for rule in RULES {
                for (k, rho) in coefficients(rule, alpha, &rho).iter().zip(&rho) {
                    prop_assert!((0.0..=1.0).contains(k));
                    prop_assert!(*rho > 1.0 || *k == 1.0 || rule == Rule::CvprCode);
                }
            }
            let q = drop_probabilities(q_base, lambda, &rho);
            prop_assert!(q.iter().zip(&rho).all(|(q, rho)| *rho > 1.0 || *q == 0.0));
            let theta = dropped_share(&vec![8; q.len()], &q);
            prop_assert!((0.0..=1.0).contains(&theta));
        }

        #[test]
        fn two_ratios_are_each_other_s_inverse(a in 0.01f64..50.0, b in 0.01f64..50.0) {
            let rho = ratios(&[a, b]);
            prop_assert!((rho[0] * rho[1] - 1.0).abs() < 1e-12);
        }
    }
}
