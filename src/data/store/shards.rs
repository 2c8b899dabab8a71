//! Arrays of rows in files, of which no more than what is asked for is in memory.
//!
//! In the cache of a data set, `columns/<array>.json` says what an array is and of which shards it
//! consists. A shard is a plain file of rows, `shards/<SHA-256 of its content>`; every shard but the
//! last has as many rows. Beside them, under its own digest too, lies the table of the SHA-256 of
//! every row.
//!
//! - **Every row is held to its digest whenever it is read**, and the table to its own when the array
//!   is opened. So no changed bit reaches a number, whenever it changed, and opening costs 32 bytes a
//!   row, where hashing whole shards would cost every run one more reading of all of them. Rows of a
//!   batch are read by all threads of the process: rows of 150 kB come from the page cache of a machine
//!   with two cores at 1.2 to 1.5 GB/s with their SHA-256, which alone runs at 2.2 GB/s on a core; the
//!   smallest rows take 5 us each.
//! - **Rows are read by position, not mapped.** A mapping is unsafe in Rust, whatever crate hides it:
//!   a file that another program shortens ends the process with a signal, and one that it changes
//!   changes a slice that the compiler takes for constant. A read gives an error in the first case
//!   and another digest in the second; both take bytes from the page cache.

use super::element::Element;
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::plain;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What the rows of an array are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub element: Element,
    /// Values of a row.
    pub size: usize,
    pub rows: usize,
    /// Rows of every shard but the last.
    pub rows_per_shard: usize,
}

/// The content of `columns/<array>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Index {
    pub(super) format: u32,
    /// The digest of what the rows were made from.
    pub(super) origin: Digest,
    pub(super) layout: Layout,
    /// The digests of the shards, in order; fewer than there will be, while they are made.
    pub(super) shards: Vec<Digest>,
    /// The digest of the table of the digests of rows, once all shards are there.
    pub(super) table: Option<Digest>,
}

pub(super) const FORMAT: u32 = 1;
/// Bytes of a digest in the table.
const DIGEST: usize = 32;

/// An array of rows in the cache of a data set.
#[derive(Debug)]
pub struct Shards {
    layout: Layout,
    files: Vec<PathBuf>,
    /// The digest of every row, one after another.
    table: Vec<u8>,
    /// What to do about a row that cannot be read.
    hint: String,
}

impl Layout {
    /// The bytes of a row.
    pub fn row_bytes(&self) -> usize {
        self.size.saturating_mul(self.element.bytes())
    }

    /// The rows that shard number `shard` holds.
    pub fn rows_of(&self, shard: usize) -> std::ops::Range<usize> {
        let start = (shard * self.rows_per_shard).min(self.rows);
        start..(start + self.rows_per_shard).min(self.rows)
    }

    pub fn n_shards(&self) -> usize {
        self.rows.div_ceil(self.rows_per_shard)
    }

    /// Whether this describes an array at all, small enough to compute with its sizes.
    pub(super) fn is_sound(&self) -> bool {
        let rows = self.rows.checked_add(self.rows_per_shard);
        let bytes = rows.and_then(|rows| rows.checked_mul(self.size)?.checked_mul(2 * DIGEST));
        0 < self.size && 0 < self.rows && 0 < self.rows_per_shard && bytes.is_some()
    }
}

impl Index {
    /// Reads an index, whose sizes then fit each other. `None` where there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        let Some(bytes) = plain::CACHE.read_if_there(path)? else { return Ok(None) };
        let wrong = |what: String| Error::input(format!("{}: {what}", path.display()));
        let index: Self = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
        if index.format != FORMAT {
            return Err(wrong(format!("it has the format {}, not {FORMAT}", index.format)));
        }
        let n = index.shards.len();
        let fits = index.layout.is_sound()
            && match index.table {
                Some(_) => n == index.layout.n_shards(),
                None => n <= index.layout.n_shards(),
            };
        fits.then_some(Some(index)).ok_or_else(|| wrong("its numbers do not fit each other".into()))
    }

    /// Reads the index of an array that is finished, and the digest of its table.
    pub(super) fn finished(path: &Path) -> Result<(Self, Digest)> {
        let index = Self::read(path)?;
        let finished = index.and_then(|index| index.table.map(|table| (index, table)));
        finished.ok_or_else(|| Error::input(format!("{} is not finished", path.display())))
    }
}

/// Where the index of array `name` is in the cache `folder` of a data set.
pub(super) fn index_path(folder: &Path, name: &str) -> PathBuf {
    folder.join("columns").join(format!("{name}.json"))
}

/// Where the shard or table of this digest is.
pub(super) fn blob_path(folder: &Path, digest: Digest) -> PathBuf {
    folder.join("shards").join(digest.to_string())
}

/// The digests of the rows in `bytes`.
pub(super) fn digests(bytes: &[u8], row_bytes: usize) -> Vec<u8> {
    let rows: Vec<&[u8]> = bytes.chunks(row_bytes).collect();
    rows.par_iter().flat_map_iter(|row| Digest::of(row).0).collect()
}

impl Shards {
    /// Opens the array `name` in the cache `folder` of a data set. Every shard is looked for, its
    /// rows are not read.
    ///
    /// # Errors
    /// An array that is not there or not finished, a shard that is missing or has another length,
    /// and a table of digests that is damaged.
    pub fn open(folder: &Path, name: &str) -> Result<Self> {
        let (index, expected) = Index::finished(&index_path(folder, name))?;
        let layout = index.layout;
        let place = blob_path(folder, expected);
        let table = plain::CACHE.read(&place)?;
        if Digest::of(&table) != expected || table.len() != layout.rows * DIGEST {
            return Err(Error::input(format!("{} is damaged", place.display())));
        }
        let files: Vec<PathBuf> =
            index.shards.iter().map(|digest| blob_path(folder, *digest)).collect();
        for (shard, file) in files.iter().enumerate() {
            let length = plain::CACHE.open(file)?.metadata();
            let length = length.map_err(|e| Error::io("read", file, &e))?.len();
            let expected = layout.rows_of(shard).len() * layout.row_bytes();
            if length != expected as u64 {
                let file = file.display();
                return Err(Error::input(format!("{file} has {length} bytes, not {expected}")));
            }
        }
        let hint = match folder.file_name() {
            Some(name) => format!(
                "run `counterpoise data prepare {} --from DIR` to have it mended",
                name.to_string_lossy()
            ),
            None => "prepare the data set again".to_string(),
        };
        Ok(Self { layout, files, table, hint })
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Reads the given rows, in this order, into `into`: as many rows of `size` values.
    ///
    /// # Errors
    /// A row that the array does not have, one whose bytes do not have their digest, and a file
    /// that cannot be read.
    pub fn read(&self, rows: &[usize], into: &mut [f32]) -> Result<()> {
        let values = into.par_chunks_exact_mut(self.layout.size);
        let read = rows.par_iter().zip(values).map(|(row, values)| self.read_row(*row, values));
        // The first error in the order of rows, whichever thread was first.
        read.collect::<Vec<Result<()>>>().into_iter().collect()
    }

    fn read_row(&self, row: usize, values: &mut [f32]) -> Result<()> {
        let n = self.layout.rows;
        if n <= row {
            return Err(Error::unexpected(format!("row {row} was asked for, and there are {n}")));
        }
        let file = &self.files[row / self.layout.rows_per_shard];
        let mended = |error: Error| error.with_hint(self.hint.as_str());
        let io = |e: std::io::Error| mended(Error::io("read", file, &e));
        let position = row % self.layout.rows_per_shard * self.layout.row_bytes();
        let mut bytes = vec![0; self.layout.row_bytes()];
        let mut opened = plain::CACHE.open(file).map_err(mended)?;
        opened.seek(SeekFrom::Start(position as u64)).map_err(io)?;
        opened.read_exact(&mut bytes).map_err(io)?;
        if Digest::of(&bytes).0 != self.table[row * DIGEST..][..DIGEST] {
            let file = file.display();
            return Err(mended(Error::input(format!("row {row}, in {file}, is damaged"))));
        }
        self.layout.element.decode(&bytes, values);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
