//! Correction for many comparisons.

/// Holm's step-down adjusted p values, in the order given (Holm 1979, *Scandinavian Journal of
/// Statistics* 6): comparing each with alpha keeps the chance of any false finding below alpha.
///
/// A comparison that could not be tested (`None`) still counts as one of the family, so that a
/// missing run never makes the others look better.
pub fn holm(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let order = ascending(p_values);
    let mut adjusted = vec![None; p_values.len()];
    let mut floor = 0.0_f64;
    for (rank, (i, p)) in order.into_iter().enumerate() {
        floor = floor.max((p_values.len() - rank) as f64 * p).min(1.0);
        adjusted[i] = Some(floor);
    }
    adjusted
}

/// Benjamini and Hochberg's step-up adjusted p values, in the order given (1995, *Journal of the
/// Royal Statistical Society B* 57): comparing each with alpha keeps the expected share of false
/// findings among all below alpha. Untested comparisons count as in [`holm`].
pub fn benjamini_hochberg(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let order = ascending(p_values);
    let mut adjusted = vec![None; p_values.len()];
    let mut ceiling = 1.0_f64;
    for (rank, (i, p)) in order.into_iter().enumerate().rev() {
        ceiling = ceiling.min(p_values.len() as f64 * p / (rank + 1) as f64);
        adjusted[i] = Some(ceiling);
    }
    adjusted
}

/// The p values that there are with their places, smallest first.
fn ascending(p_values: &[Option<f64>]) -> Vec<(usize, f64)> {
    let mut order: Vec<(usize, f64)> =
        p_values.iter().enumerate().filter_map(|(i, p)| p.map(|p| (i, p))).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_worked_example() {
        let adjusted = holm(&[Some(0.01), Some(0.04), Some(0.03), Some(0.005)]);
        let expected = [0.03, 0.06, 0.06, 0.02];
        for (found, expected) in adjusted.into_iter().zip(expected) {
            assert!((found.unwrap() - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn a_worked_example_of_the_false_discovery_rate() {
        let adjusted = benjamini_hochberg(&[Some(0.01), Some(0.04), None, Some(0.03), Some(0.005)]);
        let expected = [Some(0.025), Some(0.05), None, Some(0.05), Some(0.025)];
        for (found, expected) in adjusted.into_iter().zip(expected) {
            assert_eq!(found.is_some(), expected.is_some());
            assert!((found.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-12);
        }
    }

    #[test]
    fn an_untested_comparison_counts_as_one_of_the_family() {
        assert_eq!(holm(&[Some(0.25), None]), [Some(0.5), None]);
        assert_eq!(holm(&[]), []);
    }

    proptest! {
        #[test]
        fn adjusting_keeps_the_order_and_only_raises(
            p_values in prop::collection::vec(prop::option::of(0f64..=1.0), 0..20)
        ) {
            let adjusted = holm(&p_values);
            for (holm, rate) in adjusted.iter().zip(benjamini_hochberg(&p_values)) {
                prop_assert!(rate <= *holm, "the rate is the weaker demand");
            }
            for (i, p) in p_values.iter().enumerate() {
                prop_assert_eq!(p.is_some(), adjusted[i].is_some());
                let (Some(p), Some(a)) = (p, adjusted[i]) else { continue };
                prop_assert!(*p <= a && a <= 1.0);
                for (j, q) in p_values.iter().enumerate() {
                    if q.is_some_and(|q| *p < q) {
                        prop_assert!(a <= adjusted[j].unwrap());
                    }
                }
            }
        }
    }
}
