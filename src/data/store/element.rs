//! How the values of a stored row are written: exactly, or not at all.

use serde::{Deserialize, Serialize};

/// The type of a stored value. Reading it as `f32` is exact; little-endian where it has several
/// bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Element {
    /// Whole numbers from 0 to 255, such as pixels.
    U8,
    /// IEEE 754 binary16. Whoever makes the rows rounds to it, by [`to_f16`].
    F16,
    F32,
}

impl Element {
    /// The size of a value.
    pub fn bytes(self) -> usize {
        match self {
            Element::U8 => 1,
            Element::F16 => 2,
            Element::F32 => 4,
        }
    }

    /// Appends the bytes of `values`.
    ///
    /// # Errors
    /// The position of the first value that is not finite or that this type does not have.
    pub fn encode(self, values: &[f32], into: &mut Vec<u8>) -> Result<(), usize> {
        into.reserve(values.len() * self.bytes());
        for (at, &x) in values.iter().enumerate() {
            let fits = match self {
                Element::U8 => {
                    into.push(x as u8);
                    same(f32::from(x as u8), x)
                }
                Element::F16 => {
                    into.extend(f16_bits(x).to_le_bytes());
                    same(to_f16(x), x)
                }
                Element::F32 => {
                    into.extend(x.to_le_bytes());
                    true
                }
            };
            if !fits || !x.is_finite() {
                return Err(at);
            }
        }
        Ok(())
    }

    /// Reads `values.len()` values, for which `bytes` has the right number of bytes.
    pub fn decode(self, bytes: &[u8], values: &mut [f32]) {
        match self {
            Element::U8 => values.iter_mut().zip(bytes).for_each(|(x, &byte)| *x = byte.into()),
            Element::F16 => {
                let words = bytes.as_chunks().0.iter().map(|word| u16::from_le_bytes(*word));
                values.iter_mut().zip(words).for_each(|(x, bits)| *x = f16_value(bits));
            }
            Element::F32 => {
                let words = bytes.as_chunks().0.iter().map(|word| f32::from_le_bytes(*word));
                values.iter_mut().zip(words).for_each(|(x, word)| *x = word);
            }
        }
    }
}

/// Equal to the bit: a zero that loses its sign is another.
fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits()
}

/// The nearest value that binary16 has; of two as near, the even one. What is too large becomes
/// infinite.
pub fn to_f16(x: f32) -> f32 {
    f16_value(f16_bits(x))
}

fn f16_bits(x: f32) -> u16 {
    let sign = (x.to_bits() >> 16 & 0x8000) as u16;
    let size = x.abs();
    if size.is_nan() {
        return sign | 0x7e00;
    }
    // 65,520 lies half way between the largest finite value and what would be the next.
    if 65_520.0 <= size {
        return sign | 0x7c00;
    }
    // Below the normal numbers, the values are the multiples of 2^-24. Adding 0.5, whose last bit
    // is 2^-24, rounds to one, and leaves their number in the last bits of the sum.
    if size < 6.103_515_6e-5 {
        return sign | ((size + 0.5).to_bits() - 0.5f32.to_bits()) as u16;
    }
    let bits = size.to_bits();
    let rounded = bits + 0xfff + (bits >> 13 & 1);
    sign | ((rounded >> 13) - ((127 - 15) << 10)) as u16
}

fn f16_value(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    match exponent {
        0 => f32::from_bits((fraction as f32 / 16_777_216.0).to_bits() | sign),
        31 => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn survives(element: Element, values: &[f32]) -> bool {
        let mut bytes = Vec::new();
        if element.encode(values, &mut bytes).is_err() {
            return false;
        }
        assert_eq!(bytes.len(), values.len() * element.bytes());
        let mut read = vec![f32::NAN; values.len()];
        element.decode(&bytes, &mut read);
        read.iter().zip(values).all(|(a, b)| same(*a, *b))
    }

    #[test]
    fn a_value_is_stored_exactly_or_refused_with_its_place() {
        let pixels: Vec<f32> = (0..256).map(|x| x as f32).collect();
        assert!(survives(Element::U8, &pixels) && survives(Element::F16, &pixels));
        for (element, wrong) in [
            (Element::U8, [0.5, -1.0, 256.0, -0.0].as_slice()),
            (Element::F16, &[0.1, 65_520.0, 1e-9]),
            (Element::F32, &[f32::NAN, f32::INFINITY]),
        ] {
            for &x in wrong {
                let refused = element.encode(&[1.0, x], &mut Vec::new());
                assert_eq!(refused, Err(1), "{element:?} {x}");
            }
        }
        assert!(survives(Element::F32, &[-0.0, 1e-45, f32::MAX, 0.1]));
    }

    #[test]
    fn every_half_is_read_and_written_as_itself() {
        for bits in 0..=u16::MAX {
            let x = f16_value(bits);
            if x.is_nan() {
                assert_eq!(bits & 0x7c00, 0x7c00);
            } else {
                assert_eq!(f16_bits(x), bits, "{x}");
            }
        }
        let known = [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65_504.0), (0x3555, 0.333_251_95)];
        for (bits, x) in known {
            assert_eq!(f16_value(bits), x);
        }
        assert_eq!(f16_value(1), 5.960_464_5e-8);
        assert_eq!(to_f16(1e-9), 0.0);
    }

    proptest! {
        #[test]
        fn rounding_takes_the_nearest_half(x in -70_000.0f32..70_000.0, exponent in -28i32..1) {
            let x = x * libm::ldexp(1.0, exponent) as f32;
            let bits = f16_bits(x);
            let rounded = to_f16(x);
            prop_assume!(rounded.is_finite());
            let off = (f64::from(rounded) - f64::from(x)).abs();
            for other in [bits.wrapping_sub(1), bits.wrapping_add(1)] {
                let other = f64::from(f16_value(other));
                if other.is_finite() {
                    let other = (other - f64::from(x)).abs();
                    prop_assert!(off < other || off == other && bits & 1 == 0, "{x}");
                }
            }
        }
    }
}
