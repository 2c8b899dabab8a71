//! Normal numbers of uniform ones, many at a time, with the bits of the `libm` crate.
//!
//! `libm`'s functions branch by argument, so that no loop over them becomes one over vectors. Here
//! every branch of `log` and `sincos` that an argument of this transform can take is computed and
//! the right one chosen, with the operations of `libm` in their order; the few arguments that go
//! other ways are left to `libm` itself. No operation is fused or reordered.

/// The pairs that are computed at a time.
const PAIRS: usize = 64;

/// Standard normal numbers (Box-Muller): of each pair of draws of 64 bits the cosine's and the
/// sine's number. The upper 53 bits of a draw count.
///
/// # Panics
/// When the draws are not as many as the numbers, or no pairs.
pub fn normals(draws: &[u64], into: &mut [f64]) {
    assert!(draws.len() == into.len() && draws.len() % 2 == 0, "a number for each draw of a pair");
    for (draws, into) in draws.chunks(2 * PAIRS).zip(into.chunks_mut(2 * PAIRS)) {
        let (mut lengths, mut angles) = ([0.0; PAIRS], [0.0; PAIRS]);
        let mut uniform = Block { lengths: &mut lengths, angles: &mut angles };
        for (i, pair) in draws.as_chunks::<2>().0.iter().enumerate() {
            uniform.lengths[i] = 1.0 - of_draw(pair[0]);
            uniform.angles[i] = 2.0 * std::f64::consts::PI * of_draw(pair[1]);
        }
        let angles = *uniform.angles;
        let (mut sines, rare) = transform(&mut uniform);
        let (radii, cosines) = (uniform.lengths, uniform.angles);
        if rare {
            for (i, angle) in angles.into_iter().enumerate() {
                if is_rare(angle) {
                    (sines[i], cosines[i]) = libm::sincos(angle);
                }
            }
        }
        for (i, pair) in into.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            *pair = [radii[i] * cosines[i], radii[i] * sines[i]];
        }
    }
}

/// Uniform on [0, 1), of the upper 53 bits.
#[inline(always)]
fn of_draw(draw: u64) -> f64 {
    // Both halves become numbers without a conversion, which vectors of 64-bit integers lack.
    const MAGIC: u64 = 0x4330_0000_0000_0000;
    let bits = draw >> 11;
    let half = |half: u64| f64::from_bits(MAGIC | half) - f64::from_bits(MAGIC);
    let whole = half(bits >> 32) * 4_294_967_296.0 + half(bits & 0xffff_ffff);
    whole * (1.0 / (1u64 << 53) as f64)
}

/// Numbers in (0, 1] and angles in [0, 2 pi), which become radii and cosines.
struct Block<'a> {
    lengths: &'a mut [f64; PAIRS],
    angles: &'a mut [f64; PAIRS],
}

/// Turns a block; gives the sines, and whether an angle is one for `libm` itself.
fn transform(block: &mut Block<'_>) -> ([f64; PAIRS], bool) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn avx2(block: &mut Block<'_>) -> ([f64; PAIRS], bool) {
            plain(block)
        }
        #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
        fn avx512(block: &mut Block<'_>) -> ([f64; PAIRS], bool) {
            plain(block)
        }
        let wide = is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl");
        // Safety: the processor has been asked.
        unsafe {
            if wide && is_x86_feature_detected!("avx512f") {
                return avx512(block);
            } else if is_x86_feature_detected!("avx2") {
                return avx2(block);
            }
        }
    }
    plain(block)
}

#[inline(always)]
fn plain(block: &mut Block<'_>) -> ([f64; PAIRS], bool) {
    for x in block.lengths.iter_mut() {
        *x = (-2.0 * log(*x)).sqrt();
    }
    let mut sines = [0.0; PAIRS];
    let mut rare = 0;
    for (angle, sine) in block.angles.iter_mut().zip(&mut sines) {
        rare |= u64::from(is_rare(*angle));
        (*sine, *angle) = sincos(*angle);
    }
    (sines, rare != 0)
}

/// `libm::log` of a number in (0, 1] that is not subnormal.
#[inline(always)]
fn log(x: f64) -> f64 {
    const LN2_HI: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
    const LN2_LO: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
    const LG: [f64; 7] = [
        f64::from_bits(0x3fe5_5555_5555_5593),
        f64::from_bits(0x3fd9_9999_9997_fa04),
        f64::from_bits(0x3fd2_4924_9422_9359),
        f64::from_bits(0x3fcc_71c5_1d8e_78af),
        f64::from_bits(0x3fc7_4664_96cb_03de),
        f64::from_bits(0x3fc3_9a09_d078_c69f),
        f64::from_bits(0x3fc2_f112_df3e_5244),
    ];
    // To the exponent and a number around 1.
    const MAGIC: u64 = 0x4330_0000_0000_0000;
    let bits = x.to_bits();
    let high = (bits >> 32) + (0x3ff0_0000 - 0x3fe6_a09e);
    let exponent = f64::from_bits(MAGIC | (high >> 20)) - (f64::from_bits(MAGIC) + 1023.0);
    let high = (high & 0x000f_ffff) + 0x3fe6_a09e;
    let x = f64::from_bits((high << 32) | (bits & 0xffff_ffff));

    let f = x - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let t1 = w * (LG[1] + w * (LG[3] + w * LG[5]));
    let t2 = z * (LG[0] + w * (LG[2] + w * (LG[4] + w * LG[6])));
    s * (half_square + (t2 + t1)) + exponent * LN2_LO - half_square + f + exponent * LN2_HI
}

/// The first number whose upper half is beyond `high`.
const fn beyond(high: u64) -> f64 {
    f64::from_bits((high + 1) << 32)
}

/// Whether an angle is so near a multiple of a quarter turn that `libm` reduces it with more bits.
#[inline(always)]
fn is_rare(angle: f64) -> bool {
    let high = angle.to_bits() >> 32;
    (high < 0x3e46_a09e)
        | (high == 0x3ff9_21fb)
        | (high == 0x4009_21fb)
        | (high == 0x4012_d97c)
        | (high == 0x4019_21fb)
}

/// `libm::sincos` of an angle in [0, 2 pi) that is not rare.
#[inline(always)]
fn sincos(x: f64) -> (f64, f64) {
    const PIO2_1: f64 = f64::from_bits(0x3ff9_21fb_5440_0000);
    const PIO2_1T: f64 = f64::from_bits(0x3dd0_b461_1a62_6331);
    // The quarter turns that are taken off.
    let mut turns = 0.0;
    for high in [0x3fe9_21fb, 0x4002_d97c, 0x400f_6a7a, 0x4015_fdbc] {
        turns += if x >= beyond(high) { 1.0 } else { 0.0 };
    }
    let z = x - turns * PIO2_1;
    let tail = turns * PIO2_1T;
    let y0 = z - tail;
    let y1 = (z - y0) - tail;

    let (s, c) = (sin_of(y0, y1, turns == 0.0), cos_of(y0, y1));
    let odd = (turns == 1.0) | (turns == 3.0);
    let (a, b) = if odd { (c, s) } else { (s, c) };
    let sine = if (turns == 2.0) | (turns == 3.0) { -a } else { a };
    let cosine = if (turns == 1.0) | (turns == 2.0) { -b } else { b };
    (sine, cosine)
}

/// `libm`'s sine of `x + y` near zero; `whole` where `y` is none.
#[inline(always)]
fn sin_of(x: f64, y: f64, whole: bool) -> f64 {
    const S: [f64; 6] = [
        f64::from_bits(0xbfc5_5555_5555_5549),
        f64::from_bits(0x3f81_1111_1110_f8a6),
        f64::from_bits(0xbf2a_01a0_19c1_61d5),
        f64::from_bits(0x3ec7_1de3_57b1_fe7d),
        f64::from_bits(0xbe5a_e5e6_8a2b_9ceb),
        f64::from_bits(0x3de5_d93a_5acf_d57c),
    ];
    let z = x * x;
    let w = z * z;
    let r = S[1] + z * (S[2] + z * S[3]) + z * w * (S[4] + z * S[5]);
    let v = z * x;
    let of_whole = x + v * (S[0] + z * r);
    let of_both = x - ((z * (0.5 * y - v * r) - y) - v * S[0]);
    if whole { of_whole } else { of_both }
}

/// `libm`'s cosine of `x + y` near zero.
#[inline(always)]
fn cos_of(x: f64, y: f64) -> f64 {
    const C: [f64; 6] = [
        f64::from_bits(0x3fa5_5555_5555_554c),
        f64::from_bits(0xbf56_c16c_16c1_5177),
        f64::from_bits(0x3efa_01a0_19cb_1590),
        f64::from_bits(0xbe92_7e4f_809c_52ad),
        f64::from_bits(0x3e21_ee9e_bdb4_b1c4),
        f64::from_bits(0xbda8_fae9_be88_38d4),
    ];
    let z = x * x;
    let w = z * z;
    let r = z * (C[0] + z * (C[1] + z * C[2])) + w * w * (C[3] + z * (C[4] + z * C[5]));
    let half = 0.5 * z;
    let w = 1.0 - half;
    w + (((1.0 - w) - half) + (z * r - x * y))
}
