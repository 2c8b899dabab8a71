//! The innermost product: eight rows by up to 48 columns, kept in registers over a whole block of
//! the inner dimension.

use std::ops::{Add, AddAssign, Div, Mul, Sub};

/// The rows of a tile.
pub(crate) const ROWS: usize = 8;
/// The columns of a panel of the right factor.
pub(crate) const COLUMNS: usize = 48;
/// A tile takes a whole number of these.
const LANES: usize = 16;

/// A float type with tiles of its own.
pub trait Float:
    bytemuck::Pod
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + Send
    + Sync
{
    /// The nearest value.
    fn of(x: f64) -> Self;

    fn as_f64(self) -> f64;

    fn sqrt(self) -> Self;

    /// As [`plain`], for this machine.
    ///
    /// # Safety
    /// As [`plain`].
    #[doc(hidden)]
    unsafe fn tile(at: Tile<Self>);
}

/// The place of a tile: `c := [c +] sum over k of a[k][row] b[k][column]`.
#[derive(Clone, Copy)]
pub struct Tile<T> {
    pub(crate) depth: usize,
    /// `[depth][ROWS]`.
    pub(crate) a: *const T,
    /// `[depth][COLUMNS]`.
    pub(crate) b: *const T,
    /// `[ROWS][stride]`, of which so many columns are written as `vectors` tells.
    pub(crate) c: *mut T,
    pub(crate) stride: usize,
    /// Columns in units of 16: 1, 2 or 3.
    pub(crate) vectors: usize,
    /// Whether `c` is written, not added to.
    pub(crate) first: bool,
}

/// The tile that holds `columns` columns.
pub(crate) fn vectors(columns: usize) -> usize {
    columns.min(COLUMNS).div_ceil(LANES)
}

impl Float for f32 {
    #[inline(always)]
    fn of(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn as_f64(self) -> f64 {
        self.into()
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    unsafe fn tile(at: Tile<f32>) {
        // Safety: promised by the caller, and the processor has been asked.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx512f") {
                return x86::avx512(at);
            } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return x86::avx2(at);
            }
            plain(at, multiply_add_f32);
        }
    }
}

impl Float for f64 {
    #[inline(always)]
    fn of(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn as_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    unsafe fn tile(at: Tile<f64>) {
        // Safety: as above.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return x86::plain_f64(at);
            }
            plain(at, multiply_add_f64);
        }
    }
}

/// `a b + c`, fused where the target always has an instruction for it.
fn multiply_add_f32(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        a.mul_add(b, c)
    } else {
        a * b + c
    }
}

/// As [`multiply_add_f32`].
fn multiply_add_f64(a: f64, b: f64, c: f64) -> f64 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        a.mul_add(b, c)
    } else {
        a * b + c
    }
}

/// A tile without instructions of its own.
///
/// # Safety
/// What the tile names must be valid, `c` for writing.
#[inline(always)]
unsafe fn plain<T: Float>(at: Tile<T>, multiply_add: impl Fn(T, T, T) -> T) {
    for from in (0..at.vectors * LANES).step_by(LANES) {
        let mut sums = [[T::default(); LANES]; ROWS];
        for k in 0..at.depth {
            // Safety: promised by the caller.
            let (a, b) = unsafe {
                let a = at.a.add(k * ROWS).cast::<[T; ROWS]>().read();
                (a, at.b.add(k * COLUMNS + from).cast::<[T; LANES]>().read())
            };
            for (sums, a) in sums.iter_mut().zip(a) {
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = multiply_add(a, b, *sum);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            for (column, sum) in sums.iter().enumerate() {
                // Safety: promised by the caller.
                unsafe {
                    let c = at.c.add(row * at.stride + from + column);
                    if at.first {
                        *c = *sum;
                    } else {
                        *c += *sum;
                    }
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{COLUMNS, LANES, ROWS, Tile, plain};
    use std::arch::x86_64::*;

    /// # Safety
    /// As [`plain`].
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512(at: Tile<f32>) {
        // Safety: promised by the caller.
        unsafe {
            match at.vectors {
                1 => avx512_of::<1>(at),
                2 => avx512_of::<2>(at),
                _ => avx512_of::<3>(at),
            }
        }
    }

    #[target_feature(enable = "avx512f")]
    unsafe fn avx512_of<const V: usize>(at: Tile<f32>) {
        let mut sums = [[_mm512_setzero_ps(); V]; ROWS];
        let mut b = [_mm512_setzero_ps(); V];
        for k in 0..at.depth {
            // Safety: promised by the caller.
            unsafe {
                for (v, b) in b.iter_mut().enumerate() {
                    *b = _mm512_loadu_ps(at.b.add(k * COLUMNS + v * LANES));
                }
                for (row, sums) in sums.iter_mut().enumerate() {
                    let a = _mm512_set1_ps(*at.a.add(k * ROWS + row));
                    for (sum, b) in sums.iter_mut().zip(b) {
                        *sum = _mm512_fmadd_ps(a, b, *sum);
                    }
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (v, sum) in sums.into_iter().enumerate() {
                // Safety: promised by the caller.
                unsafe {
                    let c = at.c.add(row * at.stride + v * LANES);
                    let sum = if at.first { sum } else { _mm512_add_ps(_mm512_loadu_ps(c), sum) };
                    _mm512_storeu_ps(c, sum);
                }
            }
        }
    }

    /// In parts of four rows by 16 or 24 columns, which is what 16 registers hold.
    ///
    /// # Safety
    /// As [`plain`].
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2(at: Tile<f32>) {
        let part = if at.vectors == 3 { 24 } else { 16 };
        for row in (0..ROWS).step_by(4) {
            for column in (0..at.vectors * LANES).step_by(part) {
                // Safety: promised by the caller.
                unsafe {
                    let c = at.c.add(row * at.stride + column);
                    let part = Tile { a: at.a.add(row), b: at.b.add(column), c, ..at };
                    if at.vectors == 3 { avx2_of::<3>(part) } else { avx2_of::<2>(part) }
                }
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2_of<const V: usize>(at: Tile<f32>) {
        let mut sums = [[_mm256_setzero_ps(); V]; 4];
        let mut b = [_mm256_setzero_ps(); V];
        for k in 0..at.depth {
            // Safety: promised by the caller.
            unsafe {
                for (v, b) in b.iter_mut().enumerate() {
                    *b = _mm256_loadu_ps(at.b.add(k * COLUMNS + v * 8));
                }
                for (row, sums) in sums.iter_mut().enumerate() {
                    let a = _mm256_set1_ps(*at.a.add(k * ROWS + row));
                    for (sum, b) in sums.iter_mut().zip(b) {
                        *sum = _mm256_fmadd_ps(a, b, *sum);
                    }
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (v, sum) in sums.into_iter().enumerate() {
                // Safety: promised by the caller.
                unsafe {
                    let c = at.c.add(row * at.stride + v * 8);
                    let sum = if at.first { sum } else { _mm256_add_ps(_mm256_loadu_ps(c), sum) };
                    _mm256_storeu_ps(c, sum);
                }
            }
        }
    }

    /// # Safety
    /// As [`plain`].
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn plain_f64(at: Tile<f64>) {
        // Safety: promised by the caller.
        unsafe { plain(at, f64::mul_add) }
    }
}

/// Computes a tile by every kernel that this processor has. Gives their names, those first whose
/// bits are not the plain loop's with fused multiply-adds.
#[doc(hidden)]
pub fn try_kernels(vectors: usize, depth: usize) -> [Vec<&'static str>; 2] {
    let value = |i: usize| ((i * 37 % 101) as f32 - 50.0) / 64.0 + 1e-4 * i as f32;
    let a: Vec<f32> = (0..depth * ROWS).map(value).collect();
    let b: Vec<f32> = (0..depth * COLUMNS).map(|i| value(i + 7)).collect();
    let by = |kernel: unsafe fn(Tile<f32>)| {
        let mut c = vec![0.5_f32; ROWS * COLUMNS];
        for first in [true, false] {
            let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
            // Safety: the slices have the lengths of a tile.
            unsafe { kernel(Tile { depth, a, b, c, stride: COLUMNS, vectors, first }) };
        }
        c.into_iter().map(f32::to_bits).collect::<Vec<u32>>()
    };
    // Safety: promised by `by`.
    let expected = by(|at| unsafe { plain(at, f32::mul_add) });
    let mut kernels: Vec<(&str, unsafe fn(Tile<f32>))> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            kernels.push(("AVX2", |at| unsafe { x86::avx2(at) }));
        }
        if is_x86_feature_detected!("avx512f") {
            kernels.push(("AVX-512", |at| unsafe { x86::avx512(at) }));
        }
    }
    let (equal, differing): (Vec<_>, Vec<_>) =
        kernels.into_iter().partition(|(_, kernel)| by(*kernel) == expected);
    [differing, equal].map(|kernels| kernels.into_iter().map(|(name, _)| name).collect())
}
