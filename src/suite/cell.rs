//! Cells: one data set, fusion and strategy resolved into runs, told apart by id and by label.

use super::Cell;
use super::catalog::{FusionInfo, Needs, StrategyInfo};
use super::dataset::Set;
use super::maker::{Made, Maker, Placed};
use super::problem::{Place, Problem};
use super::run::{Branch, CellSpec, RunId};
use crate::registry::{Params, Part};

/// The name of the strategy that stands for one run per modality.
const UNIMODAL: &str = "unimodal";

/// The fusion of a run with one modality: a linear head.
const UNIMODAL_FUSION: &str = "concat";

impl Maker<'_> {
    /// Makes the cell, or the cells of a strategy that stands for several.
    pub(super) fn cell(&mut self, set: &Set, fusion: &Placed, strategy: &Placed, included: bool) {
        if strategy.part.name == UNIMODAL {
            return self.unimodal(set, strategy, included);
        }
        let Some(info) =
            self.catalog.fusions.iter().find(|info| info.part.name == fusion.part.name).copied()
        else {
            return;
        };
        let given = set.scores.clone().or_else(|| self.scores.clone());
        let obstacle = obstacle(set, fusion, &info, given.as_ref());
        let scores = given.map_or_else(|| info.default_scores.to_string(), |(name, _)| name);
        let needs = self.needs(set, &strategy.part);
        let branches = set.branches.clone();
        let spec = self.spec(set, branches, &fusion.part, &strategy.part, &scores);
        let spec = CellSpec { needs, ..spec };
        let cell = self.described(set, spec, &fusion.label, &strategy.label);
        self.push(Made { cell, place: strategy.place, obstacle }, included);
    }

    /// One cell per modality, once per data set whatever the fusions.
    fn unimodal(&mut self, set: &Set, strategy: &Placed, included: bool) {
        for branch in &set.branches {
            let Some(spec) = self.alone(set, branch, &strategy.part) else { return };
            let label = format!("{} {}", strategy.label, branch.modality.name);
            let cell = self.described(set, spec, UNIMODAL_FUSION, &label);
            if !self.by_id.contains_key(&cell.id) {
                self.push(Made { cell, place: strategy.place, obstacle: None }, included);
            }
        }
    }

    /// The cell of one modality alone: one of those that `unimodal` stands for, and what a strategy
    /// needs that begins from them.
    fn alone(&self, set: &Set, branch: &Branch, strategy: &Part) -> Option<CellSpec> {
        let info = self.head()?;
        let fusion = info.part.part(Params::defaults(info.part.params));
        Some(self.spec(set, vec![branch.clone()], &fusion, strategy, info.default_scores))
    }

    /// What a strategy needs of a data set.
    fn needs(&self, set: &Set, strategy: &Part) -> Vec<CellSpec> {
        let known = |name: &str| -> Option<&StrategyInfo> {
            self.catalog.strategies.iter().find(|info| info.part.name == name)
        };
        match known(&strategy.name).map_or(Needs::Nothing, |info| info.needs) {
            Needs::Nothing => Vec::new(),
            Needs::Unimodal => {
                let Some(StrategyInfo { part, .. }) = known(UNIMODAL) else { return Vec::new() };
                let unimodal = part.part(Params::defaults(part.params));
                let cells = set.branches.iter().map(|branch| self.alone(set, branch, &unimodal));
                cells.flatten().collect()
            }
        }
    }

    fn head(&self) -> Option<&FusionInfo> {
        self.catalog.fusions.iter().find(|info| info.part.name == UNIMODAL_FUSION)
    }

    /// The description of a cell that needs no other.
    fn spec(
        &self,
        set: &Set,
        branches: Vec<Branch>,
        fusion: &Part,
        strategy: &Part,
        scores: &str,
    ) -> CellSpec {
        let estimators = &self.catalog.estimators;
        let scores = estimators.iter().find(|info| info.name == scores).unwrap_or(&estimators[0]);
        CellSpec {
            format: CellSpec::FORMAT,
            task: set.task.clone(),
            dataset: set.part.clone(),
            data_manifest: set.manifest,
            outputs: set.outputs,
            branches,
            fusion: fusion.clone(),
            strategy: strategy.clone(),
            scores: scores.part(Params::defaults(scores.params)),
            protocol: set.setting.protocol.clone(),
            training: self.catalog.training,
            observe: self.observe.clone(),
            backend: self.backend.into(),
            needs: Vec::new(),
        }
    }

    fn described(&mut self, set: &Set, spec: CellSpec, fusion: &str, strategy: &str) -> Cell {
        let id = spec.id().unwrap_or_else(|error| {
            self.problem(set.place, error.message);
            RunId(String::new())
        });
        Cell {
            id,
            dataset: set.label.clone(),
            fusion: fusion.into(),
            strategy: strategy.into(),
            preset: set.setting.preset.into(),
            trace_every: set.setting.trace_every,
            runs: self.seeds.iter().map(|seed| spec.run(*seed)).collect(),
        }
    }

    fn push(&mut self, new: Made, included: bool) {
        let labels = labels(&new.cell);
        let same_id = self.by_id.get(&new.cell.id).copied();
        let Some(first) = same_id.or_else(|| self.by_labels.get(&labels).copied()) else {
            self.by_id.insert(new.cell.id.clone(), new.place);
            self.by_labels.insert(labels, new.place);
            self.made.push(new);
            return;
        };
        let (label, line) = (new.cell.label(), first.line);
        let problem = if same_id.is_some() {
            let message = format!("the cell {label} is there already, from line {line}");
            let hint = if included { "take it out of `include`" } else { "list each part once" };
            Problem::new(new.place, message).with_hint(hint)
        } else {
            let message = format!("another cell is called {label} too, from line {line}");
            Problem::new(new.place, message).with_hint("give its data set a `label`")
        };
        self.problems.push(problem);
    }

    /// Forgets the cells that are left out, of which one may be made again.
    pub(super) fn retain(&mut self, keep: impl Fn(&Cell) -> bool) {
        let Self { made, by_id, by_labels, .. } = self;
        made.retain(|Made { cell, .. }| {
            let kept = keep(cell);
            if !kept {
                by_id.remove(&cell.id);
                by_labels.remove(&labels(cell));
            }
            kept
        });
    }
}

/// The three labels of a cell, which no other cell of a suite has.
fn labels(cell: &Cell) -> [String; 3] {
    [&cell.dataset, &cell.fusion, &cell.strategy].map(String::clone)
}

/// Why a data set and a fusion, or the estimator named for them, do not go together.
fn obstacle(
    set: &Set,
    fusion: &Placed,
    info: &FusionInfo,
    scores: Option<&(String, Place)>,
) -> Option<Problem> {
    if let Err(why) = (info.joins)(&set.sizes) {
        let message =
            format!("fusion `{}` cannot join data set `{}`: {why}", fusion.label, set.label);
        let hint = format!(
            "leave the cell out: `exclude: [{{dataset: \"{}\", fusion: \"{}\"}}]`",
            set.label, fusion.label
        );
        return Some(Problem::new(fusion.place, message).with_hint(hint));
    }
    let (name, place) = scores?;
    if info.splits || !name.starts_with("split-head") {
        return None;
    }
    let message = format!("`{name}` does not work with fusion `{}`", fusion.label);
    Some(Problem::new(*place, message).with_hint("use `zero-out-feature`, or leave `scores` out"))
}
