//! The items of the test split one by one, as a run's stored logits predict them: what analyses by
//! class, of calibration and of pairs of runs are computed from.

/// The bins of equal width by which calibration is judged (Guo et al. 2017).
pub const BINS: usize = 15;

/// What a run predicts for the items of its test split, at the selected epoch. Of a task with a class
/// for each segment, an item is a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Items {
    pub classes: usize,
    /// The number of items by true and predicted class, `[true][predicted]`.
    pub confusion: Vec<u32>,
    /// Whether each item is predicted rightly, in the order of the split.
    pub right: Vec<bool>,
    pub bins: [Bin; BINS],
    /// The mean squared distance of the probabilities from the truth, over classes (Brier 1950).
    pub brier: f64,
}

/// The items whose confidence, the probability of the predicted class, is in one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    pub n: u32,
    pub right: u32,
    /// The sum of their confidences.
    pub confidence: f64,
}

impl Items {
    /// Of logits `[item, class]` and the true classes; `None` where they do not fit each other.
    pub fn new(logits: &[f64], labels: &[f64], classes: usize) -> Option<Self> {
        let fits = 0 < classes && !labels.is_empty() && logits.len() == labels.len() * classes;
        let known = |label: &f64| 0.0 <= *label && *label < classes as f64;
        if !fits || !labels.iter().all(known) || !logits.iter().all(|x| x.is_finite()) {
            return None;
        }
        let mut items = Self {
            classes,
            confusion: vec![0; classes * classes],
            right: Vec::with_capacity(labels.len()),
            bins: [Bin::default(); BINS],
            brier: 0.0,
        };
        for (logits, label) in logits.chunks_exact(classes).zip(labels) {
            items.add(logits, *label as usize);
        }
        items.brier /= labels.len() as f64;
        Some(items)
    }

    fn add(&mut self, logits: &[f64], label: usize) {
        let (mut predicted, mut most) = (0, logits[0]);
        for (class, x) in logits.iter().enumerate().skip(1) {
            if most < *x {
                (predicted, most) = (class, *x);
            }
        }
        let powers: Vec<f64> = logits.iter().map(|x| libm::exp(x - most)).collect();
        let sum: f64 = powers.iter().sum();
        let confidence = 1.0 / sum;
        for (class, power) in powers.iter().enumerate() {
            let truth = if class == label { 1.0 } else { 0.0 };
            let distance = power / sum - truth;
            self.brier += distance * distance;
        }
        let right = predicted == label;
        self.confusion[label * self.classes + predicted] += 1;
        self.right.push(right);
        let bin = ((confidence * BINS as f64) as usize).min(BINS - 1);
        let Bin { n, right: of_bin, confidence: sum } = &mut self.bins[bin];
        *n += 1;
        *of_bin += u32::from(right);
        *sum += confidence;
    }

    /// The expected calibration error: the mean over items of how far the accuracy of a bin is from
    /// its mean confidence (Naeini et al. 2015).
    pub fn calibration_error(&self) -> f64 {
        let gap = |bin: &Bin| (f64::from(bin.right) - bin.confidence).abs();
        self.bins.iter().map(gap).sum::<f64>() / self.right.len() as f64
    }

    /// The mean confidence.
    pub fn confidence(&self) -> f64 {
        self.bins.iter().map(|bin| bin.confidence).sum::<f64>() / self.right.len() as f64
    }

    /// The share of a class's items that are predicted as another, or the same; `None` of a class
    /// without an item.
    pub fn rate(&self, class: usize, predicted: usize) -> Option<f64> {
        let row = self.confusion.get(class * self.classes..(class + 1) * self.classes)?;
        let n: u32 = row.iter().sum();
        (0 < n).then(|| f64::from(row[predicted]) / f64::from(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_counted_by_class_and_confidence() {
        // Probabilities 3/4 and 1/4, right twice and wrong once, and a tie for the first.
        let x = libm::log(3.0);
        let logits = [x, 0.0, 0.0, x, x, 0.0, 0.0, 0.0];
        let items = Items::new(&logits, &[0.0, 1.0, 1.0, 0.0], 2).unwrap();
        assert_eq!(items.confusion, [2, 0, 1, 1]);
        assert_eq!(items.right, [true, true, false, true]);
        assert_eq!([items.rate(1, 0), items.rate(0, 0)], [Some(0.5), Some(1.0)]);
        assert!((items.confidence() - 2.75 / 4.0).abs() < 1e-12);
        // The bin of 3/4: two of three right; that of 1/2: one of one.
        assert!((items.calibration_error() - (0.25 + 0.5) / 4.0).abs() < 1e-12);
        assert!((items.brier - (0.125 + 0.125 + 1.125 + 0.5) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn what_does_not_fit_is_nothing() {
        for (logits, labels, classes) in [
            (vec![0.0; 4], vec![2.0, 0.0], 2),
            (vec![0.0; 3], vec![0.0, 0.0], 2),
            (vec![f64::NAN; 2], vec![0.0], 2),
            (vec![], vec![], 2),
        ] {
            assert_eq!(Items::new(&logits, &labels, classes), None);
        }
    }
}
