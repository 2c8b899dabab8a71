//! Metrics of predicted numbers.

use super::mean;

/// Predicted numbers, all finite, and the true ones.
#[derive(Clone, Copy)]
pub struct Errors<'a> {
    predicted: &'a [f64],
    truth: &'a [f32],
}

impl<'a> Errors<'a> {
    /// `None` where a value is not finite, so that no metric makes a number of it, or the sizes do
    /// not fit.
    pub fn new(predicted: &'a [f64], truth: &'a [f32]) -> Option<Self> {
        let fits = !truth.is_empty() && predicted.len() == truth.len();
        let finite = predicted.iter().all(|x| x.is_finite()) && truth.iter().all(|x| x.is_finite());
        (fits && finite).then_some(Self { predicted, truth })
    }

    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.predicted.iter().copied().zip(self.truth.iter().map(|truth| f64::from(*truth)))
    }

    pub fn mean_squared(&self) -> f64 {
        mean(self.pairs().map(|(predicted, truth)| (predicted - truth) * (predicted - truth)))
    }

    pub fn mean_absolute(&self) -> f64 {
        mean(self.pairs().map(|(predicted, truth)| (predicted - truth).abs()))
    }

    /// Pearson's correlation; undefined where either side is constant.
    pub fn correlation(&self) -> Option<f64> {
        if is_constant(self.predicted) || is_constant(self.truth) {
            return None;
        }
        let [x, y] = [mean(self.pairs().map(|(x, _)| x)), mean(self.pairs().map(|(_, y)| y))];
        let sum = |term: fn(f64, f64) -> f64| -> f64 {
            self.pairs().map(|(a, b)| term(a - x, b - y)).sum()
        };
        let product = libm::sqrt(sum(|a, _| a * a)) * libm::sqrt(sum(|_, b| b * b));
        let correlation = sum(|a, b| a * b) / product;
        correlation.is_finite().then(|| correlation.clamp(-1.0, 1.0))
    }

    /// 1 less the squared error as a share of that of the true mean; undefined where the truth is
    /// constant.
    pub fn r_squared(&self) -> Option<f64> {
        if is_constant(self.truth) {
            return None;
        }
        let centre = mean(self.pairs().map(|(_, truth)| truth));
        let variance = mean(self.pairs().map(|(_, truth)| (truth - centre) * (truth - centre)));
        let share = 1.0 - self.mean_squared() / variance;
        share.is_finite().then_some(share)
    }

    /// Of the examples whose true value is not 0, the share whose prediction has its sign; undefined
    /// without such an example.
    pub fn sign_accuracy(&self) -> Option<f64> {
        let signed: Vec<(f64, f64)> = self.pairs().filter(|(_, truth)| *truth != 0.0).collect();
        let right = |(predicted, truth): &(f64, f64)| {
            *predicted != 0.0 && (0.0 < *predicted) == (0.0 < *truth)
        };
        let share = mean(signed.iter().map(|pair| f64::from(u8::from(right(pair)))));
        (!signed.is_empty()).then_some(share)
    }
}

/// Told by the values, not by a variance, which rounding keeps from being 0.
fn is_constant<T: PartialEq>(values: &[T]) -> bool {
    values.iter().all(|value| *value == values[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn four_examples_by_hand() {
        let predicted = [1.0, -2.0, 0.0, 3.0];
        let errors = Errors::new(&predicted, &[2.0, -1.0, 0.0, -1.0]).unwrap();
        assert_eq!((errors.mean_squared(), errors.mean_absolute()), (4.5, 1.5));
        assert_eq!(errors.sign_accuracy(), Some(2.0 / 3.0));
        assert_eq!(errors.r_squared(), Some(1.0 - 4.5 / 1.5));
        let correlation = errors.correlation().unwrap();
        assert!((correlation - 1.0 / libm::sqrt(13.0 * 6.0)).abs() < 1e-12, "{correlation}");
    }

    #[test]
    fn what_is_undefined_has_no_value() {
        let constant = Errors::new(&[0.1; 3], &[0.0, 1.0, 2.0]).unwrap();
        assert_eq!(constant.correlation(), None);
        assert!(constant.r_squared().is_some());
        let zeros = Errors::new(&[0.1, 0.2], &[0.0, 0.0]).unwrap();
        assert_eq!(
            (zeros.sign_accuracy(), zeros.r_squared(), zeros.correlation()),
            (None, None, None)
        );
        assert!(Errors::new(&[f64::NAN], &[0.0]).is_none() && Errors::new(&[], &[]).is_none());
    }

    proptest! {
        #[test]
        fn metrics_stay_in_their_range(
            pairs in prop::collection::vec((-1e3..1e3f64, -1e3..1e3f32), 2..20),
        ) {
            let (predicted, truth): (Vec<f64>, Vec<f32>) = pairs.into_iter().unzip();
            let errors = Errors::new(&predicted, &truth).unwrap();
            prop_assert!(0.0 <= errors.mean_absolute());
            let root = libm::sqrt(errors.mean_squared());
            prop_assert!(errors.mean_absolute() <= root * (1.0 + 1e-12));
            prop_assert!(errors.correlation().is_none_or(|r| (-1.0..=1.0).contains(&r)));
            prop_assert!(errors.r_squared().is_none_or(|r| r <= 1.0));
        }
    }
}
