//! Transposition of small blocks, in registers where the processor can.

use crate::tile::Float;
use std::any::TypeId;

/// Writes `lines` lines of `len` values, `stride` apart, side by side: value `k` of line `i` to
/// `into[k * pitch + i]`.
pub(crate) fn transpose<T: Float>(
    values: &[T],
    stride: usize,
    lines: usize,
    len: usize,
    into: &mut [T],
    pitch: usize,
) {
    if len == 0 || lines == 0 {
        return;
    }
    let mut whole = [0, 0];
    #[cfg(target_arch = "x86_64")]
    if TypeId::of::<T>() == TypeId::of::<f32>() && is_x86_feature_detected!("avx") {
        whole = [lines / 8 * 8, len / 8 * 8];
        for line in (0..whole[0]).step_by(8) {
            for k in (0..whole[1]).step_by(8) {
                let from = &values[line * stride + k..][..7 * stride + 8];
                let to = &mut into[k * pitch + line..][..7 * pitch + 8];
                let (from, to) = (bytemuck::cast_slice(from), bytemuck::cast_slice_mut(to));
                // Safety: the processor has AVX, and the slices hold eight lines each.
                unsafe { x86::transpose(from, stride, to, pitch) }
            }
        }
    }
    for line in 0..lines {
        // What the blocks have left.
        let from = if line < whole[0] { whole[1] } else { 0 };
        if from == len {
            continue;
        }
        let values = &values[line * stride + from..line * stride + len];
        let into = into[from * pitch + line..].iter_mut().step_by(pitch);
        into.zip(values).for_each(|(into, value)| *into = *value);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    /// Transposes eight lines of eight values.
    ///
    /// # Safety
    /// Both slices must have seven times their stride and eight more values.
    #[target_feature(enable = "avx")]
    pub(super) unsafe fn transpose(from: &[f32], stride: usize, to: &mut [f32], pitch: usize) {
        let mut x = [_mm256_setzero_ps(); 8];
        for (i, x) in x.iter_mut().enumerate() {
            // Safety: promised by the caller.
            *x = unsafe { _mm256_loadu_ps(from.as_ptr().add(i * stride)) };
        }
        // Pairs of single values, then of pairs, then of halves.
        let mut y = [_mm256_setzero_ps(); 8];
        for i in 0..4 {
            y[2 * i] = _mm256_unpacklo_ps(x[2 * i], x[2 * i + 1]);
            y[2 * i + 1] = _mm256_unpackhi_ps(x[2 * i], x[2 * i + 1]);
        }
        for i in 0..2 {
            let [a, b, c, d] = [y[4 * i], y[4 * i + 1], y[4 * i + 2], y[4 * i + 3]];
            x[4 * i] = _mm256_shuffle_ps::<0x44>(a, c);
            x[4 * i + 1] = _mm256_shuffle_ps::<0xee>(a, c);
            x[4 * i + 2] = _mm256_shuffle_ps::<0x44>(b, d);
            x[4 * i + 3] = _mm256_shuffle_ps::<0xee>(b, d);
        }
        for i in 0..4 {
            y[i] = _mm256_permute2f128_ps::<0x20>(x[i], x[i + 4]);
            y[i + 4] = _mm256_permute2f128_ps::<0x31>(x[i], x[i + 4]);
        }
        for (i, y) in y.into_iter().enumerate() {
            // Safety: promised by the caller.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr().add(i * pitch), y) }
        }
    }
}
