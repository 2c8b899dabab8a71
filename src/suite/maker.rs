//! What the expansion of a suite needs and gathers, whatever it expands.

use super::Cell;
use super::catalog::{Catalog, PartInfo};
use super::part::{Named, list, text};
use super::problem::{Place, Problem};
use super::protocol::Setting;
use super::run::RunId;
use super::yaml::Node;
use crate::registry::{Params, Part, unknown};
use std::collections::BTreeMap;

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
    /// What is observed of every run.
    pub(super) observe: Vec<Part>,
    pub(super) problems: &'a mut Vec<Problem>,
    pub(super) made: Vec<Made>,
    /// Where the cells made so far come from: by their ids, and by their labels.
    pub(super) by_id: BTreeMap<RunId, Place>,
    pub(super) by_labels: BTreeMap<[String; 3], Place>,
}

/// A cell and where in the suite it comes from.
pub(super) struct Made {
    pub(super) cell: Cell,
    pub(super) place: Place,
    /// Why it cannot run, unless it is excluded.
    pub(super) obstacle: Option<Problem>,
}

impl Maker<'_> {
    pub(super) fn problem(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(Problem::new(place, message));
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

    /// The observers that a list names, in its order.
    pub(super) fn observers(&mut self, node: &Node) -> Vec<Part> {
        let infos: Vec<PartInfo> = self.catalog.observers.iter().map(|info| info.part).collect();
        let mut parts: Vec<Part> = Vec::new();
        for item in list(node, "observe", self.problems).unwrap_or_default() {
            let Some(named) = Named::read(item, "observer", self.problems) else { continue };
            for Placed { part, place, label } in self.parts(&named, "observer", &infos) {
                let known = self.catalog.observers.iter().find(|info| info.part.name == part.name);
                let repeats = known.is_some_and(|info| info.repeats);
                if parts.iter().any(|one| *one == part || one.name == part.name && !repeats) {
                    self.problem(place, format!("the observer `{label}` stands twice"));
                }
                parts.push(part);
            }
        }
        parts
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
}
