//! Discrepancy ratios, gradient coefficients and drop probabilities: pure functions on f64.
//!
//! Symbols are those of the papers: score sums s, ratio rho, coefficient k, drop probability q.
//! `tanh` comes from `libm`, so that every platform agrees.

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

/// rho of every modality: the mean over the others of the ratio of score sums (journal paper,
/// Eq. 7; for two modalities Eq. 9 of the conference paper). A lone modality has rho 1.
pub fn ratios(scores: &[f64]) -> Vec<f64> {
    if scores.len() < 2 {
        return vec![1.0; scores.len()];
    }
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

    proptest! {
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
