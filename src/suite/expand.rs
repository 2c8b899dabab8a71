//! From a suite's nodes to its cells: data sets x fusions x strategies x seeds.

use super::catalog::{Catalog, PartInfo};
use super::dataset::Set;
use super::filter::{Pattern, fits};
use super::folder::{NAME, is_name};
use super::maker::{Maker, Placed};
use super::part::{MAX_POINTS, Named, list, map, text};
use super::problem::{Place, Problem};
use super::prose;
use super::protocol::{self, Setting};
use super::yaml::{Node, Value as Yaml};
use super::{Cell, Suite};
use crate::hash::Digest;
use crate::protocol::presets::PRESETS;
use std::collections::{BTreeMap, BTreeSet};

/// The keys of a suite.
pub(super) const KEYS: &[&str] = &[
    "suite",
    "title",
    "analysis",
    "protocol",
    "seeds",
    "margin",
    "datasets",
    "fusion",
    "strategies",
    "scores",
    "observe",
    "include",
    "exclude",
];

/// The margin where a suite states none: a percentage point.
const MARGIN: f64 = 0.01;

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
    let name = entries.get("suite").and_then(|node| named(node, stem, problems));
    let title = entries
        .get("title")
        .and_then(|node| prose::line(node, "title", prose::MAX_TITLE, problems));
    let analysis = entries
        .get("analysis")
        .and_then(|node| prose::lines(node, "analysis", prose::MAX_ANALYSIS, problems));
    let base = entries.get("protocol").and_then(|node| protocol::read(node, problems));
    let seeds = entries.get("seeds").and_then(|node| seeds(node, problems));
    let margin = entries.get("margin").map_or(Some(MARGIN), |node| margin(node, problems));
    // Stand-ins for what is missing, so that the rest of the suite is checked all the same.
    let base = base.or_else(|| Some(Setting::of(PRESETS.first()?)))?;
    let seeds = seeds.unwrap_or_else(|| vec![0]);
    let mut maker = Maker {
        catalog,
        backend,
        base,
        seeds,
        scores: None,
        observe: Vec::new(),
        problems,
        made: Vec::new(),
        by_id: BTreeMap::new(),
        by_labels: BTreeMap::new(),
    };
    maker.scores = entries.get("scores").and_then(|node| maker.estimator(node));
    maker.observe = entries.get("observe").map_or(Vec::new(), |node| maker.observers(node));

    let sets = maker.nodes(entries.get("datasets"), "datasets", Maker::dataset);
    let fusions = maker.nodes(entries.get("fusion"), "fusion", Maker::fusion);
    let strategies = maker.nodes(entries.get("strategies"), "strategies", Maker::strategy);
    maker.labels(&sets);
    maker.product(node.place, &sets, &fusions, &strategies, false);
    maker.exclude(entries.get("exclude").copied());
    maker.include(entries.get("include").copied(), &sets);
    let cells = maker.finish();
    Some(Suite {
        name: name.unwrap_or_default().into(),
        title: title.unwrap_or_default().into(),
        analysis: analysis.unwrap_or_default().into(),
        text: String::new(),
        digest: Digest::of(b""),
        margin: margin.unwrap_or(MARGIN),
        cells,
    })
}

/// The name of the suite, which must be that of its file.
fn named<'a>(node: &'a Node, stem: &str, problems: &mut Vec<Problem>) -> Option<&'a str> {
    let name = text(node, "suite", problems)?.trim();
    if !is_name(name) {
        problems.push(Problem::new(node.place, format!("a suite's name is {NAME}")));
        return None;
    }
    if name != stem {
        let message = format!("the suite is called `{name}` but its file is not");
        let hint = format!("rename the file to `{name}.yaml`");
        problems.push(Problem::new(node.place, message).with_hint(hint));
    }
    Some(name)
}

/// Percentage points, as a fraction.
fn margin(node: &Node, problems: &mut Vec<Problem>) -> Option<f64> {
    let points = match node.value {
        Yaml::Int(x) => Some(x as f64),
        Yaml::Float(x) => Some(x),
        _ => None,
    };
    let points = points.filter(|points| 0.0 < *points && *points < 100.0);
    if points.is_none() {
        let message = "`margin` is a number of percentage points above 0 and below 100";
        problems.push(Problem::new(node.place, message));
    }
    points.map(|points| points / 100.0)
}

fn seeds(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<u64>> {
    if let Yaml::Map(_) = node.value {
        let entries = map(node, "`seeds`", &["count"], problems)?;
        return match entries.get("count").map(|node| (&node.value, node.place)) {
            Some((Yaml::Int(n), _)) if (1..=MAX_SEEDS).contains(n) => {
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
    let mut known = BTreeSet::new();
    for item in list(node, "seeds", problems)? {
        match item.value {
            Yaml::Int(x) if 0 <= x && known.insert(x) => seeds.push(x as u64),
            Yaml::Int(x) if 0 <= x => {
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

impl Maker<'_> {
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
            Yaml::List(items) => items.iter().flat_map(|item| read(self, item)).collect(),
            _ => read(self, node),
        }
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
                let infos: Vec<PartInfo> =
                    self.catalog.strategies.iter().map(|info| info.part).collect();
                self.parts(&named, "strategy", &infos)
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
                    patterns.push((key, Pattern::glob(pattern)));
                }
            }
            let matches = |cell: &Cell| {
                patterns.iter().all(|(key, pattern)| {
                    cell.runs.iter().take(1).all(|run| fits(pattern, key, cell, run))
                })
            };
            let before = self.made.len();
            self.retain(|cell| patterns.is_empty() || !matches(cell));
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
        let known: BTreeMap<&str, &Set> =
            sets.iter().map(|set| (set.label.as_str(), set)).collect();
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
                Yaml::Text(label) => known.get(label.as_str()).map(|set| (*set).clone()),
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
