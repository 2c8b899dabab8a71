//! Making the shards of an array, so that what was made before an interruption is made no more.
//!
//! The index is written anew after every shard, so it tells what is there. A shard of it that has
//! its digest is kept; one that does not is made again.

use super::shards::{FORMAT, Index, Layout, blob_path, digests, index_path};
use crate::atomic;
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::plain;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;

/// The values of a row.
pub type Rows<'a> = dyn Fn(usize) -> Result<Vec<f32>> + Sync + 'a;

/// Makes the array `name` in the cache `folder` of a data set, of the rows that `row` gives. It is
/// asked for many rows at once. `origin` is the digest of all that the rows are made from. `progress`
/// is told the number of rows that are there.
///
/// Gives the digest of the index.
///
/// # Errors
/// Those of `row`; a row of another size, or with a value that the element does not have; and a
/// file that cannot be written. Whole shards are kept.
pub fn make(
    folder: &Path,
    name: &str,
    layout: &Layout,
    origin: Digest,
    row: &Rows<'_>,
    progress: &mut dyn FnMut(usize),
) -> Result<Digest> {
    if !layout.is_sound() {
        return Err(Error::unexpected(format!("`{name}` cannot be an array of {layout:?}")));
    }
    let path = index_path(folder, name);
    for file in [path.as_path(), &blob_path(folder, origin)] {
        let parent = file.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|e| Error::io("create", parent, &e))?;
    }
    let mut index =
        Index { format: FORMAT, origin, layout: layout.clone(), shards: Vec::new(), table: None };
    // What cannot be read is made anew.
    let before = Index::read(&path).ok().flatten();
    let before = before.filter(|found| found.origin == origin && found.layout == *layout);
    let known = before.map(|found| found.shards).unwrap_or_default();
    let mut table = Vec::new();
    for shard in 0..layout.n_shards() {
        let kept = known.get(shard).and_then(|digest| Some((*digest, whole(folder, *digest)?)));
        let is_kept = kept.is_some();
        let (digest, bytes) = match kept {
            Some(kept) => kept,
            None => {
                let bytes = encode(name, layout, layout.rows_of(shard), row)?;
                let digest = Digest::of(&bytes);
                atomic::write(&blob_path(folder, digest), &bytes)?;
                (digest, bytes)
            }
        };
        table.extend(digests(&bytes, layout.row_bytes()));
        index.shards.push(digest);
        if !is_kept {
            // With what is known of later shards, which may be there too.
            let later = known.iter().skip(index.shards.len());
            let shards = index.shards.iter().chain(later).copied().collect();
            write(&path, &Index { shards, ..index.clone() })?;
        }
        progress(layout.rows_of(shard).end);
    }
    let digest = Digest::of(&table);
    if whole(folder, digest).is_none() {
        atomic::write(&blob_path(folder, digest), &table)?;
    }
    index.table = Some(digest);
    write(&path, &index)
}

/// The content of a shard, if it has its digest.
fn whole(folder: &Path, digest: Digest) -> Option<Vec<u8>> {
    let bytes = plain::CACHE.read(&blob_path(folder, digest)).ok()?;
    (Digest::of(&bytes) == digest).then_some(bytes)
}

fn write(path: &Path, index: &Index) -> Result<Digest> {
    let json = serde_json::to_string_pretty(index)
        .map_err(|e| Error::unexpected(format!("cannot encode the index of an array: {e}")))?;
    let bytes = (json + "\n").into_bytes();
    atomic::write(path, &bytes)?;
    Ok(Digest::of(&bytes))
}

/// The bytes of a shard.
fn encode(
    name: &str,
    layout: &Layout,
    rows: std::ops::Range<usize>,
    row: &Rows<'_>,
) -> Result<Vec<u8>> {
    let made = rows.into_par_iter().map(|at| {
        let wrong = |what: String| Error::input(format!("row {at} of `{name}` {what}"));
        let values = row(at)?;
        if values.len() != layout.size {
            return Err(wrong(format!("has {} values, not {}", values.len(), layout.size)));
        }
        let mut bytes = Vec::new();
        layout.element.encode(&values, &mut bytes).map_err(|place| {
            let element = layout.element;
            wrong(format!("has the value {}, which {element:?} does not have", values[place]))
        })?;
        Ok(bytes)
    });
    // The first error in the order of rows, whichever thread was first.
    let made: Vec<Result<Vec<u8>>> = made.collect();
    Ok(made.into_iter().collect::<Result<Vec<Vec<u8>>>>()?.concat())
}

/// Which shards and tables of an array are not as they should be: every file is read whole.
///
/// # Errors
/// When the index cannot be read, or the array is not finished.
pub(super) fn damaged(folder: &Path, name: &str) -> Result<Vec<Digest>> {
    let (index, table) = Index::finished(&index_path(folder, name))?;
    let blobs: Vec<Digest> = index.shards.into_iter().chain([table]).collect();
    Ok(blobs.into_par_iter().filter(|digest| whole(folder, *digest).is_none()).collect())
}

/// Removes what no array of `names` consists of: shards of another version or layout, and what a
/// killed process has left. What cannot be removed stays.
pub(super) fn clean(folder: &Path, names: &[&str]) {
    let mut used = BTreeSet::new();
    for name in names {
        // With an index that cannot be read, nobody knows what is of use.
        let Ok(Some(index)) = Index::read(&index_path(folder, name)) else { return };
        used.extend(index.shards.into_iter().chain(index.table).map(|digest| digest.to_string()));
    }
    let entries = std::fs::read_dir(folder.join("shards")).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_ours = Digest::parse(&name).is_some() || name.starts_with(atomic::TEMPORARY);
        if is_ours && !used.contains(&name) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
