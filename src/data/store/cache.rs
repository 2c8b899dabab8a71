//! The cache of converted data sets: plain arrays in one file, and arrays of rows in shards.
//!
//! `DIR/<data set>/arrays.safetensors` holds the arrays, `DIR/<data set>/cache.json` says what they
//! were made from and what they hash to, and the same of the indices of arrays in shards. It is
//! written last, so a cache without it, or one that disagrees with it, is never read.

use super::make;
use super::shards::{Shards, index_path};
use crate::atomic;
use crate::data::{DatasetParts, Origin};
use crate::error::{Error, Result};
use crate::hash::{Digest, digest_json};
use crate::plain;
use crate::registry::Entry;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of the index of a cache.
const INDEX: &str = "cache.json";

/// Whether a data set can be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Ready,
    Missing,
    /// The cache is there but cannot be used, for this reason; preparing again mends it.
    Damaged(String),
}

/// What the cache of a data set holds.
#[derive(Debug)]
pub struct Cache {
    /// The arrays that are held in memory.
    pub arrays: Arrays,
    columns: BTreeMap<String, Arc<Shards>>,
    /// The digest of `cache.json`, and so of all that it names.
    pub(in crate::data) digest: Digest,
}

impl Cache {
    /// An array of rows.
    ///
    /// # Errors
    /// When there is no such array.
    pub fn rows(&self, name: &str) -> Result<Arc<Shards>> {
        let missing = || Error::unexpected(format!("the cache has no array `{name}` of rows"));
        self.columns.get(name).cloned().ok_or_else(missing)
    }
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
    /// The digests of the indices of arrays in shards, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    columns: BTreeMap<String, Digest>,
}

/// The folder of a data set's cache.
pub(in crate::data) fn folder(dir: &Path, entry: &Entry<DatasetParts>) -> PathBuf {
    dir.join(entry.name)
}

/// Writes the cache of `entry`. `columns` has the digests of the indices of its arrays in shards,
/// which are there already.
pub(in crate::data) fn write(
    entry: &Entry<DatasetParts>,
    dir: &Path,
    arrays: &Arrays,
    columns: BTreeMap<String, Digest>,
) -> Result<()> {
    let folder = folder(dir, entry);
    let bytes = arrays.encode()?;
    atomic::write(&folder.join("arrays.safetensors"), &bytes)?;
    let index = Index { origin: origin(entry)?, arrays: Digest::of(&bytes), columns };
    let json = serde_json::to_string_pretty(&index)
        .map_err(|e| Error::unexpected(format!("cannot encode the index of a cache: {e}")))?;
    atomic::write(&folder.join(INDEX), (json + "\n").as_bytes())
}

/// Reads the cache of `entry` and checks it against its digests; rows in shards when they are read.
pub(in crate::data) fn read(
    entry: &Entry<DatasetParts>,
    dir: &Path,
) -> std::result::Result<Cache, State> {
    let damaged = |e: &dyn std::fmt::Display| State::Damaged(e.to_string());
    let Verified { index, digest, arrays } = verified(entry, dir)?;
    let folder = folder(dir, entry);
    let open = |(name, expected): (String, Digest)| {
        let path = index_path(&folder, &name);
        let found = Digest::of_plain(&plain::CACHE, &path).map_err(|e| damaged(&e.message))?;
        if found != expected {
            return Err(damaged(&other_digest(&path, expected)));
        }
        let shards = Shards::open(&folder, &name).map_err(|e| damaged(&e.message))?;
        Ok((name, Arc::new(shards)))
    };
    let columns = index.columns.into_iter().map(open).collect::<std::result::Result<_, State>>()?;
    Ok(Cache { arrays: Arrays::decode(&arrays).map_err(State::Damaged)?, columns, digest })
}

/// The state of the cache of `entry`.
pub(in crate::data) fn state(entry: &Entry<DatasetParts>, dir: &Path) -> State {
    match read(entry, dir) {
        Ok(_) => State::Ready,
        Err(state) => state,
    }
}

/// The arrays in shards of the cache of `entry` of which a file is damaged. All are read whole.
///
/// # Errors
/// When the index of an array cannot be read.
pub(in crate::data) fn damaged_columns(
    entry: &Entry<DatasetParts>,
    dir: &Path,
) -> Result<Vec<String>> {
    let Ok(Verified { index, .. }) = verified(entry, dir) else { return Ok(Vec::new()) };
    let folder = folder(dir, entry);
    let mut found = Vec::new();
    for name in index.columns.into_keys() {
        if !make::damaged(&folder, &name)?.is_empty() {
            found.push(name);
        }
    }
    Ok(found)
}

/// The index of a cache and the file of arrays, of which digest and origin have been checked.
struct Verified {
    index: Index,
    /// Of the index.
    digest: Digest,
    arrays: Vec<u8>,
}

fn verified(entry: &Entry<DatasetParts>, dir: &Path) -> std::result::Result<Verified, State> {
    let damaged = |e: &dyn std::fmt::Display| State::Damaged(e.to_string());
    let folder = folder(dir, entry);
    let read = |path: PathBuf| plain::CACHE.read(&path).map_err(|e| damaged(&e.message));
    let index_path = folder.join(INDEX);
    if matches!(std::fs::metadata(&index_path), Err(e) if e.kind() == ErrorKind::NotFound) {
        return Err(State::Missing);
    }
    let index_bytes = read(index_path.clone())?;
    let index: Index = serde_json::from_slice(&index_bytes)
        .map_err(|e| damaged(&format!("{}: {e}", index_path.display())))?;
    if index.origin != origin(entry).map_err(|e| damaged(&e))? {
        return Err(damaged(&"it was made from other sources, or by another version"));
    }
    let arrays_path = folder.join("arrays.safetensors");
    let bytes = read(arrays_path.clone())?;
    if Digest::of(&bytes) != index.arrays {
        return Err(damaged(&other_digest(&arrays_path, index.arrays)));
    }
    Ok(Verified { index, digest: Digest::of(&index_bytes), arrays: bytes })
}

fn other_digest(path: &Path, expected: Digest) -> String {
    format!("{} does not have the SHA-256 {expected} that {INDEX} records", path.display())
}

/// The digest of what a cache is made from: the data set's revision, and the members of packages or
/// the files of a folder.
pub(in crate::data) fn origin(entry: &Entry<DatasetParts>) -> Result<Digest> {
    if let Origin::Folder(parts) = &entry.build.origin {
        return digest_json(&(entry.name, entry.revision, parts.folder.digest()));
    }
    let sources = entry.build.origin.sources().iter();
    let members: Vec<(&str, &str, &str, &str)> = sources
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
