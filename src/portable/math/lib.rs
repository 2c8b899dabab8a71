//! The mathematical functions of the C library, the same on every machine.
//!
//! `f32::exp` and its like call the C library's `expf`, and there the last bit depends on the
//! library's version and on the processor it finds. This crate defines these symbols itself, so
//! the linker takes them for the whole program: for burn's kernels, for the statistics crates and
//! for our own code. They are those of the `libm` crate, plain Rust without a fused instruction
//! that would round otherwise.
//!
//! Left out are the functions that IEEE 754 has rounded correctly everywhere: `sqrt`, `fma`,
//! `floor`, `fmod` and so on.

/// Where `exp`, `ln`, `tanh` and their like come from.
pub const ORIGIN: &str = "libm 0.2.16";

macro_rules! define {
    ($($type:ty: $($name:ident($($argument:ident),+))+;)+) => {
        $($(
            /// C's function of this name.
            #[unsafe(no_mangle)]
            pub extern "C" fn $name($($argument: $type),+) -> $type {
                libm::$name($($argument),+)
            }
        )+)+
    };
}

/// C's function of this name, which takes the place of `sinf` and `cosf` of one angle.
///
/// # Safety
/// Both pointers must be valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sincosf(x: f32, sin: *mut f32, cos: *mut f32) {
    // Safety: promised by the caller.
    unsafe { (*sin, *cos) = libm::sincosf(x) }
}

/// C's function of this name, which takes the place of `sin` and `cos` of one angle.
///
/// # Safety
/// Both pointers must be valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sincos(x: f64, sin: *mut f64, cos: *mut f64) {
    // Safety: promised by the caller.
    unsafe { (*sin, *cos) = libm::sincos(x) }
}

define! {
    f32: acosf(x) acoshf(x) asinf(x) asinhf(x) atanf(x) atan2f(x, y) atanhf(x) cbrtf(x) cosf(x)
        coshf(x) erff(x) erfcf(x) expf(x) exp2f(x) exp10f(x) expm1f(x) hypotf(x, y) lgammaf(x)
        logf(x) log10f(x) log1pf(x) log2f(x) powf(x, y) sinf(x) sinhf(x) tanf(x) tanhf(x)
        tgammaf(x);
    f64: acos(x) acosh(x) asin(x) asinh(x) atan(x) atan2(x, y) atanh(x) cbrt(x) cos(x) cosh(x)
        erf(x) erfc(x) exp(x) exp2(x) exp10(x) expm1(x) hypot(x, y) lgamma(x) log(x) log10(x)
        log1p(x) log2(x) pow(x, y) sin(x) sinh(x) tan(x) tanh(x) tgamma(x);
}
