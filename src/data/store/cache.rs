//! The cache of converted data sets: plain arrays in one file, with the digest to check them by.
//!
//! `DIR/<data set>/arrays.safetensors` holds the arrays, `DIR/<data set>/cache.json` says what they
//! were made from and what they hash to. The index is written last, so a cache without it, or one
//! that disagrees with it, is never read.

use crate::atomic;
use crate::data::DatasetParts;
use crate::error::{Error, Result};
use crate::hash::{Digest, digest_json};
use crate::plain;
use crate::registry::Entry;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Whether a data set can be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Ready,
    Missing,
    /// The cache is there but cannot be used, for this reason; preparing again mends it.
    Damaged(String),
}

/// The converted arrays of a data set, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrays(BTreeMap<String, Array>);

/// An array in row-major order.
#[derive(Clone, Debug, PartialEq)]
struct Array {
    shape: Vec<usize>,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    Bytes(Vec<u8>),
    Floats(Vec<f32>),
}

impl Arrays {
    pub(in crate::data) fn insert_bytes(&mut self, name: &str, shape: &[usize], values: Vec<u8>) {
        let array = Array { shape: shape.to_vec(), values: Values::Bytes(values) };
        self.0.insert(name.to_string(), array);
    }

    pub(in crate::data) fn insert_floats(&mut self, name: &str, shape: &[usize], values: Vec<f32>) {
        let array = Array { shape: shape.to_vec(), values: Values::Floats(values) };
        self.0.insert(name.to_string(), array);
    }

    /// The shape and the values of an array of bytes.
    ///
    /// # Errors
    /// When there is no such array.
    pub fn bytes(&self, name: &str) -> Result<(&[usize], &[u8])> {
        match self.0.get(name) {
            Some(Array { shape, values: Values::Bytes(values) }) => Ok((shape, values)),
            _ => Err(Error::unexpected(format!("the cache has no array `{name}` of bytes"))),
        }
    }

    /// The shape and the values of an array of floats.
    ///
    /// # Errors
    /// When there is no such array.
    pub fn floats(&self, name: &str) -> Result<(&[usize], &[f32])> {
        match self.0.get(name) {
            Some(Array { shape, values: Values::Floats(values) }) => Ok((shape, values)),
            _ => Err(Error::unexpected(format!("the cache has no array `{name}` of floats"))),
        }
    }

    fn encode(&self) -> Result<Vec<u8>> {
        let unexpected = |e| Error::unexpected(format!("cannot encode the cache: {e}"));
        let encoded: Vec<(&str, Dtype, &[usize], Vec<u8>)> = self
            .0
            .iter()
            .map(|(name, Array { shape, values })| match values {
                Values::Bytes(values) => {
                    (name.as_str(), Dtype::U8, shape.as_slice(), values.clone())
                }
                Values::Floats(values) => {
                    let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
                    (name.as_str(), Dtype::F32, shape.as_slice(), bytes)
                }
            })
            .collect();
        let views: Vec<(&str, TensorView<'_>)> = encoded
            .iter()
            .map(|(name, dtype, shape, bytes)| {
                Ok((*name, TensorView::new(*dtype, shape.to_vec(), bytes).map_err(unexpected)?))
            })
            .collect::<Result<_>>()?;
        safetensors::serialize(views, None).map_err(unexpected)
    }

    fn decode(bytes: &[u8]) -> std::result::Result<Self, String> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        let mut arrays = Self::default();
        for (name, view) in tensors.iter() {
            match view.dtype() {
                Dtype::U8 => arrays.insert_bytes(name, view.shape(), view.data().to_vec()),
                Dtype::F32 => {
                    let words = view.data().as_chunks().0.iter();
                    let values = words.map(|word| f32::from_le_bytes(*word)).collect();
                    arrays.insert_floats(name, view.shape(), values);
                }
                other => return Err(format!("array `{name}` has the type {other:?}")),
            }
        }
        Ok(arrays)
    }
}

/// What a cache was made from, and what it hashes to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    /// The digest of the sources and the data set's revision.
    origin: Digest,
    /// The digest of the file of arrays.
    arrays: Digest,
}

/// The folder of a data set's cache.
pub(in crate::data) fn folder(dir: &Path, entry: &Entry<DatasetParts>) -> PathBuf {
    dir.join(entry.name)
}

/// Writes the cache of `entry`.
pub(in crate::data) fn write(
    entry: &Entry<DatasetParts>,
    dir: &Path,
    arrays: &Arrays,
) -> Result<()> {
    let folder = folder(dir, entry);
    let bytes = arrays.encode()?;
    atomic::write(&folder.join("arrays.safetensors"), &bytes)?;
    let index = Index { origin: origin(entry)?, arrays: Digest::of(&bytes) };
    let json = serde_json::to_string_pretty(&index)
        .map_err(|e| Error::unexpected(format!("cannot encode the index of a cache: {e}")))?;
    atomic::write(&folder.join("cache.json"), (json + "\n").as_bytes())
}

/// Reads the cache of `entry` and checks it against its digest.
pub(in crate::data) fn read(
    entry: &Entry<DatasetParts>,
    dir: &Path,
) -> std::result::Result<Arrays, State> {
    Arrays::decode(&verified(entry, dir)?).map_err(State::Damaged)
}

/// The state of the cache of `entry`.
pub(in crate::data) fn state(entry: &Entry<DatasetParts>, dir: &Path) -> State {
    match verified(entry, dir) {
        Ok(_) => State::Ready,
        Err(state) => state,
    }
}

/// The file of arrays, once its digest and origin have been checked.
fn verified(entry: &Entry<DatasetParts>, dir: &Path) -> std::result::Result<Vec<u8>, State> {
    let damaged = |e: &dyn std::fmt::Display| State::Damaged(e.to_string());
    let folder = folder(dir, entry);
    let read = |path: PathBuf| plain::CACHE.read(&path).map_err(|e| damaged(&e.message));
    let index_path = folder.join("cache.json");
    if matches!(std::fs::metadata(&index_path), Err(e) if e.kind() == ErrorKind::NotFound) {
        return Err(State::Missing);
    }
    let index: Index = serde_json::from_slice(&read(index_path.clone())?)
        .map_err(|e| damaged(&format!("{}: {e}", index_path.display())))?;
    if index.origin != origin(entry).map_err(|e| damaged(&e))? {
        return Err(damaged(&"it was made from other sources, or by another version"));
    }
    let arrays_path = folder.join("arrays.safetensors");
    let bytes = read(arrays_path.clone())?;
    if Digest::of(&bytes) != index.arrays {
        let expected = index.arrays;
        return Err(damaged(&format!(
            "{} does not have the SHA-256 {expected} that cache.json records",
            arrays_path.display()
        )));
    }
    Ok(bytes)
}

/// The digest of what a cache is made from: the data set's revision and the members of the sources.
pub(in crate::data) fn origin(entry: &Entry<DatasetParts>) -> Result<Digest> {
    let members: Vec<(&str, &str, &str, &str)> = entry
        .build
        .sources
        .iter()
        .flat_map(|s| s.members.iter().map(|m| (s.package, s.version, m.path, m.sha256)))
        .collect();
    digest_json(&(entry.name, entry.revision, members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_survive_their_file() {
        let mut arrays = Arrays::default();
        arrays.insert_bytes("labels", &[3], vec![1, 2, 255]);
        arrays.insert_floats("values", &[1, 2], vec![f32::MIN_POSITIVE, -2.5]);
        let bytes = arrays.encode().unwrap();
        assert_eq!(Arrays::decode(&bytes).unwrap(), arrays);
        assert!(Arrays::decode(&bytes[..bytes.len() - 1]).is_err());
        assert!(arrays.bytes("values").is_err());
    }
}
