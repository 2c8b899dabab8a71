//! Where two runs part: the first step and the tensors, found by training the stretch again.
//!
//! The records tell the last state with equal roots and the first with different ones: by epoch,
//! or by link where a chain was kept. Between the two, both runs are trained again, from the
//! nearest state that was kept, or else from the beginning.

use super::chain::state_file;
use super::needed::Needed;
use super::trainer::{Ended, Trainer};
use crate::checkpoint::difference::{Difference, differences};
use crate::checkpoint::{self, NamedTensor};
use crate::data::Dataset;
use crate::device::Backend;
use crate::error::{Kind, Result};
use crate::hash::Digest;
use crate::plain;
use crate::record::probe::Link;
use crate::record::{Outcome, RunRecord};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

/// One of two runs that are compared.
pub struct Side<'a> {
    pub record: &'a RunRecord,
    /// The run's folder, for the states that its chain kept.
    pub folder: &'a Path,
    pub data: &'a Dataset,
    pub backend: &'a Backend,
    /// The runs that it began from.
    pub needed: &'a [Needed],
}

/// A moment of a run, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Moment {
    /// Steps taken.
    pub steps: usize,
    pub after: After,
}

/// What was done last at a [`Moment`], which decides what its root covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum After {
    /// A step: the whole state.
    Step,
    /// An epoch: weights and buffers.
    Epoch,
    /// The run: the whole state.
    Run,
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The epoch in which they part, from 0; `None` where the initial weights differ already.
    pub epoch: Option<usize>,
    /// The last recorded state that is equal; `None` where that is the initial one.
    pub last_equal: Option<Moment>,
    /// The first recorded state that differs.
    pub first_different: Moment,
    /// Whether training again gave each run's recorded root at `first_different`.
    pub reproduced: [bool; 2],
    /// The step whose result differs first, from 0, where it could be told.
    pub step: Option<usize>,
    /// The tensors that differ after that step, or in the states kept at `first_different`: those
    /// of the model before those of the optimizer, and the largest relative difference first.
    pub tensors: Vec<Difference>,
}

/// Finds where two runs part; `None` where every root that both recorded is equal.
///
/// # Errors
/// When a run cannot be trained again, or a state it kept cannot be read.
pub fn bisect(sides: [&Side<'_>; 2]) -> Result<Option<Finding>> {
    let [a, b] = sides;
    let start = Moment { steps: 0, after: After::Step };
    if a.record.initial_root != b.record.initial_root {
        let [first, second] = [a.trainer()?.weights(), b.trainer()?.weights()];
        let reproduced = [(a, &first), (b, &second)]
            .map(|(side, weights)| checkpoint::root(weights) == side.record.initial_root);
        return Ok(Some(Finding {
            epoch: None,
            last_equal: None,
            first_different: start,
            reproduced,
            step: None,
            tensors: differences(&first, &second),
        }));
    }
    let recorded = [a.recorded()?, b.recorded()?];
    let Some((last_equal, first_different)) = parting(&recorded) else { return Ok(None) };

    let from = last_equal.unwrap_or(start);
    let mut walks = Vec::new();
    for (side, recorded) in sides.into_iter().zip(&recorded) {
        walks.push(side.walk(from, first_different, recorded.get(&first_different))?);
    }
    let reproduced = [walks[0].reproduced, walks[1].reproduced];
    let differs = |moment: &&Moment| {
        from < **moment && walks[0].roots.get(*moment) != walks[1].roots.get(*moment)
    };
    let first = walks[0].roots.keys().chain(walks[1].roots.keys()).filter(differs).min().copied();
    let (step, states) = match first {
        Some(moment) => {
            let state = |i: usize| sides[i].state(walks[i].start.as_ref(), moment);
            (moment.steps.checked_sub(1), [Some(state(0)?), Some(state(1)?)])
        }
        None => {
            let kept = |i: usize| -> Result<Option<Vec<NamedTensor>>> {
                match sides[i].kept(first_different)? {
                    Some(state) => Ok(Some(state)),
                    None if reproduced[i] => {
                        sides[i].state(walks[i].start.as_ref(), first_different).map(Some)
                    }
                    None => Ok(None),
                }
            };
            // With a link before and after one step, the records name the step by themselves.
            let one_step = from.after == After::Step
                && first_different.after == After::Step
                && first_different.steps == from.steps + 1;
            (one_step.then_some(from.steps), [kept(0)?, kept(1)?])
        }
    };
    let tensors = match states {
        [Some(first), Some(second)] => {
            let model: Vec<String> = a.trainer()?.weights().into_iter().map(|t| t.path).collect();
            let mut tensors = differences(&first, &second);
            tensors.sort_by_key(|difference| !model.contains(&difference.path));
            tensors
        }
        _ => Vec::new(),
    };
    let epoch = a.epoch_of(step.map_or(first_different.steps, |step| step + 1))?;
    Ok(Some(Finding { epoch, last_equal, first_different, reproduced, step, tensors }))
}

/// The last moment before the first difference, and the moment of that difference.
fn parting(recorded: &[BTreeMap<Moment, Digest>; 2]) -> Option<(Option<Moment>, Moment)> {
    let [a, b] = recorded;
    let mut last_equal = None;
    for (moment, root) in a {
        match b.get(moment) {
            Some(other) if other == root => last_equal = Some(*moment),
            Some(_) => return Some((last_equal, *moment)),
            None => {}
        }
    }
    // Epochs of different lengths have no moment in common after which to compare.
    let beyond = |map: &BTreeMap<Moment, Digest>| {
        map.keys().find(|moment| last_equal.is_none_or(|last| last < **moment)).copied()
    };
    let different = a.keys().next_back() != b.keys().next_back();
    let first = [beyond(a), beyond(b)].into_iter().flatten().min()?;
    different.then_some((last_equal, first))
}

/// A run trained again, up to a moment.
struct Walk {
    /// The link it began at, or the beginning of the run.
    start: Option<Link>,
    roots: BTreeMap<Moment, Digest>,
    reproduced: bool,
}

impl Side<'_> {
    fn trainer(&self) -> Result<Trainer<'_>> {
        let Self { record, data, backend, needed, .. } = self;
        Trainer::new(&record.spec, data, backend, record.fault.as_ref(), needed)
    }

    /// Every root in the record by its moment.
    fn recorded(&self) -> Result<BTreeMap<Moment, Digest>> {
        let mut trainer = self.trainer()?;
        let mut roots: BTreeMap<Moment, Digest> = (self.record.links.iter())
            .map(|link| (Moment { steps: link.steps, after: After::Step }, link.root))
            .collect();
        let mut steps = 0;
        for (i, epoch) in self.record.epochs.iter().enumerate() {
            steps += trainer.steps_in(i);
            roots.insert(Moment { steps, after: After::Epoch }, epoch.root);
        }
        if let Outcome::Diverged { .. } = self.record.outcome {
            // Those in which the divergence had not been noticed yet are among them.
            steps = self.record.work.steps as usize;
        }
        roots.insert(Moment { steps, after: After::Run }, self.record.final_root);
        Ok(roots)
    }

    /// The epoch in which the run takes its `steps`-th step.
    fn epoch_of(&self, steps: usize) -> Result<Option<usize>> {
        let mut trainer = self.trainer()?;
        let mut end = 0;
        Ok((0..self.record.spec.cell.protocol.epochs).find(|epoch| {
            end += trainer.steps_in(*epoch);
            steps <= end
        }))
    }

    /// The state that the run's chain kept, where its root is that of the record.
    fn kept(&self, moment: Moment) -> Result<Option<Vec<NamedTensor>>> {
        let link = self.record.links.iter().find(|link| link.steps == moment.steps);
        match link {
            Some(link) if moment.after == After::Step => self.read(link),
            _ => Ok(None),
        }
    }

    fn read(&self, link: &Link) -> Result<Option<Vec<NamedTensor>>> {
        let path = state_file(self.folder, link.steps);
        let folder = path.parent().unwrap_or(self.folder);
        if !plain::is_folder(folder)? || !path.exists() {
            return Ok(None);
        }
        match checkpoint::read(&path) {
            Ok(state) => Ok((checkpoint::root(&state) == link.root).then_some(state)),
            Err(error) if error.kind == Kind::Mismatch => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Trains the run again after `from` until `to`, where its record has the root `expected`.
    fn walk(&self, from: Moment, to: Moment, expected: Option<&Digest>) -> Result<Walk> {
        let nearest = self.record.links.iter().rev().find(|link| link.steps <= from.steps);
        // A strategy may depend on more than a state in the middle of an epoch holds: then the
        // walk from there is not the run's, and the one from the beginning is.
        for start in [nearest.copied(), None] {
            let mut roots = BTreeMap::new();
            let begun = self.go(start.as_ref(), &mut |moment, trainer| {
                if from < moment {
                    roots.insert(moment, root_at(moment, trainer));
                }
                if moment < to { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            let reproduced = expected.is_some() && roots.get(&to) == expected;
            if begun && (reproduced || start.is_none()) {
                return Ok(Walk { start, roots, reproduced });
            }
        }
        unreachable!("the walk from the beginning always begins")
    }

    /// The tensors of the run at a moment, trained again from `start`.
    fn state(&self, start: Option<&Link>, at: Moment) -> Result<Vec<NamedTensor>> {
        let mut state = Vec::new();
        self.go(start, &mut |moment, trainer| {
            if moment < at {
                return ControlFlow::Continue(());
            }
            state = tensors_at(moment, trainer);
            ControlFlow::Break(())
        })?;
        Ok(state)
    }

    /// Trains the run from a link or the beginning. False where the link's state was not kept.
    fn go(
        &self,
        start: Option<&Link>,
        visit: &mut dyn FnMut(Moment, &Trainer<'_>) -> ControlFlow<()>,
    ) -> Result<bool> {
        let mut trainer = self.trainer()?;
        let (mut epoch, mut done) = (0, 0);
        if let Some(link) = start {
            let Some(state) = self.read(link)? else { return Ok(false) };
            trainer.restore(&state)?;
            done = link.steps;
            while trainer.steps_in(epoch) < done {
                done -= trainer.steps_in(epoch);
                epoch += 1;
            }
        }
        for epoch in epoch..self.record.spec.cell.protocol.epochs {
            let ended = trainer.train_epoch(epoch, std::mem::take(&mut done), &mut |trainer| {
                Ok(visit(Moment { steps: trainer.step, after: After::Step }, trainer))
            })?;
            match ended {
                Ended::Whole => {}
                Ended::Stopped => return Ok(true),
                Ended::Diverged(_) => break,
            }
            // Where weights or logits showed it, the steps have not.
            if matches!(self.record.outcome, Outcome::Diverged { epoch: at, .. } if at == epoch) {
                break;
            }
            if visit(Moment { steps: trainer.step, after: After::Epoch }, &trainer).is_break() {
                return Ok(true);
            }
        }
        let _ = visit(Moment { steps: trainer.step, after: After::Run }, &trainer);
        Ok(true)
    }
}

fn tensors_at(moment: Moment, trainer: &Trainer<'_>) -> Vec<NamedTensor> {
    match moment.after {
        After::Epoch => trainer.weights(),
        After::Step | After::Run => trainer.checkpoint(),
    }
}

fn root_at(moment: Moment, trainer: &Trainer<'_>) -> Digest {
    checkpoint::root(&tensors_at(moment, trainer))
}
