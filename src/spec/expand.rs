//! From a suite's nodes to its cells: data sets x fusions x strategies x seeds.

use super::catalog::{Catalog, PartInfo};
use super::cell::Made;
use super::dataset::Set;
use super::filter::fits;
use super::part::{MAX_POINTS, Named, list, map, text};
use super::problem::{Place, Problem};
use super::protocol::{self, Setting};
use super::suite::{Cell, Suite};
use super::wire::{Node, Value as Wire};
use crate::hash::Digest;
use crate::protocol::presets::PRESETS;
use crate::registry::{Params, Part, unknown};

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

/// The most seeds that `count` gives.
pub(super) const MAX_SEEDS: i64 = 10_000;

/// The most runs of a suite: far above any that finishes, far below what fills the memory.
const MAX_RUNS: usize = 20_000;

/// Expands the suite of the file `stem`; `None` and problems where it cannot be.
pub(super) fn suite(
    node: &Node,
    stem: &str,
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
    } else if let Some(node) = entries.get("suite")
        && name != stem
    {
        let message = format!("the suite is called `{name}` but its file is not");
        let hint = format!("rename the file to `{name}.yaml`");
        problems.push(Problem::new(node.place, message).with_hint(hint));
    }
    let title = word("title", problems);
    let analysis = word("analysis", problems);
    let base = entries.get("protocol").and_then(|node| protocol::read(node, problems));
    let seeds = entries.get("seeds").and_then(|node| seeds(node, problems));
    // Stand-ins for what is missing, so that the rest of the suite is checked all the same.
    let base = base.or_else(|| Some(Setting::of(PRESETS.first()?)))?;
    let seeds = seeds.unwrap_or_else(|| vec![0]);
    let mut maker = Maker { catalog, backend, base, seeds, scores: None, problems, made: vec![] };
    maker.scores = entries.get("scores").and_then(|node| maker.estimator(node));

    let sets = maker.nodes(entries.get("datasets"), "datasets", Maker::dataset);
    let fusions = maker.nodes(entries.get("fusion"), "fusion", Maker::fusion);
    let strategies = maker.nodes(entries.get("strategies"), "strategies", Maker::strategy);
    maker.labels(&sets);
    maker.product(node.place, &sets, &fusions, &strategies, false);
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
            Some((Wire::Int(n), _)) if (1..=MAX_SEEDS).contains(n) => {
                Some((0..*n as u64).collect())
            }
            other => {
                let place = other.map_or(node.place, |(_, place)| place);
                let message = format!("`count` must be a whole number from 1 to {MAX_SEEDS}");
                problems.push(Problem::new(place, message));
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
                let message =
                    format!("a seed is a whole number from 0 to {}, not {}", i64::MAX, item.kind());
                problems.push(Problem::new(item.place, message));
            }
        }
    }
    (!seeds.is_empty()).then_some(seeds)
}

/// A part with its label and place.
#[derive(Clone)]
pub(super) struct Placed {
    pub(super) label: String,
    pub(super) place: Place,
    pub(super) part: Part,
}

/// What expansion needs and gathers.
pub(super) struct Maker<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) backend: &'a str,
    /// The suite's protocol, before a data set changes it.
    pub(super) base: Setting,
    pub(super) seeds: Vec<u64>,
    /// The estimator named for the suite, and where.
    pub(super) scores: Option<(String, Place)>,
    pub(super) problems: &'a mut Vec<Problem>,
    pub(super) made: Vec<Made>,
}

impl Maker<'_> {
    pub(super) fn problem(&mut self, place: Place, message: impl Into<String>) {
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
        let mut found = Vec::new();
        for item in items {
            found.extend(read(self, item));
            if MAX_POINTS < found.len() {
                self.problem(item.place, format!("`{what}` stands for more than {MAX_POINTS}"));
                return Vec::new();
            }
        }
        found
    }

    /// Reads one item, or every item of a list.
    fn each<T>(&mut self, node: &Node, read: fn(&mut Self, &Node) -> Vec<T>) -> Vec<T> {
        match &node.value {
            Wire::List(items) => items.iter().flat_map(|item| read(self, item)).collect(),
            _ => read(self, node),
        }
    }

    pub(super) fn estimator(&mut self, node: &Node) -> Option<(String, Place)> {
        let name = text(node, "scores", self.problems)?;
        let names: Vec<&str> = self.catalog.estimators.iter().map(|info| info.name).collect();
        if !names.contains(&name) {
            self.problem(node.place, unknown("score estimator", name, names.into_iter()));
            return None;
        }
        Some((name.into(), node.place))
    }

    /// The points of a named part's grid.
    pub(super) fn parts(
        &mut self,
        named: &Named<'_>,
        what: &str,
        infos: &[PartInfo],
    ) -> Vec<Placed> {
        let Some(info) = infos.iter().find(|info| info.name == named.name) else {
            let message = unknown(what, named.name, infos.iter().map(|info| info.name));
            self.problem(named.place, message);
            return Vec::new();
        };
        let defaults = Params::defaults(info.params);
        let grid = named.grid(info, self.problems).into_iter();
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

    /// Makes every cell of a product.
    fn product(
        &mut self,
        place: Place,
        sets: &[Set],
        fusions: &[Placed],
        strategies: &[Placed],
        included: bool,
    ) {
        let n = self.made.len() + sets.len() * fusions.len() * strategies.len();
        if MAX_RUNS < n.saturating_mul(self.seeds.len()) {
            return self.problem(place, format!("a suite has at most {MAX_RUNS} runs"));
        }
        for set in sets {
            for fusion in fusions {
                for strategy in strategies {
                    self.cell(set, fusion, strategy, included);
                }
            }
        }
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
                    cell.runs.iter().take(1).all(|run| fits(pattern, key, cell, run))
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
            self.product(item.place, &sets, &fusions, &strategies, true);
        }
    }

    fn finish(self) -> Vec<Cell> {
        if self.made.is_empty() && self.problems.is_empty() {
            self.problems.push(Problem::new(Place::START, "no cell is left"));
        }
        let mut cells = Vec::new();
        for made in self.made {
            match made.obstacle {
                // Every strategy meets the same one; it is said once.
                Some(obstacle) => self.problems.push(obstacle),
                None => cells.push(made.cell),
            }
        }
        cells
    }
}
