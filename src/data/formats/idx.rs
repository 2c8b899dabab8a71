//! The IDX format of the MNIST files: a big-endian header, then unsigned bytes.

use super::{element_count, malformed};
use crate::error::Result;

/// An array of unsigned bytes.
#[derive(Debug, PartialEq)]
pub(in crate::data) struct Idx<'a> {
    pub(in crate::data) shape: Vec<usize>,
    pub(in crate::data) values: &'a [u8],
}

/// Parses an array of unsigned bytes with `rank` dimensions.
///
/// # Errors
/// Any other element type or rank, and a size that does not match the header.
pub(in crate::data) fn parse<'a>(file: &str, bytes: &'a [u8], rank: u8) -> Result<Idx<'a>> {
    let magic = [0, 0, 8, rank];
    let rest = bytes.strip_prefix(&magic).ok_or_else(|| {
        malformed(file, format!("byte 0: expected the IDX header {magic:02x?} of unsigned bytes"))
    })?;
    let header = 4 * usize::from(rank);
    let Some((sides, values)) = rest.split_at_checked(header) else {
        return Err(malformed(file, "the file ends inside the IDX header"));
    };
    let shape: Vec<usize> = sides
        .chunks_exact(4)
        .map(|side| side.iter().fold(0, |value, &byte| value << 8 | usize::from(byte)))
        .collect();
    if element_count(&shape) != Some(values.len()) {
        let found = values.len();
        return Err(malformed(
            file,
            format!("the header declares {shape:?} bytes, {found} bytes follow"),
        ));
    }
    Ok(Idx { shape, values })
}

#[cfg(test)]
pub(in crate::data) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An IDX file with these sides and values.
    pub(in crate::data) fn idx_file(shape: &[u32], values: &[u8]) -> Vec<u8> {
        let mut file = vec![0, 0, 8, shape.len() as u8];
        shape.iter().for_each(|side| file.extend(side.to_be_bytes()));
        file.extend(values);
        file
    }

    #[test]
    fn a_written_array_is_read_back() {
        let file = idx_file(&[2, 1, 3], &[1, 2, 3, 4, 5, 6]);
        let parsed = parse("x", &file, 3).unwrap();
        assert_eq!((parsed.shape, parsed.values), (vec![2, 1, 3], &[1, 2, 3, 4, 5, 6][..]));
    }

    #[test]
    fn a_truncated_array_is_refused_with_both_sizes() {
        let file = idx_file(&[4], &[1, 2, 3]);
        let message = parse("labels", &file, 1).unwrap_err().message;
        assert_eq!(message, "labels: the header declares [4] bytes, 3 bytes follow");
        assert!(parse("labels", &file, 3).is_err());
        assert!(parse("labels", &file[..6], 1).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(tail in prop::collection::vec(any::<u8>(), 0..64), rank in 0u8..5) {
            let mut file = vec![0, 0, 8, rank];
            file.extend(&tail);
            let _ = parse("x", &file, rank);
            let _ = parse("x", &tail, rank);
        }
    }
}
