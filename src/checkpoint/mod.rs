//! Named tensors: their canonical hash, and safetensors files of them. Knows nothing of burn.
//!
//! Checkpoint files of a framework differ from process to process for equal tensors, so a file's
//! digest proves nothing. The root is therefore taken over the tensors themselves: a Merkle tree
//! whose leaves, in path order, are SHA-256(path, dtype, shape, little-endian bytes).

pub mod difference;

use crate::atomic;
use crate::error::{Error, Kind, Result};
use crate::hash::{Digest, canonical_json, merkle_root};
use crate::plain;
use crate::suite::run::RunId;
use safetensors::tensor::{SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::path::Path;

pub use safetensors::Dtype;

/// A tensor with a stable path. Bytes are row-major and little-endian.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    pub path: String,
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

impl NamedTensor {
    pub fn f32(path: impl Into<String>, shape: Vec<usize>, values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { path: path.into(), dtype: Dtype::F32, shape, bytes }
    }

    pub fn f64(path: impl Into<String>, shape: Vec<usize>, values: &[f64]) -> Self {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { path: path.into(), dtype: Dtype::F64, shape, bytes }
    }

    pub fn u8(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), dtype: Dtype::U8, shape: vec![bytes.len()], bytes }
    }

    pub fn i64(path: impl Into<String>, shape: Vec<usize>, values: &[i64]) -> Self {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { path: path.into(), dtype: Dtype::I64, shape, bytes }
    }

    /// The values as f64, whatever the dtype.
    ///
    /// # Errors
    /// When the dtype is none that a checkpoint holds.
    pub fn to_f64(&self) -> Result<Vec<f64>> {
        fn read<const N: usize>(bytes: &[u8], decode: fn([u8; N]) -> f64) -> Vec<f64> {
            let (chunks, _) = bytes.as_chunks::<N>();
            chunks.iter().map(|chunk| decode(*chunk)).collect()
        }
        match self.dtype {
            Dtype::F32 => Ok(read(&self.bytes, |b| f32::from_le_bytes(b).into())),
            Dtype::F64 => Ok(read(&self.bytes, f64::from_le_bytes)),
            Dtype::I64 => Ok(read(&self.bytes, |b| i64::from_le_bytes(b) as f64)),
            Dtype::U8 => Ok(read(&self.bytes, |[b]| b.into())),
            other => Err(Error::input(format!("`{}` has the dtype {other:?}", self.path))),
        }
    }

    /// Whether every value is a finite number.
    ///
    /// # Errors
    /// As [`NamedTensor::to_f64`].
    pub fn is_finite(&self) -> Result<bool> {
        match self.dtype {
            // The commonest, without a copy.
            Dtype::F32 => {
                let (values, _) = self.bytes.as_chunks();
                Ok(values.iter().all(|bytes| f32::from_le_bytes(*bytes).is_finite()))
            }
            _ => Ok(self.to_f64()?.iter().all(|value| value.is_finite())),
        }
    }

    /// The leaf of the Merkle tree: every variable part is preceded by its length, so that no
    /// two different tensors are hashed as the same bytes.
    pub fn leaf(&self) -> Digest {
        let mut bytes = Vec::with_capacity(self.bytes.len() + self.path.len() + 64);
        bytes.extend((self.path.len() as u64).to_le_bytes());
        bytes.extend(self.path.as_bytes());
        let dtype = format!("{:?}", self.dtype);
        bytes.extend((dtype.len() as u64).to_le_bytes());
        bytes.extend(dtype.as_bytes());
        bytes.extend((self.shape.len() as u64).to_le_bytes());
        self.shape.iter().for_each(|n| bytes.extend((*n as u64).to_le_bytes()));
        bytes.extend(&self.bytes);
        Digest::of(&bytes)
    }
}

/// Where the tensors of a file come from: the file says so in its metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    pub run: RunId,
    /// The epoch, from 0, in or after which they were taken; none before the first.
    pub epoch: Option<usize>,
    /// The steps that the run had taken, where the tensors are its whole state.
    pub steps: Option<usize>,
}

/// The key in the metadata under which a file says what it is. One key, since several would come in
/// no fixed order.
const STATED: &str = "counterpoise";

/// What a file says of itself, as canonical JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    /// The version of these statements; see [`Stated::FORMAT`].
    format: u32,
    run: RunId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps: Option<usize>,
    root: Digest,
}

impl Stated {
    /// Version 1: the first.
    const FORMAT: u32 = 1;
}

/// The path of the first tensor with a value that is not a finite number.
///
/// # Errors
/// As [`NamedTensor::to_f64`].
pub fn first_not_finite(tensors: &[NamedTensor]) -> Result<Option<&str>> {
    for tensor in tensors {
        if !tensor.is_finite()? {
            return Ok(Some(&tensor.path));
        }
    }
    Ok(None)
}

/// The canonical root of a set of tensors, whatever their order.
pub fn root(tensors: &[NamedTensor]) -> Digest {
    let mut sorted: Vec<&NamedTensor> = tensors.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    merkle_root(sorted.into_iter().map(NamedTensor::leaf))
}

/// Writes a safetensors file, atomically and durably.
///
/// # Errors
/// When the file cannot be written; nothing is left behind then.
pub fn write(path: &Path, tensors: &[NamedTensor]) -> Result<()> {
    atomic::write(path, &serialize(path, tensors, None)?)
}

/// As [`write()`], with what the file says of itself: its origin and the root of its tensors, which
/// comes back.
///
/// # Errors
/// As [`write()`].
pub fn write_with_origin(path: &Path, tensors: &[NamedTensor], origin: &Origin) -> Result<Digest> {
    let Origin { run, epoch, steps } = origin.clone();
    let stated = Stated { format: Stated::FORMAT, run, epoch, steps, root: root(tensors) };
    atomic::write(path, &serialize(path, tensors, Some(canonical_json(&stated)?))?)?;
    Ok(stated.root)
}

/// As [`write()`], without waiting for the disk: see [`atomic::write_unsynced`].
///
/// # Errors
/// As [`write()`].
pub fn write_unsynced(path: &Path, tensors: &[NamedTensor]) -> Result<()> {
    atomic::write_unsynced(path, &serialize(path, tensors, None)?)
}

fn serialize(path: &Path, tensors: &[NamedTensor], stated: Option<String>) -> Result<Vec<u8>> {
    let views = tensors
        .iter()
        .map(|t| Ok((&t.path, TensorView::new(t.dtype, t.shape.clone(), &t.bytes)?)))
        .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>();
    let metadata = stated.map(|stated| std::iter::once((STATED.to_string(), stated)).collect());
    views
        .and_then(|views| safetensors::serialize(views, metadata))
        .map_err(|e| Error::unexpected(format!("cannot encode {}: {e}", path.display())))
}

/// Reads a safetensors file, sorted by path. Where it says the root of its tensors, they have it.
///
/// # Errors
/// When the file cannot be read, is no plain file, is truncated or damaged; of kind
/// [`Kind::Mismatch`] when its tensors have another root than it says.
pub fn read(path: &Path) -> Result<Vec<NamedTensor>> {
    let bytes = plain::CHECKPOINT.read(path)?;
    let no_file = |e| {
        Error::input(format!("{} is not a whole safetensors file: {e}", path.display()))
            .with_hint("it was truncated or changed; delete it to have it made again")
    };
    let file = SafeTensors::deserialize(&bytes).map_err(no_file)?;
    let mut tensors: Vec<NamedTensor> = file
        .iter()
        .map(|(path, view)| NamedTensor {
            path: path.to_string(),
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            bytes: view.data().to_vec(),
        })
        .collect();
    tensors.sort_by(|a, b| a.path.cmp(&b.path));
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(no_file)?;
    if let Some(stated) = header.metadata().as_ref().and_then(|metadata| metadata.get(STATED)) {
        check(path, stated, &tensors)?;
    }
    Ok(tensors)
}

/// Holds tensors to what their file says of itself.
fn check(path: &Path, stated: &str, tensors: &[NamedTensor]) -> Result<()> {
    #[derive(Deserialize)]
    struct Header {
        format: u32,
    }
    let no_statement = |e: serde_json::Error| {
        Error::input(format!("{}: what it says of itself cannot be read: {e}", path.display()))
    };
    // The version first: another one would fail on its fields with a confusing message.
    let Header { format } = serde_json::from_str(stated).map_err(no_statement)?;
    if format != Stated::FORMAT {
        let message = format!(
            "{}: what it says of itself has format {format}, this program reads format {}",
            path.display(),
            Stated::FORMAT
        );
        return Err(Error::input(message).with_hint("use the version that wrote it"));
    }
    let stated: Stated = serde_json::from_str(stated).map_err(no_statement)?;
    let root = root(tensors);
    if root == stated.root {
        return Ok(());
    }
    let message =
        format!("{}: its tensors have the root {root}, not {}", path.display(), stated.root);
    Err(Error::new(Kind::Mismatch, message)
        .with_hint("it was changed after it was written; delete it to have it made again"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Vec<NamedTensor> {
        vec![
            NamedTensor::f32("b.weight", vec![2, 2], &[1.0, -2.0, 0.5, f32::MIN_POSITIVE]),
            NamedTensor::f32("a", vec![1], &[3.0]),
            NamedTensor::i64("step", vec![], &[7]),
        ]
    }

    #[test]
    fn a_file_gives_back_what_was_written_and_the_same_root() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        write(&path, &sample()).unwrap();
        let back = read(&path).unwrap();
        assert_eq!(root(&back), root(&sample()));
        assert_eq!(back[1].path, "b.weight");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_says_what_it_is_and_is_held_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let origin = Origin { run: RunId("0123456789abcdef".into()), epoch: Some(3), steps: None };
        let stated = write_with_origin(&path, &sample(), &origin).unwrap();
        assert_eq!((stated, root(&read(&path).unwrap())), (root(&sample()), root(&sample())));
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let said = format!(
            r#"{{\"epoch\":3,\"format\":1,\"root\":\"{stated}\",\"run\":\"0123456789abcdef\"}}"#
        );
        assert!(text.contains(&said), "{text}");
        write_with_origin(&path, &sample(), &origin).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "the bytes are the same every time");

        let mut flipped = bytes.clone();
        *flipped.last_mut().unwrap() ^= 1;
        std::fs::write(&path, flipped).unwrap();
        assert_eq!(read(&path).unwrap_err().kind, Kind::Mismatch);
        // Statements of another version, or none that can be read.
        for (from, to) in [("format\\\":1", "format\\\":9"), ("format", "farmot")] {
            let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
            let mut changed = bytes.clone();
            changed[at..at + to.len()].copy_from_slice(to.as_bytes());
            std::fs::write(&path, changed).unwrap();
            assert_eq!(read(&path).unwrap_err().kind, Kind::Input, "{to}");
        }
    }

    #[test]
    fn a_truncated_file_is_an_input_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        write(&path, &sample()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        let error = read(&path).unwrap_err();
        assert_eq!(error.kind, crate::error::Kind::Input);
        assert!(error.message.contains("x.safetensors"), "{error}");
    }

    #[test]
    fn the_first_tensor_that_is_not_finite_is_named() {
        let mut tensors = sample();
        assert_eq!(first_not_finite(&tensors).unwrap(), None);
        tensors.push(NamedTensor::f32("c", vec![2], &[0.0, f32::NEG_INFINITY]));
        assert_eq!(first_not_finite(&tensors).unwrap(), Some("c"));
        tensors.insert(0, NamedTensor::f64("q", vec![1], &[f64::NAN]));
        assert_eq!(first_not_finite(&tensors).unwrap(), Some("q"));
    }

    proptest! {
        #[test]
        fn every_bit_name_and_shape_counts(at in 0usize..16, bit in 0u8..8) {
            let before = root(&sample());
            let mut flipped = sample();
            flipped[0].bytes[at] ^= 1 << bit;
            prop_assert_ne!(root(&flipped), before);
            let mut reshaped = sample();
            reshaped[0].shape = vec![4];
            prop_assert_ne!(root(&reshaped), before);
            let mut renamed = sample();
            renamed[1].path.push('x');
            prop_assert_ne!(root(&renamed), before);
            let mut reordered = sample();
            reordered.swap(0, 2);
            prop_assert_eq!(root(&reordered), before);
        }
    }
}
