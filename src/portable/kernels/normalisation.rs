//! Batch normalisation with the positive part that follows it, in as few passes as there can be.

use crate::positive::gated;
use crate::tile::Float;
use crate::wide::wide;
use std::ops::Range;

/// Images of which each channel is normalised: `[batch, channels, places]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalisation {
    pub batch: usize,
    pub channels: usize,
    pub places: usize,
    /// Added to the variance.
    pub epsilon: f64,
    /// Whether only the positive part is kept.
    pub positive: bool,
}

/// The mean and the biased variance of every channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics<S> {
    pub mean: S,
    pub variance: S,
}

/// The gradients of a normalisation's input, weight and bias.
pub struct Gradients<T> {
    pub input: Vec<T>,
    pub weight: Vec<T>,
    pub bias: Vec<T>,
}

/// The partial sums of a sum: the value at a place goes into the one of the place modulo so many.
const LANES: usize = 16;

impl Normalisation {
    /// Mean and variance of `x`. A sum takes image after image, into 16 partial sums by place that
    /// are added in order.
    ///
    /// # Panics
    /// When `x` has not the length of the images.
    pub fn statistics<T: Float>(&self, x: &[T]) -> Statistics<Vec<T>> {
        self.check(x);
        let n = (self.batch * self.places) as f64;
        let (mut mean, mut variance) = (Vec::new(), Vec::new());
        for channel in 0..self.channels {
            let sum = self.sum(channel, |sums, at| add(sums, &x[at]));
            let center = T::of(sum.as_f64() / n);
            let sum = self.sum(channel, |sums, at| add_squares(sums, &x[at], center));
            mean.push(center);
            variance.push(T::of(sum.as_f64() / n));
        }
        Statistics { mean, variance }
    }

    /// `(x - mean) / sqrt(variance + epsilon) weight + bias`.
    ///
    /// # Panics
    /// When a slice has not the length of the images or of their channels.
    pub fn forward<T: Float>(
        &self,
        x: &[T],
        [weight, bias]: [&[T]; 2],
        statistics: Statistics<&[T]>,
    ) -> Vec<T> {
        self.check(x);
        let lines = self.lines([weight, bias], statistics);
        let mut y = x.to_vec();
        for (i, y) in y.chunks_exact_mut(self.places).enumerate() {
            let Line { slope, offset, .. } = lines[i % self.channels];
            match self.positive {
                true => follow_positive(y, slope, offset),
                false => follow(y, slope, offset),
            }
        }
        y
    }

    /// The gradients of input, weight and bias, of that of the output, where the statistics are
    /// those of `x`.
    ///
    /// # Panics
    /// As [`Normalisation::forward`].
    pub fn backward<T: Float>(
        &self,
        gradient: &[T],
        x: &[T],
        parameters: [&[T]; 2],
        statistics: Statistics<&[T]>,
    ) -> Gradients<T> {
        self.check(x);
        self.check(gradient);
        let lines = self.lines(parameters, statistics);
        let n = (self.batch * self.places) as f64;
        let mut input = gradient.to_vec();
        let (mut of_weight, mut of_bias) = (Vec::new(), Vec::new());
        if self.positive {
            let planes = input.chunks_exact_mut(self.places).zip(x.chunks_exact(self.places));
            for (i, (gradient, x)) in planes.enumerate() {
                let Line { slope, offset, .. } = lines[i % self.channels];
                stop(gradient, x, slope, offset);
            }
        }
        for (channel, line) in lines.iter().enumerate() {
            let mean = statistics.mean[channel];
            let sum = self.sum(channel, |sums, at| add(sums, &input[at]));
            let product = self.sum(channel, |sums, at| {
                add_products(sums, &input[at.clone()], &x[at], mean);
            });
            of_weight.push(T::of(product.as_f64() * line.inverse_deviation));
            of_bias.push(sum);
            let center = T::of(sum.as_f64() / n);
            let tilt =
                T::of(product.as_f64() / n * line.inverse_deviation * line.inverse_deviation);
            for image in 0..self.batch {
                let at = self.plane(image, channel);
                tilted(&mut input[at.clone()], &x[at], center, mean, tilt, line.slope);
            }
        }
        Gradients { input, weight: of_weight, bias: of_bias }
    }

    /// What `add` sums up of the planes of a channel.
    fn sum<T: Float>(&self, channel: usize, add: impl Fn(&mut [T; LANES], Range<usize>)) -> T {
        let mut sums = [T::default(); LANES];
        (0..self.batch).for_each(|image| add(&mut sums, self.plane(image, channel)));
        sums.into_iter().fold(T::default(), |sum, lane| sum + lane)
    }

    fn plane(&self, image: usize, channel: usize) -> Range<usize> {
        let from = (image * self.channels + channel) * self.places;
        from..from + self.places
    }

    fn lines<T: Float>(&self, [weight, bias]: [&[T]; 2], of: Statistics<&[T]>) -> Vec<Line<T>> {
        let lengths = [weight.len(), bias.len(), of.mean.len(), of.variance.len()];
        assert_eq!(lengths, [self.channels; 4], "a normalisation of other channels");
        let line = |channel: usize| {
            let inverse_deviation = 1.0 / (of.variance[channel].as_f64() + self.epsilon).sqrt();
            let slope = T::of(weight[channel].as_f64() * inverse_deviation);
            let offset = bias[channel] - of.mean[channel] * slope;
            Line { slope, offset, inverse_deviation }
        };
        (0..self.channels).map(line).collect()
    }

    fn check<T>(&self, x: &[T]) {
        let n = self.batch * self.channels * self.places;
        assert_eq!(x.len(), n, "a normalisation of other images");
    }
}

/// What a channel's values go through.
struct Line<T> {
    slope: T,
    offset: T,
    inverse_deviation: f64,
}

wide! {
    fn add<T: Float>(sums: &mut [T; LANES], x: &[T]) {
        // A copy stays in registers.
        let mut lanes = *sums;
        let (chunks, rest) = x.as_chunks::<LANES>();
        for x in chunks {
            lanes.iter_mut().zip(x).for_each(|(sum, x)| *sum += *x);
        }
        lanes.iter_mut().zip(rest).for_each(|(sum, x)| *sum += *x);
        *sums = lanes;
    }

    fn add_squares<T: Float>(sums: &mut [T; LANES], x: &[T], center: T) {
        let mut lanes = *sums;
        let (chunks, rest) = x.as_chunks::<LANES>();
        for x in chunks {
            lanes.iter_mut().zip(x).for_each(|(sum, x)| *sum += (*x - center) * (*x - center));
        }
        lanes.iter_mut().zip(rest).for_each(|(sum, x)| *sum += (*x - center) * (*x - center));
        *sums = lanes;
    }

    fn add_products<T: Float>(sums: &mut [T; LANES], g: &[T], x: &[T], center: T) {
        let mut lanes = *sums;
        let (chunks, rest) = g.as_chunks::<LANES>();
        let (x_chunks, x_rest) = x.as_chunks::<LANES>();
        for (g, x) in chunks.iter().zip(x_chunks) {
            for lane in 0..LANES {
                lanes[lane] += g[lane] * (x[lane] - center);
            }
        }
        for (sum, (g, x)) in lanes.iter_mut().zip(rest.iter().zip(x_rest)) {
            *sum += *g * (*x - center);
        }
        *sums = lanes;
    }

    fn follow<T: Float>(y: &mut [T], slope: T, offset: T) {
        y.iter_mut().for_each(|y| *y = *y * slope + offset);
    }

    /// The positive part of [`follow`].
    fn follow_positive<T: Float>(y: &mut [T], slope: T, offset: T) {
        for y in y {
            let value = *y * slope + offset;
            *y = gated(value, value);
        }
    }

    /// Sets gradients to zero where [`follow_positive`] gives zero.
    fn stop<T: Float>(g: &mut [T], x: &[T], slope: T, offset: T) {
        g.iter_mut().zip(x).for_each(|(g, x)| *g = gated(*g, *x * slope + offset));
    }

    fn tilted<T: Float>(g: &mut [T], x: &[T], center: T, mean: T, tilt: T, slope: T) {
        for (g, x) in g.iter_mut().zip(x) {
            *g = (*g - center - (*x - mean) * tilt) * slope;
        }
    }
}
