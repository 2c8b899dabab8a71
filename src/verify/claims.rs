//! The manifest: whether what it says of runs, classes and the root follows from the rest of it.

use super::{Check, Files};
use crate::error::{Error, Result};
use crate::hash::{Digest, digest_json, merkle_root};
use crate::record::NeededRun;
use crate::results::manifest::{self, CellEntry, Manifest, RunEntry};
use crate::suite::described::Described;
use crate::suite::run::{RunId, RunSpec};
use crate::suite::{Cell, Suite, v1};
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = "README.md";

/// Computes every id again from the description that it stands for, and holds each run against
/// its cell.
///
/// # Errors
/// When a description cannot be encoded.
pub fn descriptions(manifest: &Manifest) -> Result<Check> {
    let mut check = Check::new(
        "ids",
        "every id of a cell, run or class with the SHA-256 of its resolved description",
    );
    for (at, cell) in manifest.cells.iter().enumerate() {
        let path = format!("{}: cells[{at}]", manifest::FILE);
        let id = cell.spec.cell_id()?;
        check.expect(id == cell.id, &path, || format!("is {id} as described, not {}", cell.id));
        if let Some(seed) = cell.spec.seed() {
            check.expect(cell.seeds.first() == Some(&seed), &path, || {
                format!("is described with the seed {seed}, which is not its first")
            });
        }
    }
    let mut results: BTreeSet<(&RunId, u64)> = BTreeSet::new();
    for (at, run) in manifest.runs.iter().enumerate() {
        let path = format!("{}: runs[{at}]", manifest::FILE);
        let why = unfounded(manifest, run)?;
        check.expect(why.is_none(), &path, || {
            format!("run {}: {}", run.id, why.unwrap_or_default())
        });
        results.insert((&run.cell, run.seed));
    }
    results.extend(manifest.failures.iter().map(|failure| (&failure.cell, failure.seed)));
    let planned: BTreeSet<(&RunId, u64)> = manifest
        .cells
        .iter()
        .flat_map(|cell| cell.seeds.iter().map(|seed| (&cell.id, *seed)))
        .collect();
    for (cell, seed) in planned.union(&results) {
        let (planned, result) =
            [&planned, &results].map(|set| set.contains(&(*cell, *seed))).into();
        check.expect(planned && result, &format!("{}: runs", manifest::FILE), || {
            let what = if planned {
                "is planned, and neither done nor failed"
            } else {
                "was never planned"
            };
            format!("cell {cell}, seed {seed} {what}")
        });
    }
    for (id, class) in &manifest.classes {
        let path = format!("{}: classes.{id}", manifest::FILE);
        let digest = digest_json(class)?;
        check.expect(digest.to_string() == *id, &path, || {
            format!("the properties have the digest {digest}")
        });
        let used = manifest.runs.iter().any(|run| run.class.to_string() == *id);
        check.expect(used, &path, || "no run is of this class".into());
    }
    Ok(check)
}

/// Why the entry of a run does not follow from its cell.
fn unfounded(manifest: &Manifest, run: &RunEntry) -> Result<Option<String>> {
    let labelled = |cell: &&CellEntry| {
        (&cell.id, &cell.dataset, &cell.fusion, &cell.strategy)
            == (&run.cell, &run.dataset, &run.fusion, &run.strategy)
    };
    let Some(cell) = manifest.cells.iter().find(labelled) else {
        return Ok(Some(format!("no cell {} has its labels", run.cell)));
    };
    let id = cell.spec.run_id(run.seed)?;
    let needs = unlike_needs(manifest, cell, run)?;
    Ok(if id != run.id {
        Some(format!("the run described has the id {id}"))
    } else if cell.spec.data_manifest() != run.data_manifest {
        Some("its data manifest is not that of its description".into())
    } else if !manifest.classes.contains_key(&run.class.to_string()) {
        Some(format!("its class {} is not described", run.class))
    } else {
        needs
    })
}

/// Where the runs that a run began from are not those of its description, or not those of the report.
fn unlike_needs(manifest: &Manifest, cell: &CellEntry, run: &RunEntry) -> Result<Option<String>> {
    let described = cell.spec.current().map_or(Vec::new(), |spec| spec.run(run.seed).needs());
    let ids = described.iter().map(RunSpec::id).collect::<Result<Vec<_>>>()?;
    if !ids.iter().eq(run.needs.iter().map(|needed| &needed.run)) {
        return Ok(Some("it did not begin from the runs that its description needs".into()));
    }
    let other = |needed: &&NeededRun| {
        manifest.runs.iter().any(|run| run.id == needed.run && run.root != needed.root)
    };
    let other = run.needs.iter().find(other);
    Ok(other.map(|needed| format!("it began from {needed}, which is another in the report")))
}

/// Computes the report's root again from the suite's text and the roots of the runs, and looks
/// for it on the page. The manifest's own bytes must be those that the program writes, so that
/// nothing hides in them.
///
/// # Errors
/// When the manifest cannot be encoded.
pub fn root(files: &Files, manifest: &Manifest) -> Result<Check> {
    let mut check = Check::new("root", "the report's root with the Merkle root over its runs");
    let path = |field: &str| format!("{}: {field}", manifest::FILE);
    let mut roots: BTreeMap<&RunId, Digest> = BTreeMap::new();
    for run in &manifest.runs {
        let before = roots.insert(&run.id, run.root);
        // Cells may share a run.
        check.expect(before.is_none_or(|root| root == run.root), &path("runs"), || {
            format!("run {} has two roots", run.id)
        });
    }
    let root = merkle_root(std::iter::once(manifest.suite_text).chain(roots.into_values()));
    check.expect(root == manifest.root, &path("root"), || {
        format!("is {}, the suite's text and the runs give {root}", manifest.root)
    });
    let written = files.get(manifest::FILE).map_or(&[][..], Vec::as_slice);
    check.expect(manifest.to_bytes()? == written, manifest::FILE, || {
        "holds more than what is read from it".into()
    });
    check.expect(version(files, manifest).is_some(), PAGE, || {
        format!("does not say that it is of the suite `{}` with this root", manifest.suite)
    });
    Ok(check)
}

/// The version of the report, as its page states it beside the manifest's suite and root.
pub fn version(files: &Files, manifest: &Manifest) -> Option<u32> {
    let page = std::str::from_utf8(files.get(PAGE)?).ok()?;
    let (_, rest) = page.split_once(&format!("Suite `{}`, version ", manifest.suite))?;
    let (version, rest) = rest.split_once(", root `")?;
    rest.starts_with(&format!("{}`", manifest.root)).then(|| version.parse().ok())?
}

/// Compares the cells with those that the suite's file resolves to, each described in the format of
/// the manifest. The text of `suite` must be the one that the manifest names.
///
/// # Errors
/// When a description cannot be encoded.
pub fn suite(manifest: &Manifest, suite: &Suite) -> Result<Check> {
    let mut check = Check::new("cells", "every cell with what the suite's file resolves to");
    let path = format!("{}: cells", manifest::FILE);
    let n = manifest.cells.len();
    check.expect(n == suite.cells.len(), &path, || {
        format!("are {n}, the suite has {}", suite.cells.len())
    });
    for (at, (entry, cell)) in manifest.cells.iter().zip(&suite.cells).enumerate() {
        let seeds = cell.runs.iter().map(|run| run.seed);
        let id = match &entry.spec {
            Described::Current(_) => cell.id.clone(),
            Described::First(_) => first_format(cell)?,
        };
        let equal = entry.id == id
            && (&entry.dataset, &entry.fusion, &entry.strategy)
                == (&cell.dataset, &cell.fusion, &cell.strategy)
            && seeds.eq(entry.seeds.iter().copied());
        check.expect(equal, &format!("{}: cells[{at}]", manifest::FILE), || {
            format!("is {}, the suite resolves to {} ({})", entry.id, id, cell.label())
        });
    }
    Ok(check)
}

/// The id that release 0.1 gave a cell.
fn first_format(cell: &Cell) -> Result<RunId> {
    let first = cell.runs.first();
    let first = first.ok_or_else(|| Error::unexpected(format!("{}: no seed", cell.label())))?;
    v1::Run::of(&first.cell, &cell.preset, cell.trace_every.get(), first.seed)?.cell_id()
}
