//! Cells: one data set, fusion and strategy resolved into runs, told apart by id and by label.

use super::Cell;
use super::catalog::FusionInfo;
use super::dataset::Set;
use super::maker::{Made, Maker, Placed};
use super::problem::{Place, Problem};
use super::run::{Branch, CellSpec, RunId};
use crate::registry::Params;

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
        let cell = self.described(set, set.branches.clone(), fusion, strategy, scores);
        self.push(Made { cell, place: strategy.place, obstacle }, included);
    }

    /// One cell per modality, once per data set whatever the fusions.
    fn unimodal(&mut self, set: &Set, strategy: &Placed, included: bool) {
        let Some(info) = self.head().copied() else { return };
        let part = info.part.part(Params::defaults(info.part.params));
        let fusion = Placed { label: UNIMODAL_FUSION.into(), place: strategy.place, part };
        for branch in &set.branches {
            let strategy = Placed {
                label: format!("{} {}", strategy.label, branch.modality.name),
                ..strategy.clone()
            };
            let scores = info.default_scores.to_string();
            let branches = vec![branch.clone()];
            let cell = self.described(set, branches, &fusion, &strategy, scores);
            if !self.by_id.contains_key(&cell.id) {
                self.push(Made { cell, place: strategy.place, obstacle: None }, included);
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
        let estimators = &self.catalog.estimators;
        let scores = estimators.iter().find(|info| info.name == scores).unwrap_or(&estimators[0]);
        let spec = CellSpec {
            format: CellSpec::FORMAT,
            task: set.task.clone(),
            dataset: set.part.clone(),
            data_manifest: set.manifest,
            outputs: set.outputs,
            branches,
            fusion: fusion.part.clone(),
            strategy: strategy.part.clone(),
            scores: scores.part(Params::defaults(scores.params)),
            protocol: set.setting.protocol.clone(),
            training: self.catalog.training,
            backend: self.backend.into(),
        };
        let id = spec.id().unwrap_or_else(|error| {
            self.problem(set.place, error.message);
            RunId(String::new())
        });
        Cell {
            id,
            dataset: set.label.clone(),
            fusion: fusion.label.clone(),
            strategy: strategy.label.clone(),
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
    if let Err(why) = (info.joins)(&set.feature_sizes) {
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
