//! From the files of a folder to a cache with shards.

use super::cache;
use super::folder::{Files, Plan, Planned};
use super::make::{clean, make as make_shards};
use super::shards::Layout;
use crate::data::{DatasetParts, FolderParts};
use crate::error::{Error, Result};
use crate::registry::Entry;
use std::collections::BTreeMap;
use std::path::Path;

/// A shard has about as many bytes. It is what an interruption loses at most, and it is held in
/// memory while it is made.
const SHARD_BYTES: usize = if cfg!(test) { 1 << 10 } else { 64 << 20 };

/// Makes the cache of `entry` of the folder `from`. The caller has the lock.
pub(super) fn make(
    entry: &Entry<DatasetParts>,
    parts: &FolderParts,
    dir: &Path,
    from: Option<&Path>,
    progress: &mut dyn FnMut(&str),
) -> Result<()> {
    let hint = || parts.folder.hint(entry.name);
    let Some(from) = from else {
        let message = format!("data set `{}` is made of files that you must have", entry.name);
        return Err(Error::input(message).with_hint(hint()));
    };
    let files = Files::open(&parts.folder, from).map_err(|e| e.with_hint(hint()))?;
    let n = files.paths().count();
    progress(&format!("verifying {n} files in {}", from.display()));
    let survey = files.survey(&mut |_| {});
    if !survey.is_whole() {
        let message = format!("{}: {}", from.display(), survey.summary());
        return Err(Error::input(message).with_hint(hint()));
    }
    let Plan { arrays, columns } = (parts.plan)(&files)?;
    let ours = cache::folder(dir, entry);
    let origin = cache::origin(entry)?;
    let mut indices = BTreeMap::new();
    for column in &columns {
        let layout = layout(column);
        let (name, rows) = (column.name, column.rows);
        let mut told = 0;
        let digest = make_shards(
            &ours,
            name,
            &layout,
            origin,
            &|at| (parts.row)(&files, &arrays, name, at),
            &mut |done| {
                let tenth = done * 10 / rows;
                if told < tenth {
                    told = tenth;
                    progress(&format!("{}: {done} of {rows} rows of `{name}`", entry.name));
                }
            },
        )?;
        indices.insert(name.to_string(), digest);
    }
    cache::write(entry, dir, &arrays, indices)?;
    clean(&ours, &columns.iter().map(|column| column.name).collect::<Vec<_>>());
    Ok(())
}

fn layout(column: &Planned) -> Layout {
    let Planned { element, size, rows, .. } = *column;
    let row_bytes = size.saturating_mul(element.bytes()).max(1);
    Layout { element, size, rows, rows_per_shard: (SHARD_BYTES / row_bytes).max(1) }
}

#[cfg(test)]
mod tests;
