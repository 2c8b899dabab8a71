//! The `.npy` format, version 1.0, and its zipped collection `.npz`.
//!
//! Source: the format description in `numpy.lib.format`.

use super::{element_count, malformed};
use crate::error::Result;
use std::io::{Cursor, Read};

/// The largest array that is read from an `.npz`, in bytes: a guard against decompression bombs.
const MAX_BYTES: u64 = 1 << 28;

/// The element types that the data sets use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Dtype {
    /// Little-endian 32-bit float.
    F4,
    /// Little-endian 64-bit float.
    F8,
    /// Little-endian 64-bit signed integer.
    I8,
    /// A pickled object.
    Object,
}

/// An array in the order of its file.
#[derive(Debug, PartialEq)]
pub(in crate::data) struct Npy<'a> {
    pub(in crate::data) dtype: Dtype,
    pub(in crate::data) shape: Vec<usize>,
    /// The elements in row-major order, or the pickle of an object.
    pub(in crate::data) data: &'a [u8],
}

impl Npy<'_> {
    /// The elements as floats.
    ///
    /// # Errors
    /// When the elements are of another type.
    pub(in crate::data) fn floats(&self, file: &str) -> Result<Vec<f64>> {
        match self.dtype {
            Dtype::F4 => Ok(words(self.data).map(|x| f32::from_le_bytes(x).into()).collect()),
            Dtype::F8 => Ok(words(self.data).map(f64::from_le_bytes).collect()),
            other => Err(malformed(file, format!("expected floats, found {other:?}"))),
        }
    }

    /// The elements as integers.
    ///
    /// # Errors
    /// When the elements are of another type.
    pub(in crate::data) fn integers(&self, file: &str) -> Result<Vec<i64>> {
        match self.dtype {
            Dtype::I8 => Ok(words(self.data).map(i64::from_le_bytes).collect()),
            other => Err(malformed(file, format!("expected integers, found {other:?}"))),
        }
    }
}

/// Successive words of `N` bytes.
pub(in crate::data) fn words<const N: usize>(data: &[u8]) -> impl Iterator<Item = [u8; N]> {
    data.as_chunks::<N>().0.iter().copied()
}

/// Parses a row-major `.npy` file.
///
/// # Errors
/// Another format version, element type or order, and a size that does not match the header.
pub(in crate::data) fn parse<'a>(file: &str, bytes: &'a [u8]) -> Result<Npy<'a>> {
    let rest = bytes
        .strip_prefix(b"\x93NUMPY\x01\x00")
        .ok_or_else(|| malformed(file, "byte 0: expected the signature of .npy version 1.0"))?;
    let (header, data) = rest
        .split_first_chunk()
        .and_then(|(length, rest)| rest.split_at_checked(u16::from_le_bytes(*length).into()))
        .ok_or_else(|| malformed(file, "the file ends inside the .npy header"))?;
    let (dtype, shape) = std::str::from_utf8(header)
        .ok()
        .and_then(parse_header)
        .ok_or_else(|| malformed(file, "byte 10: unsupported .npy header"))?;
    let item_size = match dtype {
        Dtype::F4 => 4,
        Dtype::F8 | Dtype::I8 => 8,
        Dtype::Object => return Ok(Npy { dtype, shape, data }),
    };
    let expected = element_count(&shape).and_then(|n| n.checked_mul(item_size));
    if expected != Some(data.len()) {
        let found = data.len();
        let message = format!("the header declares {shape:?} {dtype:?}, {found} bytes follow");
        return Err(malformed(file, message));
    }
    Ok(Npy { dtype, shape, data })
}

/// Parses the header's dictionary, in the key order that NumPy writes.
fn parse_header(header: &str) -> Option<(Dtype, Vec<usize>)> {
    let rest = header.strip_prefix("{'descr': '")?;
    let (descr, rest) = rest.split_once("', 'fortran_order': False, 'shape': (")?;
    let (sides, end) = rest.split_once(')')?;
    if end.trim_end() != ", }" {
        return None;
    }
    let dtype = match descr {
        "<f4" => Dtype::F4,
        "<f8" => Dtype::F8,
        "<i8" => Dtype::I8,
        "|O" => Dtype::Object,
        _ => return None,
    };
    let sides = sides.strip_suffix(',').unwrap_or(sides);
    if sides.is_empty() {
        return Some((dtype, Vec::new()));
    }
    let shape: Option<Vec<usize>> = sides.split(',').map(|side| side.trim().parse().ok()).collect();
    Some((dtype, shape?))
}

/// Decompresses the array called `name` of an `.npz` file: the content of its `.npy` file.
///
/// # Errors
/// A damaged archive, a missing array or one that is too large.
pub(in crate::data) fn unzip(file: &str, bytes: &[u8], name: &str) -> Result<Vec<u8>> {
    let damaged = |e: &dyn std::fmt::Display| malformed(file, format!("array `{name}`: {e}"));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    let entry = archive.by_name(&format!("{name}.npy")).map_err(|e| damaged(&e))?;
    let mut content = Vec::new();
    entry.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(|e| damaged(&e))?;
    if MAX_BYTES < content.len() as u64 {
        return Err(damaged(&format!("larger than {MAX_BYTES} bytes")));
    }
    Ok(content)
}

#[cfg(test)]
pub(in crate::data) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    /// A `.npy` file with NumPy's layout: the header is padded to a multiple of 64 bytes.
    pub(in crate::data) fn npy_file(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut header =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        while (10 + header.len() + 1) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        file.extend(data);
        file
    }

    /// An `.npz` file of these arrays, deflated.
    pub(in crate::data) fn npz_file(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in arrays {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(format!("{name}.npy"), options).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn bytes_of<const N: usize>(words: &[[u8; N]]) -> Vec<u8> {
        words.concat()
    }

    #[test]
    fn arrays_of_each_type_are_read() {
        let data = bytes_of(&[1.5f32, -2.0].map(f32::to_le_bytes));
        let file = npy_file("<f4", "(2, 1)", &data);
        let parsed = parse("x", &file).unwrap();
        assert_eq!(
            (parsed.shape.clone(), parsed.floats("x").unwrap()),
            (vec![2, 1], vec![1.5, -2.0])
        );
        let file = npy_file("<f8", "()", &0.25f64.to_le_bytes());
        assert_eq!(parse("x", &file).unwrap().floats("x").unwrap(), [0.25]);
        let file = npy_file("<i8", "(1,)", &(-7i64).to_le_bytes());
        let parsed = parse("x", &file).unwrap();
        assert_eq!(parsed.integers("x").unwrap(), [-7]);
        assert_eq!(parsed.floats("x").unwrap_err().message, "x: expected floats, found I8");
    }

    #[test]
    fn a_wrong_size_type_or_order_is_refused() {
        assert!(parse("x", &npy_file("<f4", "(2,)", &[0; 7])).is_err());
        assert!(parse("x", &npy_file(">f4", "(2,)", &[0; 8])).is_err());
        let huge = format!("({0}, {0})", usize::MAX);
        assert!(parse("x", &npy_file("<f4", &huge, &[0; 8])).is_err());
        let file = npy_file("<f4", "(2,)", &[0; 8]);
        let columns = String::from_utf8_lossy(&file).replace("False", "True ");
        assert!(parse("x", columns.as_bytes()).is_err());
    }

    #[test]
    fn an_array_is_found_in_its_archive() {
        let inner = npy_file("<i8", "(1,)", &3i64.to_le_bytes());
        let file = npz_file(&[("y", inner.clone())]);
        assert_eq!(unzip("x.npz", &file, "y").unwrap(), inner);
        assert!(unzip("x.npz", &file, "z").unwrap_err().message.contains("array `z`"));
        assert!(unzip("x.npz", &file[..file.len() / 2], "y").is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse("x", &bytes);
            let _ = unzip("x", &bytes, "y");
            let mut file = b"\x93NUMPY\x01\x00".to_vec();
            file.extend(&bytes);
            let _ = parse("x", &file);
        }

        #[test]
        fn arbitrary_headers_never_panic(descr in "[<|][fiO][48]?", shape in "\\([0-9, ]{0,30}\\)?") {
            let _ = parse("x", &npy_file(&descr, &shape, &[0; 8]));
        }

        #[test]
        fn a_damaged_archive_never_panics(at in any::<prop::sample::Index>(), byte: u8) {
            let mut file = npz_file(&[("y", npy_file("<i8", "(1,)", &3i64.to_le_bytes()))]);
            let at = at.index(file.len());
            file[at] = byte;
            let _ = unzip("x", &file, "y");
        }
    }
}
