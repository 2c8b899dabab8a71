//! Two published reports: what was added, removed and changed, and by how much results moved.

use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::plain;
use crate::results::manifest::{CellEntry, Manifest};
use crate::results::rows::{self, FINISHED, RESULTS, Row};
use crate::results::sheets::written;
use crate::stats::paired::{by_seed, paired};
use crate::stats::summary::{Estimate, estimate};
use crate::suite::change::{Change, changes};
use crate::suite::run::RunId;
use crate::task::metric::Metric;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

/// A published report, read for comparison.
#[derive(Clone, Debug)]
pub struct Published {
    pub manifest: Manifest,
    results: Vec<Row>,
    /// Whether `results.csv` is the file that the manifest names.
    pub intact: bool,
}

/// How the report `new` differs from `old`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The roots of both reports.
    pub roots: [Digest; 2],
    /// Whether the text of the suite is the same.
    pub same_suite_text: bool,
    /// Cells of the new report alone, and of the old alone, in a line each.
    pub added: Vec<String>,
    pub removed: Vec<String>,
    /// Cells of both, in the order of the new report.
    pub cells: Vec<CellDifference>,
    /// What the determinism classes of both do not share: every value of a property in each.
    pub classes: BTreeMap<String, [Vec<String>; 2]>,
    /// Data sets whose manifest or content changed, by label: the digests in each report.
    pub data: BTreeMap<String, [Vec<Digest>; 2]>,
}

/// A cell that both reports have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellDifference {
    /// The cell in a line, as the new report calls it.
    pub label: String,
    pub ids: [RunId; 2],
    /// The fields of the description that changed.
    pub changes: Vec<Change>,
    /// The metric that the new one is judged by.
    pub metric: Metric,
    /// It on the test split under the protocol's selection; of the old one `None` where that was
    /// judged by another.
    pub old: Option<Estimate>,
    pub new: Option<Estimate>,
    /// New less old over the seeds that both have, paired.
    pub delta: Option<Estimate>,
    /// Runs of the same seed in both, and those of them with equal roots.
    pub runs: usize,
    pub equal_roots: usize,
}

impl CellDifference {
    /// Whether description and results are the same to the bit.
    pub fn is_equal(&self) -> bool {
        self.changes.is_empty() && self.runs == self.equal_roots && self.old == self.new
    }
}

impl Published {
    /// Reads a report's manifest and its sheet of runs.
    ///
    /// # Errors
    /// When the folder holds no report that can be read.
    pub fn load(folder: &Path) -> Result<Self> {
        let manifest = Manifest::load(folder)?;
        let path = folder.join(RESULTS);
        let bytes = plain::REPORT.read(&path)?;
        let results = rows::read(&path.display().to_string(), &bytes)?;
        let intact = manifest.files.get(RESULTS) == Some(&Digest::of(&bytes));
        Ok(Self { manifest, results, intact })
    }

    /// What belongs to each cell, found once: a report may have thousands of them.
    fn index(&self) -> Index<'_> {
        let mut index = Index::default();
        for row in &self.results {
            let labels = ["cell", "dataset", "fusion", "strategy"].map(|name| row.text(name));
            index.rows.entry(labels.map(str::to_string)).or_default().push(row);
        }
        for run in &self.manifest.runs {
            index.roots.entry(&run.cell).or_default().insert(run.seed, run.root);
        }
        index
    }
}

/// The rows of `results.csv` by the cell's id and labels, and the roots of runs by the cell's id
/// and the seed.
#[derive(Default)]
struct Index<'a> {
    rows: BTreeMap<[String; 4], Vec<&'a Row>>,
    roots: BTreeMap<&'a RunId, BTreeMap<u64, Digest>>,
}

impl Index<'_> {
    /// A metric on the test split of a cell's finished runs by seed, under the protocol's selection.
    fn values(&self, cell: &CellEntry, metric: Metric) -> Result<Vec<(u64, f64)>> {
        let strategy = cell.strategy_label();
        let labels = [&cell.id.0, &cell.dataset, &cell.fusion, &strategy].map(|of| written(of));
        let column = rows::column(cell.spec.selection(), metric.name);
        let mut values = Vec::new();
        for row in self.rows.get(&labels).into_iter().flatten() {
            if row.text("status") == FINISHED
                && let (Some(seed), Some(value)) = (row.whole("seed")?, row.number(&column)?)
            {
                values.push((seed, value));
            }
        }
        Ok(values)
    }

    /// The roots of a cell's runs for the seeds that it plans.
    fn roots(&self, cell: &CellEntry) -> BTreeMap<u64, Digest> {
        let Some(roots) = self.roots.get(&cell.id) else { return BTreeMap::new() };
        cell.seeds.iter().filter_map(|seed| Some((*seed, *roots.get(seed)?))).collect()
    }
}

/// Compares two reports, of one suite or of two. A cell is the same if its labels are, or else
/// if its description is.
///
/// # Errors
/// When a sheet is damaged or a description cannot be encoded.
pub fn diff(old: &Published, new: &Published) -> Result<Difference> {
    let mut left: Vec<Option<&CellEntry>> = old.manifest.cells.iter().map(Some).collect();
    let mut partners: Vec<Option<&CellEntry>> = vec![None; new.manifest.cells.len()];
    for key in [labels, description] {
        // Of equal ones the first is taken first.
        let mut places: BTreeMap<Vec<String>, VecDeque<usize>> = BTreeMap::new();
        for (at, cell) in left.iter().enumerate() {
            if let Some(cell) = cell {
                places.entry(key(cell)).or_default().push_back(at);
            }
        }
        for (cell, partner) in new.manifest.cells.iter().zip(&mut partners) {
            if partner.is_none()
                && let Some(at) = places.get_mut(&key(cell)).and_then(VecDeque::pop_front)
            {
                *partner = left[at].take();
            }
        }
    }
    let (before, after) = (old.index(), new.index());
    let mut cells = Vec::new();
    let mut added = Vec::new();
    for (cell, partner) in new.manifest.cells.iter().zip(partners) {
        match partner {
            Some(partner) => cells.push(compare(&before, partner, &after, cell)?),
            None => added.push(label(cell)),
        }
    }
    Ok(Difference {
        roots: [old.manifest.root, new.manifest.root],
        same_suite_text: old.manifest.suite_text == new.manifest.suite_text,
        added,
        removed: left.into_iter().flatten().map(label).collect(),
        cells,
        classes: classes(&old.manifest, &new.manifest),
        data: data(&old.manifest, &new.manifest),
    })
}

fn labels(cell: &CellEntry) -> Vec<String> {
    // The reference cells of a data set's modalities share their labels.
    let strategy = cell.strategy_label();
    vec![cell.dataset.clone(), cell.fusion.clone(), cell.strategy.clone(), strategy]
}

fn description(cell: &CellEntry) -> Vec<String> {
    vec![cell.id.0.clone()]
}

fn label(cell: &CellEntry) -> String {
    let strategy = cell.strategy_label();
    format!("{} / {} / {strategy}", cell.dataset, cell.fusion)
}

fn compare(
    old: &Index<'_>,
    before: &CellEntry,
    new: &Index<'_>,
    after: &CellEntry,
) -> Result<CellDifference> {
    let metric = after.spec.task()?.primary;
    let comparable = before.spec.task()?.primary == metric;
    let was = if comparable { old.values(before, metric)? } else { Vec::new() };
    let is = new.values(after, metric)?;
    let (roots_before, roots_after) = (old.roots(before), new.roots(after));
    let shared: Vec<bool> = roots_after
        .iter()
        .filter_map(|(seed, root)| Some(roots_before.get(seed)? == root))
        .collect();
    let values = |of: &[(u64, f64)]| of.iter().map(|(_, value)| *value).collect::<Vec<_>>();
    Ok(CellDifference {
        label: label(after),
        ids: [before.id.clone(), after.id.clone()],
        changes: changes(&described(before)?, &described(after)?)?,
        metric,
        old: estimate(&values(&was)),
        new: estimate(&values(&is)),
        delta: paired(&by_seed(&is, &was)).map(|test| test.difference),
        runs: shared.len(),
        equal_roots: shared.iter().filter(|equal| **equal).count(),
    })
}

/// The description of a cell, with all its seeds in place of one.
fn described(cell: &CellEntry) -> Result<Value> {
    let mut value = serde_json::to_value(&cell.spec)
        .map_err(|e| Error::unexpected(format!("cannot encode a description: {e}")))?;
    if let Some(map) = value.as_object_mut() {
        map.remove("seed");
    }
    value["seeds"] = cell.seeds.clone().into();
    Ok(value)
}

fn classes(old: &Manifest, new: &Manifest) -> BTreeMap<String, [Vec<String>; 2]> {
    let values = [old, new].map(|manifest| {
        let mut values: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
        for (name, value) in manifest.classes.values().flatten() {
            values.entry(name).or_default().insert(value);
        }
        values
    });
    let names: BTreeSet<&String> = values.iter().flat_map(BTreeMap::keys).copied().collect();
    let both = names.into_iter().map(|name| {
        let of = |values: &BTreeMap<&String, BTreeSet<&String>>| -> Vec<String> {
            values.get(name).into_iter().flatten().map(ToString::to_string).collect()
        };
        (name.clone(), [of(&values[0]), of(&values[1])])
    });
    both.filter(|(_, [old, new])| old != new).collect()
}

fn data(old: &Manifest, new: &Manifest) -> BTreeMap<String, [Vec<Digest>; 2]> {
    let digests = [old, new].map(|manifest| {
        let mut digests: BTreeMap<&String, BTreeSet<Digest>> = BTreeMap::new();
        for run in &manifest.runs {
            digests.entry(&run.dataset).or_default().extend([run.data_manifest, run.data_content]);
        }
        digests
    });
    let shared = digests[0].iter().filter_map(|(name, old)| {
        let new = digests[1].get(name)?;
        let of = |digests: &BTreeSet<Digest>| digests.iter().copied().collect();
        (old != new).then(|| ((*name).clone(), [of(old), of(new)]))
    });
    shared.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::render;
    use crate::results::fixture;
    use crate::results::input::SuiteInput;
    use crate::results::manifest::RunEntry;

    fn published(input: &SuiteInput) -> Published {
        let files = render(input, 1).unwrap();
        Published {
            manifest: serde_json::from_slice(&files["manifest.json"]).unwrap(),
            results: rows::read(RESULTS, &files[RESULTS]).unwrap(),
            intact: true,
        }
    }

    #[test]
    fn a_report_does_not_differ_from_itself() {
        let report = published(&fixture::small());
        let found = diff(&report, &report).unwrap();
        assert_eq!(found.cells.len(), report.manifest.cells.len());
        assert!(found.cells.iter().all(CellDifference::is_equal));
        assert!(found.added.is_empty() && found.removed.is_empty());
        assert!(found.classes.is_empty() && found.data.is_empty());
        assert!(found.cells.iter().any(|cell| cell.delta.is_some_and(|delta| delta.mean == 0.0)));
    }

    /// So many copies of the first cell, which differ in their label alone and so share an id.
    fn copies(n: usize) -> Published {
        let mut report = published(&fixture::tiny());
        let cell = report.manifest.cells.remove(0);
        let header = "cell,dataset,fusion,strategy,seed,status,best_val_test_accuracy\n";
        let mut lines = vec![header.to_string()];
        let runs = report.manifest.runs.iter().filter(|run| run.cell == cell.id);
        let runs: Vec<_> = runs.cloned().collect();
        report.manifest.runs.clear();
        report.manifest.cells.clear();
        for at in 0..n {
            let dataset = format!("copy {at}");
            for run in &runs {
                let labels = format!("{},{dataset},{},{}", cell.id, cell.fusion, cell.strategy);
                lines.push(format!("{labels},{},finished,0.5\n", run.seed));
                report.manifest.runs.push(RunEntry { dataset: dataset.clone(), ..run.clone() });
            }
            report.manifest.cells.push(CellEntry { dataset, ..cell.clone() });
        }
        report.results = rows::read(RESULTS, lines.concat().as_bytes()).unwrap();
        report
    }

    #[test]
    fn thousands_of_cells_of_one_description_are_compared_in_seconds() {
        let (old, new) = (copies(4000), copies(4000));
        let begun = std::time::Instant::now();
        let found = diff(&old, &new).unwrap();
        assert!(begun.elapsed().as_secs() < 10, "it took {:?}", begun.elapsed());
        assert_eq!((found.cells.len(), found.added.len(), found.removed.len()), (4000, 0, 0));
        for cell in &found.cells {
            assert!(cell.is_equal() && (cell.runs, cell.new.unwrap().n) == (2, 2));
        }
        // Without equal labels they are taken in their order.
        let mut renamed = copies(3);
        for cell in &mut renamed.manifest.cells {
            cell.dataset = format!("renamed {}", cell.dataset);
        }
        let found = diff(&copies(2), &renamed).unwrap();
        let labels: Vec<&str> = found.cells.iter().map(|cell| cell.label.as_str()).collect();
        assert_eq!(labels, ["renamed copy 0 / concat / joint", "renamed copy 1 / concat / joint"]);
        assert_eq!(found.added, ["renamed copy 2 / concat / joint"]);
    }

    #[test]
    fn what_is_added_removed_and_changed_is_told_apart() {
        let old = fixture::tiny();
        let mut new = old.clone();
        let gone = new.cells.remove(1);
        new.cells[0].spec.protocol.epochs += 1;
        for record in &mut new.cells[0].records {
            record.spec.cell.protocol.epochs += 1;
            let selected = record.selected_epoch;
            record.epochs[selected].test.shift("accuracy", -0.25);
            record.environment.class.insert("libm".into(), "another".into());
            record.environment.class_id = Digest::of(b"another class");
        }
        let (old, new) = (published(&old), published(&new));
        let found = diff(&old, &new).unwrap();
        assert_eq!(found.removed, [format!("digits / concat / {}", gone.strategy)]);
        assert_eq!(diff(&new, &old).unwrap().added, found.removed);
        let cell = &found.cells[0];
        assert_eq!(cell.changes[0].field, "protocol.epochs");
        assert_eq!((cell.runs, cell.equal_roots), (2, 0));
        assert!((cell.delta.unwrap().mean + 0.25).abs() < 1e-12, "{:?}", cell.delta);
        assert!(found.cells[1..].iter().all(CellDifference::is_equal));
        assert_eq!(found.classes["libm"][1].last().unwrap(), "another");
    }
}
