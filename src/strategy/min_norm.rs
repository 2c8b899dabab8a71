//! The shortest vector between two gradients.

/// Weights of two vectors, from their inner products `aa`, `ab` and `bb`: those of the shortest
/// vector on the line between them (Multiple-gradient descent, Désidéri 2012, Theorem 2; Sener and
/// Koltun 2018, Algorithm 1, as MMPareto_ICML2024 `code/min_norm_solvers.py` lines 11-36 has it).
pub fn weights(aa: f64, ab: f64, bb: f64) -> [f64; 2] {
    /// What the published solver keeps of a vector that is itself the shortest.
    const LEAST: f64 = 0.001;
    let first = if aa <= ab {
        1.0 - LEAST
    } else if bb <= ab {
        LEAST
    } else {
        (bb - ab) / (aa + bb - 2.0 * ab)
    };
    [first, 1.0 - first]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_other_weights_give_a_shorter_vector(
            a in prop::array::uniform3(-1.0..1.0f64),
            b in prop::array::uniform3(-1.0..1.0f64),
            other in 0.001..0.999f64,
        ) {
            let dot = |x: &[f64; 3], y: &[f64; 3]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
            let (aa, ab, bb) = (dot(&a, &a), dot(&a, &b), dot(&b, &b));
            let square = |w: f64| w * w * aa + 2.0 * w * (1.0 - w) * ab + (1.0 - w) * (1.0 - w) * bb;
            let [first, second] = weights(aa, ab, bb);
            prop_assert!((first + second - 1.0).abs() < 1e-15);
            prop_assert!(square(first) <= square(other) + 1e-12);
        }
    }
}
