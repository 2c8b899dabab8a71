//! Preprocessing that data sets share. Sums are in `f64` and in a fixed order; values are `f32`.

use super::Shape;
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Shows the values of rows in order to the function that it is given.
pub(super) type Scan<'a> = dyn Fn(&mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()> + 'a;

/// What standardises one modality to mean 0 and variance 1 over the training split.
///
/// A vector has statistics for every feature; an image or a sequence for every channel. The
/// variance divides by n. A feature that is constant in training is only centred.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scaling {
    /// By group of values.
    mean: Vec<f64>,
    scale: Vec<f64>,
    /// Values of a row that follow each other and are of one group.
    run: usize,
}

impl Scaling {
    /// The statistics of `n` rows of the given shape, which `scan` shows in order, some whole rows at
    /// a time, as often as it is asked.
    ///
    /// # Errors
    /// Those of `scan`.
    pub(super) fn of(shape: Shape, n: usize, scan: &Scan<'_>) -> Result<Self> {
        let (n_groups, run) = groups(shape);
        let n_per_group = (n * run) as f64;
        let mean_by_group = |value: &dyn Fn(usize, f64) -> f64| -> Result<Vec<f64>> {
            let mut sums = vec![0.0; n_groups];
            scan(&mut |values| {
                for (position, &x) in values.iter().enumerate() {
                    let group = position / run % n_groups;
                    sums[group] += value(group, f64::from(x));
                }
                Ok(())
            })?;
            Ok(sums.iter().map(|sum| sum / n_per_group).collect())
        };
        let mean = mean_by_group(&|_, x| x)?;
        let variance = mean_by_group(&|g, x| (x - mean[g]) * (x - mean[g]))?;
        let scale = variance
            .iter()
            .zip(&mean)
            // The mean of equal values is rounded, so their deviation need not be exactly zero.
            .map(|(variance, mean)| match libm::sqrt(*variance) {
                deviation if deviation <= 1e-9 * mean.abs() => 1.0,
                deviation => 1.0 / deviation,
            })
            .collect();
        Ok(Self { mean, scale, run })
    }

    /// Whether these are statistics of rows of the given shape.
    pub(super) fn fits(&self, shape: Shape) -> bool {
        (self.mean.len(), self.run) == groups(shape) && self.scale.len() == self.mean.len()
    }

    /// Standardises the values of whole rows.
    pub(super) fn apply(&self, rows: &mut [f32]) {
        for (position, x) in rows.iter_mut().enumerate() {
            let group = position / self.run % self.mean.len();
            *x = ((f64::from(*x) - self.mean[group]) * self.scale[group]) as f32;
        }
    }
}

/// The number of groups of values that share their statistics, and how many values of a group follow
/// each other.
fn groups(shape: Shape) -> (usize, usize) {
    match shape {
        Shape::Vector { size } => (size, 1),
        Shape::Image { channels, height, width } => (channels, height * width),
        Shape::Sequence { channels, length } => (channels, length),
        Shape::Clip { channels, frames, height, width } => (channels, frames * height * width),
    }
}

/// Averages a square image of bytes over blocks of `pool` x `pool` pixels, scaled to 0..1.
/// `side` must be a multiple of `pool`.
pub(super) fn pool(image: &[u8], side: usize, pool: usize) -> impl Iterator<Item = f32> {
    let pooled = side / pool;
    let scale = 255.0 * (pool * pool) as f32;
    (0..pooled * pooled).map(move |at| {
        let (row, column) = (at / pooled * pool, at % pooled * pool);
        let block = (row..row + pool).flat_map(|r| &image[r * side + column..][..pool]);
        block.map(|&pixel| f32::from(pixel)).sum::<f32>() / scale
    })
}

/// Stretches a sequence to `length` steps by linear interpolation in time; the first and the last
/// step stay. `frames` is time first and not empty, the result channel first.
pub(super) fn resample(frames: &[f64], n_channels: usize, length: usize) -> Vec<f32> {
    let last = (frames.len() / n_channels).saturating_sub(1);
    let at = |step: usize, channel: usize| frames[step * n_channels + channel];
    let mut out = Vec::with_capacity(n_channels * length);
    for channel in 0..n_channels {
        for step in 0..length {
            let time = (step * last) as f64 / (length - 1).max(1) as f64;
            let before = time as usize;
            let (a, b) = (at(before, channel), at((before + 1).min(last), channel));
            out.push((a + (b - a) * (time - before as f64)) as f32);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standardised(shape: Shape, train: &[f32], values: &[f32]) -> Vec<f32> {
        // Row by row: where the parts end plays no part.
        let scan: &Scan<'_> = &|visit| train.chunks(shape.size()).try_for_each(visit);
        let mut values = values.to_vec();
        Scaling::of(shape, train.len() / shape.size(), scan).unwrap().apply(&mut values);
        values
    }

    #[test]
    fn only_training_statistics_are_used() {
        let shape = Shape::Vector { size: 2 };
        let train = [1.0, 5.0, 3.0, 5.0];
        assert_eq!(standardised(shape, &train, &train), [-1.0, 0.0, 1.0, 0.0]);
        assert_eq!(standardised(shape, &train, &[5.0, 6.0]), [3.0, 1.0]);
    }

    #[test]
    fn a_channel_shares_its_statistics() {
        let train = [0.0, 2.0, 10.0, 30.0];
        let shape = Shape::Sequence { channels: 2, length: 2 };
        assert_eq!(standardised(shape, &train, &train), [-1.0, 1.0, -1.0, 1.0]);
    }

    #[test]
    fn equal_values_that_sum_inexactly_are_not_blown_up() {
        let values = standardised(Shape::Vector { size: 1 }, &[0.1; 7], &[0.1; 7]);
        assert!(values.iter().all(|x| x.abs() < 1e-6));
    }

    #[test]
    fn pooling_averages_blocks() {
        let image = [0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 51, 0, 0, 0, 0];
        let pooled: Vec<f32> = pool(&image, 4, 2).collect();
        assert_eq!(pooled, [0.5, 0.0, 0.0, 0.05]);
        assert_eq!(pool(&image, 4, 1).nth(11), Some(0.2));
    }

    #[test]
    fn resampling_keeps_the_ends_and_interpolates_between() {
        let frames = [0.0, 9.0, 4.0, 7.0];
        assert_eq!(resample(&frames, 2, 3), [0.0, 2.0, 4.0, 9.0, 8.0, 7.0]);
        assert_eq!(resample(&frames[..2], 2, 3), [0.0, 0.0, 0.0, 9.0, 9.0, 9.0]);
        let line: Vec<f64> = (0..92).map(f64::from).collect();
        assert_eq!(resample(&line, 1, 20)[19], 91.0);
    }
}
