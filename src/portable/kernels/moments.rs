//! Sums over the values of a tensor.

use crate::tile::Float;
use crate::wide::wide;

/// The partial sums of a sum: the value at a place goes into the one of the place modulo so many.
/// They are in double precision, and are added in order.
const LANES: usize = 16;

/// The sum of squares.
pub fn sum_of_squares<T: Float>(x: &[T]) -> f64 {
    let mut sums = [0.0; LANES];
    squares_about(&mut sums, x, 0.0);
    sums.iter().sum()
}

/// The unbiased standard deviation; 0 of fewer than two values.
pub fn deviation<T: Float>(x: &[T]) -> f64 {
    if x.len() < 2 {
        return 0.0;
    }
    let mut sums = [0.0; LANES];
    add(&mut sums, x);
    let mean = sums.iter().sum::<f64>() / x.len() as f64;
    let mut sums = [0.0; LANES];
    squares_about(&mut sums, x, mean);
    (sums.iter().sum::<f64>() / (x.len() - 1) as f64).sqrt()
}

wide! {
    fn add<T: Float>(sums: &mut [f64; LANES], x: &[T]) {
        // A copy stays in registers.
        let mut lanes = *sums;
        let (chunks, rest) = x.as_chunks::<LANES>();
        for x in chunks {
            for lane in 0..LANES {
                lanes[lane] += x[lane].as_f64();
            }
        }
        lanes.iter_mut().zip(rest).for_each(|(sum, x)| *sum += x.as_f64());
        *sums = lanes;
    }

    fn squares_about<T: Float>(sums: &mut [f64; LANES], x: &[T], center: f64) {
        let mut lanes = *sums;
        let (chunks, rest) = x.as_chunks::<LANES>();
        for x in chunks {
            for lane in 0..LANES {
                let distance = x[lane].as_f64() - center;
                lanes[lane] += distance * distance;
            }
        }
        for (sum, x) in lanes.iter_mut().zip(rest) {
            let distance = x.as_f64() - center;
            *sum += distance * distance;
        }
        *sums = lanes;
    }
}
