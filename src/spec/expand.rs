//! From a suite's nodes to its cells: data sets x fusions x strategies x seeds.

use super::catalog::{Catalog, EncoderInfo, FusionInfo};
use super::filter::glob;
use super::part::{Named, list, map, text};
use super::problem::{Place, Problem};
use super::run::{Branch, Part, RunId, RunSpec};
use super::suite::{Cell, Suite};
use super::wire::{Node, Value as Wire};
use super::{catalog::PartInfo, protocol};
use crate::data::{self, Modality};
use crate::hash::Digest;
use crate::protocol::Protocol;
use crate::registry::{Params, unknown};
use std::collections::BTreeMap;

/// The keys of a suite.
pub(super) const KEYS: &[&str] = &[
    "suite",
    "title",
    "analysis",
    "protocol",
    "seeds",
    "datasets",
    "fusion",
    "strategies",
    "scores",
    "include",
    "exclude",
];

/// The keys of a data set that are not its parameters.
pub(super) const DATASET_KEYS: &[&str] = &["label", "encoders", "protocol", "scores"];

/// The name of the strategy that stands for one run per modality.
const UNIMODAL: &str = "unimodal";

/// The fusion of a run with one modality: a linear head.
const UNIMODAL_FUSION: &str = "concat";

/// Expands a suite; `None` and problems where it cannot be.
pub(super) fn suite(
    node: &Node,
    catalog: &Catalog,
    backend: &str,
    problems: &mut Vec<Problem>,
) -> Option<Suite> {
    let entries = map(node, "a suite", KEYS, problems)?;
    for key in ["suite", "title", "protocol", "seeds", "datasets", "fusion", "strategies"] {
        if !entries.contains_key(key) {
            problems.push(Problem::new(Place::START, format!("a suite needs `{key}`")));
        }
    }
    let word = |key: &str, problems: &mut Vec<Problem>| {
        entries.get(key).and_then(|node| text(node, key, problems)).unwrap_or_default().trim()
    };
    let name = word("suite", problems);
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if let Some(node) = entries.get("suite")
        && (name.is_empty() || !name.chars().all(valid))
    {
        let message = "a suite's name is made of lower-case letters, digits and `-`";
        problems.push(Problem::new(node.place, message));
    }
    let title = word("title", problems);
    let analysis = word("analysis", problems);
    let base = entries.get("protocol").and_then(|node| protocol::read(node, problems));
    let seeds = entries.get("seeds").and_then(|node| seeds(node, problems));
    let (base, seeds) = (base?, seeds?);
    let mut maker = Maker { catalog, backend, base, seeds, scores: None, problems, made: vec![] };
    maker.scores = entries.get("scores").and_then(|node| maker.estimator(node));

    let sets = maker.nodes(entries.get("datasets"), "datasets", Maker::dataset);
    let fusions = maker.nodes(entries.get("fusion"), "fusion", Maker::fusion);
    let strategies = maker.nodes(entries.get("strategies"), "strategies", Maker::strategy);
    maker.labels(&sets);
    for set in &sets {
        for fusion in &fusions {
            for strategy in &strategies {
                maker.cell(set, fusion, strategy, false);
            }
        }
    }
    maker.exclude(entries.get("exclude").copied());
    maker.include(entries.get("include").copied(), &sets);
    let cells = maker.finish();
    Some(Suite {
        name: name.into(),
        title: title.into(),
        analysis: analysis.into(),
        text: String::new(),
        digest: Digest::of(b""),
        cells,
    })
}

fn seeds(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<u64>> {
    if let Wire::Map(_) = node.value {
        let entries = map(node, "`seeds`", &["count"], problems)?;
        return match entries.get("count").map(|node| (&node.value, node.place)) {
            Some((Wire::Int(n), _)) if (1..=10_000).contains(n) => Some((0..*n as u64).collect()),
            other => {
                let place = other.map_or(node.place, |(_, place)| place);
                problems.push(Problem::new(place, "`count` must be from 1 to 10000"));
                None
            }
        };
    }
    let mut seeds = Vec::new();
    for item in list(node, "seeds", problems)? {
        match item.value {
            Wire::Int(x) if 0 <= x && !seeds.contains(&(x as u64)) => seeds.push(x as u64),
            Wire::Int(x) if 0 <= x => {
                problems.push(Problem::new(item.place, format!("seed {x} stands twice")));
            }
            _ => {
                let message = format!("a seed is a whole number, not {}", item.kind());
                problems.push(Problem::new(item.place, message));
            }
        }
    }
    (!seeds.is_empty()).then_some(seeds)
}

/// A data set of a suite.
#[derive(Clone)]
struct Set {
    label: String,
    place: Place,
    part: Part,
    n_classes: usize,
    manifest: Digest,
    branches: Vec<Branch>,
    feature_sizes: Vec<usize>,
    protocol: Protocol,
    /// The estimator named for the data set, and where.
    scores: Option<(String, Place)>,
}

/// A part with its label and place.
#[derive(Clone)]
struct Placed {
    label: String,
    place: Place,
    part: Part,
}

/// A cell and where in the suite it comes from.
struct Made {
    cell: Cell,
    place: Place,
    /// Why it cannot run, unless it is excluded.
    obstacle: Option<Problem>,
}

struct Maker<'a> {
    catalog: &'a Catalog,
    backend: &'a str,
    base: Protocol,
    seeds: Vec<u64>,
    scores: Option<(String, Place)>,
    problems: &'a mut Vec<Problem>,
    made: Vec<Made>,
}

impl Maker<'_> {
    fn problem(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(Problem::new(place, message));
    }

    /// Reads every item of a list.
    fn nodes<T>(
        &mut self,
        node: Option<&&Node>,
        what: &str,
        read: fn(&mut Self, &Node) -> Vec<T>,
    ) -> Vec<T> {
        let items = node.and_then(|node| list(node, what, self.problems)).unwrap_or_default();
        items.iter().flat_map(|item| read(self, item)).collect()
    }

    /// Reads one item, or every item of a list.
    fn each<T>(&mut self, node: &Node, read: fn(&mut Self, &Node) -> Vec<T>) -> Vec<T> {
        match &node.value {
            Wire::List(items) => items.iter().flat_map(|item| read(self, item)).collect(),
            _ => read(self, node),
        }
    }

    fn estimator(&mut self, node: &Node) -> Option<(String, Place)> {
        let name = text(node, "scores", self.problems)?;
        let names: Vec<&str> = self.catalog.estimators.iter().map(|info| info.name).collect();
        if !names.contains(&name) {
            self.problem(node.place, unknown("score estimator", name, names.into_iter()));
            return None;
        }
        Some((name.into(), node.place))
    }

    /// The points of a named part's grid.
    fn parts(&mut self, named: &Named<'_>, what: &str, infos: &[PartInfo]) -> Vec<Placed> {
        let Some(info) = infos.iter().find(|info| info.name == named.name) else {
            let message = unknown(what, named.name, infos.iter().map(|info| info.name));
            self.problem(named.place, message);
            return Vec::new();
        };
        let defaults = Params::defaults(info.params);
        let grid = named.grid(info.params, self.problems).into_iter();
        grid.map(|part| Placed { label: part.label(&defaults), place: named.place, part }).collect()
    }

    fn fusion(&mut self, node: &Node) -> Vec<Placed> {
        let infos: Vec<PartInfo> = self.catalog.fusions.iter().map(|info| info.part).collect();
        match Named::read(node, "fusion", self.problems) {
            Some(named) => self.parts(&named, "fusion", &infos),
            None => Vec::new(),
        }
    }

    fn strategy(&mut self, node: &Node) -> Vec<Placed> {
        match Named::read(node, "strategy", self.problems) {
            Some(named) => {
                let infos = &self.catalog.strategies;
                self.parts(&named, "strategy", infos)
            }
            None => Vec::new(),
        }
    }

    fn dataset(&mut self, node: &Node) -> Vec<Set> {
        let Some(mut named) = Named::read(node, "data set", self.problems) else {
            return Vec::new();
        };
        let label = named.take("label").and_then(|node| text(node, "label", self.problems));
        let encoders = named.take("encoders");
        let changes = named.take("protocol");
        let scores = named.take("scores").and_then(|node| self.estimator(node));
        let base = self.base.clone();
        let protocol = match changes {
            Some(node) => protocol::change(&base, node, self.problems),
            None => Some(base),
        };
        let infos = &self.catalog.datasets;
        let parts = self.parts(&named, "data set", infos);
        let Some(protocol) = protocol else { return Vec::new() };
        if 1 < parts.len() && label.is_some() {
            self.problem(named.place, "one `label` cannot stand for a grid of data sets");
        }
        parts
            .into_iter()
            .filter_map(|placed| {
                let Placed { label: own, place, part } = placed;
                let described = data::modalities(&part.name, &part.params).and_then(|modalities| {
                    let n_classes = data::classes(&part.name, &part.params)?.len();
                    Ok((modalities, n_classes, data::manifest(&part.name, &part.params)?))
                });
                let (modalities, n_classes, manifest) = match described {
                    Ok(described) => described,
                    Err(error) => {
                        self.problem(place, error.message);
                        return None;
                    }
                };
                let (branches, feature_sizes) = self.branches(&modalities, encoders, place)?;
                Some(Set {
                    label: label.map_or(own, str::to_string),
                    place,
                    part,
                    n_classes,
                    manifest,
                    branches,
                    feature_sizes,
                    protocol: protocol.clone(),
                    scores: scores.clone(),
                })
            })
            .collect()
    }

    /// Every modality with its encoder, and the sizes of their features.
    fn branches(
        &mut self,
        modalities: &[Modality],
        encoders: Option<&Node>,
        place: Place,
    ) -> Option<(Vec<Branch>, Vec<usize>)> {
        let names: Vec<&str> = modalities.iter().map(|modality| modality.name.as_str()).collect();
        let given = match encoders {
            Some(node) => map(node, "`encoders`", &names, self.problems)?,
            None => BTreeMap::new(),
        };
        let infos: Vec<PartInfo> = self.catalog.encoders.iter().map(|info| info.part).collect();
        let mut branches = Vec::new();
        let mut sizes = Vec::new();
        for modality in modalities {
            let placed = match given.get(modality.name.as_str()) {
                Some(node) => {
                    let named = Named::read(node, "encoder", self.problems)?;
                    let parts = self.parts(&named, "encoder", &infos);
                    if 1 < parts.len() {
                        self.problem(named.place, "an encoder cannot be a grid");
                        return None;
                    }
                    parts.into_iter().next()?
                }
                None => {
                    let name = (self.catalog.default_encoder)(modality.shape);
                    let named = Named { name, place, rest: Vec::new() };
                    self.parts(&named, "encoder", &infos).into_iter().next()?
                }
            };
            let info: EncoderInfo =
                *self.catalog.encoders.iter().find(|i| i.part.name == placed.part.name)?;
            if let Err(why) = (info.accepts)(modality.shape) {
                let message = format!(
                    "encoder `{}` cannot read `{}`: {why}",
                    placed.part.name, modality.name
                );
                self.problem(placed.place, message);
                return None;
            }
            sizes.push((info.feature_size)(&placed.part.params));
            branches.push(Branch { modality: modality.clone(), encoder: placed.part });
        }
        Some((branches, sizes))
    }

    /// Data sets must be told apart by label.
    fn labels(&mut self, sets: &[Set]) {
        for (i, set) in sets.iter().enumerate() {
            if let Some(first) = sets[..i].iter().find(|other| other.label == set.label) {
                let message = format!(
                    "data set `{}` is listed twice, first in line {}",
                    set.label, first.place.line
                );
                self.problems
                    .push(Problem::new(set.place, message).with_hint("give one of them a `label`"));
            }
        }
    }

    /// Makes the cell, or the cells of a strategy that stands for several.
    fn cell(&mut self, set: &Set, fusion: &Placed, strategy: &Placed, included: bool) {
        if strategy.part.name == UNIMODAL {
            return self.unimodal(set, strategy, included);
        }
        let Some(info) =
            self.catalog.fusions.iter().find(|info| info.part.name == fusion.part.name).copied()
        else {
            return;
        };
        if let Err(why) = (info.joins)(&set.feature_sizes) {
            let message =
                format!("fusion `{}` cannot join data set `{}`: {why}", fusion.label, set.label);
            let hint = format!(
                "leave the cell out: `exclude: [{{dataset: \"{}\", fusion: \"{}\"}}]`",
                set.label, fusion.label
            );
            let obstacle = Some(Problem::new(fusion.place, message).with_hint(hint));
            let cell = Cell {
                id: RunId(String::new()),
                dataset: set.label.clone(),
                fusion: fusion.label.clone(),
                strategy: strategy.label.clone(),
                runs: Vec::new(),
            };
            self.made.push(Made { cell, place: fusion.place, obstacle });
            return;
        }
        let scores = set.scores.clone().or_else(|| self.scores.clone());
        let scores = match scores {
            Some((name, place)) if name.starts_with("split-head") && !info.splits => {
                let message = format!("`{name}` does not work with fusion `{}`", fusion.label);
                self.problems.push(
                    Problem::new(place, message)
                        .with_hint("use `zero-out-feature`, or leave `scores` out"),
                );
                return;
            }
            Some((name, _)) => name,
            None => info.default_scores.to_string(),
        };
        let cell = self.described(set, set.branches.clone(), fusion, strategy, scores);
        self.push(cell, strategy.place, included);
    }

    /// One cell per modality, once per data set whatever the fusions.
    fn unimodal(&mut self, set: &Set, strategy: &Placed, included: bool) {
        let Some(info) = self.head().copied() else { return };
        let part =
            Part { name: UNIMODAL_FUSION.into(), params: Params::defaults(info.part.params) };
        let fusion = Placed { label: UNIMODAL_FUSION.into(), place: strategy.place, part };
        for branch in &set.branches {
            let strategy = Placed {
                label: format!("{} {}", strategy.label, branch.modality.name),
                ..strategy.clone()
            };
            let scores = info.default_scores.to_string();
            let branches = vec![branch.clone()];
            let cell = self.described(set, branches, &fusion, &strategy, scores);
            let known = |made: &Made| {
                made.cell.dataset == cell.dataset && made.cell.strategy == cell.strategy
            };
            if !self.made.iter().any(known) {
                self.push(cell, strategy.place, included);
            }
        }
    }

    fn head(&self) -> Option<&FusionInfo> {
        self.catalog.fusions.iter().find(|info| info.part.name == UNIMODAL_FUSION)
    }

    fn described(
        &mut self,
        set: &Set,
        branches: Vec<Branch>,
        fusion: &Placed,
        strategy: &Placed,
        scores: String,
    ) -> Cell {
        let runs: Vec<RunSpec> = self
            .seeds
            .iter()
            .map(|seed| RunSpec {
                format: RunSpec::FORMAT,
                dataset: set.part.clone(),
                data_manifest: set.manifest,
                n_classes: set.n_classes,
                branches: branches.clone(),
                fusion: fusion.part.clone(),
                strategy: strategy.part.clone(),
                scores: scores.clone(),
                protocol: set.protocol.clone(),
                seed: *seed,
                backend: self.backend.into(),
            })
            .collect();
        let id = runs[0].cell_id().unwrap_or_else(|error| {
            self.problem(set.place, error.message);
            RunId(String::new())
        });
        Cell {
            id,
            dataset: set.label.clone(),
            fusion: fusion.label.clone(),
            strategy: strategy.label.clone(),
            runs,
        }
    }

    fn push(&mut self, cell: Cell, place: Place, included: bool) {
        if let Some(first) = self.made.iter().find(|made| made.cell.id == cell.id) {
            let message = format!(
                "the cell {} is there already, from line {}",
                cell.label(),
                first.place.line
            );
            let hint = if included { "take it out of `include`" } else { "list each part once" };
            self.problems.push(Problem::new(place, message).with_hint(hint));
            return;
        }
        self.made.push(Made { cell, place, obstacle: None });
    }

    /// Takes out the cells that match a pattern; a pattern that matches none is a problem.
    fn exclude(&mut self, node: Option<&Node>) {
        let Some(items) = node.and_then(|node| list(node, "exclude", self.problems)) else {
            return;
        };
        for item in items {
            let keys = ["dataset", "fusion", "strategy"];
            let Some(entries) = map(item, "a pattern of `exclude`", &keys, self.problems) else {
                continue;
            };
            let mut patterns = Vec::new();
            for (key, node) in entries {
                if let Some(pattern) = text(node, key, self.problems) {
                    patterns.push((key, pattern));
                }
            }
            let matches = |cell: &Cell| {
                patterns.iter().all(|(key, pattern)| {
                    let label = match *key {
                        "dataset" => &cell.dataset,
                        "fusion" => &cell.fusion,
                        _ => &cell.strategy,
                    };
                    glob(pattern, label)
                })
            };
            let before = self.made.len();
            self.made.retain(|made| patterns.is_empty() || !matches(&made.cell));
            if self.made.len() == before {
                self.problem(item.place, "this pattern matches no cell");
            }
        }
    }

    /// Adds the products of the entries of `include`.
    fn include(&mut self, node: Option<&Node>, sets: &[Set]) {
        let Some(items) = node.and_then(|node| list(node, "include", self.problems)) else {
            return;
        };
        for item in items {
            let keys = ["dataset", "fusion", "strategy"];
            let Some(entries) = map(item, "an entry of `include`", &keys, self.problems) else {
                continue;
            };
            let (Some(set), Some(fusion), Some(strategy)) =
                (entries.get("dataset"), entries.get("fusion"), entries.get("strategy"))
            else {
                self.problem(item.place, "an entry needs `dataset`, `fusion` and `strategy`");
                continue;
            };
            let known = match &set.value {
                Wire::Text(label) => sets.iter().find(|set| set.label == *label).cloned(),
                _ => None,
            };
            let sets = match known {
                Some(set) => vec![set],
                None => self.dataset(set),
            };
            let fusions = self.each(fusion, Maker::fusion);
            let strategies = self.each(strategy, Maker::strategy);
            for set in &sets {
                for fusion in &fusions {
                    for strategy in &strategies {
                        self.cell(set, fusion, strategy, true);
                    }
                }
            }
        }
    }

    fn finish(self) -> Vec<Cell> {
        if self.made.is_empty() && self.problems.is_empty() {
            self.problems.push(Problem::new(Place::START, "no cell is left"));
        }
        let mut cells = Vec::new();
        for made in self.made {
            match made.obstacle {
                // Every strategy meets the same one; said once, it is enough.
                Some(obstacle) => self.problems.push(obstacle),
                None => cells.push(made.cell),
            }
        }
        cells
    }
}
