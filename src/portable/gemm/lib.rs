//! Matrix multiplication whose sums are grouped alike on every machine.
//!
//! The crate `gemm`, which burn-flex calls, splits a long inner dimension into blocks and sums the
//! products of each block on its own. It derives the size of a block from the geometry of the
//! first-level cache, so that two processors with the same instructions round differently: 512
//! products with 32 KiB in 8 ways, 1024 with 48 KiB in 12. No setting changes that, but no cache
//! makes a block smaller than [`BLOCK`].
//!
//! This crate takes the place of `gemm` (`[patch.crates-io]`), with the two things that burn-flex
//! uses of it and with the same kernels below. [`gemm`] splits the inner dimension itself, into
//! blocks that the kernels take whole. They still split rows and columns by caches and threads,
//! which moves no bit: each value of the result is one sum over the inner dimension.

use core::any::TypeId;
pub use gemm_common::Parallelism;

/// The longest inner dimension that the kernels take whole on every machine: the lower bound in
/// `gemm_common::cache::kernel_params`, and its constant for small results.
const BLOCK: usize = 512;

/// dst := alpha dst + beta lhs rhs with `dst` of m x n, `lhs` of m x k and `rhs` of k x n; without
/// `read_dst`, dst := beta lhs rhs. Strides are in values, from column to column and from row to
/// row.
///
/// # Safety
/// All values that sizes and strides reach must be valid, those of `dst` for writing and apart
/// from the others.
///
/// # Panics
/// When `T` is neither `f32` nor `f64` nor, with the feature, `f16`.
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm<T: Copy + 'static>(
    m: usize,
    n: usize,
    k: usize,
    dst: *mut T,
    dst_cs: isize,
    dst_rs: isize,
    read_dst: bool,
    lhs: *const T,
    lhs_cs: isize,
    lhs_rs: isize,
    rhs: *const T,
    rhs_cs: isize,
    rhs_rs: isize,
    alpha: T,
    beta: T,
    _conj_dst: bool,
    _conj_lhs: bool,
    _conj_rhs: bool,
    parallelism: Parallelism,
) {
    // The kernels want columns of the result apart by more than rows: else the transposed product.
    let mut product = if dst_cs.abs() < dst_rs.abs() {
        Product {
            size: [n, m],
            dst: Matrix { first: dst, cs: dst_rs, rs: dst_cs },
            lhs: Matrix { first: rhs.cast_mut(), cs: rhs_rs, rs: rhs_cs },
            rhs: Matrix { first: lhs.cast_mut(), cs: lhs_rs, rs: lhs_cs },
        }
    } else {
        Product {
            size: [m, n],
            dst: Matrix { first: dst, cs: dst_cs, rs: dst_rs },
            lhs: Matrix { first: lhs.cast_mut(), cs: lhs_cs, rs: lhs_rs },
            rhs: Matrix { first: rhs.cast_mut(), cs: rhs_cs, rs: rhs_rs },
        }
    };
    product.turn(k);

    macro_rules! with_kernels_of {
        ($type:ty, $one:expr, $kernel:expr) => {
            if TypeId::of::<T>() == TypeId::of::<$type>() {
                let Product { size: [m, n], dst, lhs, rhs } = product;
                // Equal blocks; one, and an empty one, where there is nothing to sum.
                let block = k.div_ceil(k.div_ceil(BLOCK).max(1)).max(1);
                for from in (0..k.max(1)).step_by(block) {
                    let first = from == 0;
                    let lhs_first = lhs.first.wrapping_offset(from as isize * lhs.cs);
                    let rhs_first = rhs.first.wrapping_offset(from as isize * rhs.rs);
                    let one: $type = $one;
                    // Safety: `T` is this type; the rest is promised by the caller.
                    unsafe {
                        $kernel(
                            m,
                            n,
                            block.min(k - from),
                            dst.first.cast(),
                            dst.cs,
                            dst.rs,
                            read_dst || !first,
                            lhs_first.cast_const().cast(),
                            lhs.cs,
                            lhs.rs,
                            rhs_first.cast_const().cast(),
                            rhs.cs,
                            rhs.rs,
                            if first { *(&raw const alpha).cast() } else { one },
                            *(&raw const beta).cast(),
                            false,
                            false,
                            false,
                            parallelism,
                        );
                    }
                }
                return;
            }
        };
    }
    with_kernels_of!(f32, 1.0, gemm_f32::gemm::f32::get_gemm_fn());
    with_kernels_of!(f64, 1.0, gemm_f64::gemm::f64::get_gemm_fn());
    #[cfg(feature = "f16")]
    with_kernels_of!(gemm_f16::f16, gemm_f16::f16::ONE, gemm_f16::gemm::f16::get_gemm_fn());
    panic!("no kernel multiplies matrices of this type");
}

/// A matrix where it lies.
struct Matrix<T> {
    first: *mut T,
    /// The strides from column to column and from row to row.
    cs: isize,
    rs: isize,
}

/// The product of two matrices: rows and columns of the result, and all three matrices.
struct Product<T> {
    size: [usize; 2],
    dst: Matrix<T>,
    lhs: Matrix<T>,
    rhs: Matrix<T>,
}

impl<T> Product<T> {
    /// Has no stride of the result, and none along the inner dimension `k` of the left factor,
    /// run backwards: the kernels want it so.
    fn turn(&mut self, k: usize) {
        let [m, n] = self.size;
        if self.dst.rs < 0 && m > 0 {
            self.dst.turn_rows(m);
            self.lhs.turn_rows(m);
        }
        if self.dst.cs < 0 && n > 0 {
            self.dst.turn_columns(n);
            self.rhs.turn_columns(n);
        }
        if self.lhs.cs < 0 && k > 0 {
            self.lhs.turn_columns(k);
            self.rhs.turn_rows(k);
        }
    }
}

impl<T> Matrix<T> {
    fn turn_rows(&mut self, n: usize) {
        self.first = self.first.wrapping_offset((n as isize - 1) * self.rs);
        self.rs = -self.rs;
    }

    fn turn_columns(&mut self, n: usize) {
        self.first = self.first.wrapping_offset((n as isize - 1) * self.cs);
        self.cs = -self.cs;
    }
}
