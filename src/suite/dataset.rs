//! Data sets as suites write them: parameters, encoders, a protocol and a label of their own.

use super::catalog::{EncoderInfo, PartInfo, Sizes};
use super::maker::{Maker, Placed};
use super::part::{Named, map};
use super::problem::{Place, Problem};
use super::prose;
use super::protocol::{self, Setting};
use super::run::Branch;
use super::yaml::Node;
use crate::data::{self, Modality};
use crate::hash::Digest;
use crate::registry::Part;
use std::collections::BTreeMap;

/// The keys of a data set that are not its parameters.
pub(super) const KEYS: &[&str] = &["label", "encoders", "protocol", "scores"];

/// A data set of a suite.
#[derive(Clone)]
pub(super) struct Set {
    pub(super) label: String,
    pub(super) place: Place,
    pub(super) part: Part,
    pub(super) task: Part,
    pub(super) outputs: usize,
    pub(super) manifest: Digest,
    pub(super) branches: Vec<Branch>,
    pub(super) sizes: Vec<Sizes>,
    pub(super) setting: Setting,
    /// The estimator named for the data set, and where.
    pub(super) scores: Option<(String, Place)>,
}

impl Maker<'_> {
    /// The points of a data set's grid, each with its branches and protocol.
    pub(super) fn dataset(&mut self, node: &Node) -> Vec<Set> {
        let Some(mut named) = Named::read(node, "data set", self.problems) else {
            return Vec::new();
        };
        let label = named
            .take("label")
            .and_then(|node| prose::line(node, "label", prose::MAX_LABEL, self.problems));
        let encoders = named.take("encoders");
        let changes = named.take("protocol");
        let scores = named.take("scores").and_then(|node| self.estimator(node));
        let base = self.base.clone();
        let setting = match changes {
            Some(node) => protocol::read_over(&base, node, self.problems),
            None => Some(base),
        };
        let infos = &self.catalog.datasets;
        let parts = self.parts(&named, "data set", infos);
        let Some(setting) = setting else { return Vec::new() };
        if 1 < parts.len() && label.is_some() {
            self.problem(named.place, "one `label` cannot stand for a grid of data sets");
        }
        parts
            .into_iter()
            .filter_map(|placed| {
                let Placed { label: own, place, part } = placed;
                let described = data::modalities(&part.name, &part.params).and_then(|modalities| {
                    let (task, outputs) = data::task(&part.name, &part.params)?;
                    let manifest = data::manifest(&part.name, &part.params)?;
                    Ok((modalities, task, outputs, manifest))
                });
                let (modalities, task, outputs, manifest) = match described {
                    Ok(described) => described,
                    Err(error) => {
                        self.problem(place, error.message);
                        return None;
                    }
                };
                let (branches, sizes) = self.branches(&modalities, encoders, place)?;
                Some(Set {
                    label: label.map_or(own, str::to_string),
                    place,
                    part,
                    task,
                    outputs,
                    manifest,
                    branches,
                    sizes,
                    setting: setting.clone(),
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
    ) -> Option<(Vec<Branch>, Vec<Sizes>)> {
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
            sizes.push((info.sizes)(&placed.part.params));
            branches.push(Branch { modality: modality.clone(), encoder: placed.part });
        }
        Some((branches, sizes))
    }

    /// Data sets must be told apart by label.
    pub(super) fn labels(&mut self, sets: &[Set]) {
        let mut known: BTreeMap<&str, Place> = BTreeMap::new();
        for set in sets {
            let Some(first) = known.get(set.label.as_str()) else {
                known.insert(&set.label, set.place);
                continue;
            };
            let message =
                format!("data set `{}` is listed twice, first in line {}", set.label, first.line);
            self.problems
                .push(Problem::new(set.place, message).with_hint("give one of them a `label`"));
        }
    }
}
