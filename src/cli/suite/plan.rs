//! `suite --list` and `suite --plan`: what there is and what would be done, training nothing.

use super::Arguments;
use crate::cli::catalog::catalog;
use crate::cli::output::{self, Align, Table};
use crate::cli::training::cores;
use crate::cli::{Format, estimate, lint, print_json};
use crate::data;
use crate::data::store::cache;
use crate::device;
use crate::document::number::count;
use crate::error::{Error, Result};
use crate::lint::Finding;
use crate::store::{State, Store};
use crate::suite::needed::needed;
use crate::suite::run::{RunId, RunSpec};
use crate::suite::{Suite, folder};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

pub(super) fn list(arguments: &Arguments) -> Result<()> {
    let cores = cores();
    let catalog = catalog();
    let backend = device::kind(&arguments.training.device)?;
    let folder = &arguments.places.suites;
    let paths = folder::list(folder)?;
    let mut rows = Vec::new();
    let mut unusable = BTreeSet::new();
    for path in &paths {
        // By its name, as the suite would be asked for; what is no name is no suite's file.
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let usable = match folder::is_name(&name) {
            true => folder::file(folder, &name),
            false => Ok(None),
        };
        match usable.and_then(|_| Suite::load(path, &catalog, backend)) {
            Ok(suite) => {
                let needed = needed(&suite.cells, |_| Ok(false))?;
                let runs = suite.cells.iter().chain(&needed).flat_map(|cell| &cell.runs);
                let time = estimate::total(runs, cores);
                rows.push((suite, time));
            }
            // Two files of one name are one mistake.
            Err(error) => {
                if unusable.insert(name.into_owned()) {
                    output::error(&error);
                }
            }
        }
    }
    show_list(arguments.format, &rows, cores)?;
    match unusable.len() {
        0 => Ok(()),
        n => {
            let total = rows.len() + n;
            let names = unusable.into_iter().collect::<Vec<_>>().join(", ");
            let message = format!("{n} of {} cannot be used: {names}", count(total, "suite"));
            Err(Error::input(message).with_hint("the reasons stand above the list"))
        }
    }
}

fn show_list(format: Format, rows: &[(Suite, Duration)], cores: usize) -> Result<()> {
    if format == Format::Json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(suite, time)| {
                serde_json::json!({
                    "suite": suite.name, "title": suite.title, "cells": suite.cells.len(),
                    "runs": suite.len(), "estimated_seconds": time.as_secs(),
                })
            })
            .collect();
        return print_json(&rows);
    }
    let mut table = Table::new(&[
        ("suite", Align::Left),
        ("cells", Align::Right),
        ("runs", Align::Right),
        ("about", Align::Right),
        ("title", Align::Label),
    ]);
    for (suite, time) in rows {
        table.row([
            suite.name.clone(),
            suite.cells.len().to_string(),
            suite.len().to_string(),
            output::duration(*time),
            suite.title.clone(),
        ]);
    }
    output::table(&table)?;
    output::note(&format!("times are estimates for the {cores} cores here"));
    Ok(())
}

/// The states of runs in a plan. The data are looked at once per data set, since that reads and
/// hashes all of them.
struct States<'a> {
    store: Option<Store>,
    data: &'a Path,
    of_pending: BTreeMap<String, &'static str>,
}

impl States<'_> {
    /// What the store says of a run, where there is one.
    fn of_id(&self, id: &RunId) -> Result<State> {
        self.store.as_ref().map_or(Ok(State::Pending), |store| store.state(id))
    }

    /// The state of a run; where there is a store, by its id.
    fn of(&mut self, spec: &RunSpec, id: Option<&RunId>) -> Result<&'static str> {
        let state = id.map_or(Ok(State::Pending), |id| self.of_id(id))?;
        let name = &spec.cell.dataset.name;
        Ok(match (state, self.of_pending.get(name)) {
            (State::Done, _) => "done",
            (State::Failed(_), _) => "failed",
            (State::Pending, Some(known)) => known,
            (State::Pending, None) => {
                let state = match data::state(name, self.data)? {
                    cache::State::Ready => "pending",
                    cache::State::Missing => "pending, data to fetch",
                    cache::State::Damaged(_) => "pending, data to mend",
                };
                self.of_pending.insert(name.clone(), state);
                state
            }
        })
    }
}

/// Shows the cells of `suite`, which a filter may have thinned out, and what is to be known about
/// the whole of it.
pub(super) fn show(arguments: &Arguments, suite: &Suite, findings: &[Finding]) -> Result<()> {
    // A plan makes nothing, not even an empty store, which opening one would.
    let store = &arguments.places.store;
    let is_empty = std::fs::read_dir(store).is_ok_and(|mut entries| entries.next().is_none());
    let store = match store.exists() && !is_empty {
        true => Some(Store::open(store)?),
        false => None,
    };
    // An id is a digest of the whole description, which takes its time for each of many runs.
    let needs_ids = store.is_some() || arguments.format == Format::Json;
    let mut states_of =
        States { store, data: &arguments.training.data, of_pending: BTreeMap::new() };
    let mut pending = Vec::new();
    let mut rows = Vec::new();
    for cell in &suite.cells {
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        let mut runs = Vec::new();
        for spec in &cell.runs {
            let id = if needs_ids { Some(spec.id()?) } else { None };
            let state = states_of.of(spec, id.as_ref())?;
            *states.entry(state).or_default() += 1;
            runs.push((id, spec.seed, state));
            if state != "done" {
                pending.push(spec);
            }
        }
        rows.push((cell, states, runs));
    }
    let cores = cores();
    let jobs = arguments.training.jobs.map_or(cores, NonZeroUsize::get);
    let needed = needed(&suite.cells, |id| Ok(states_of.of_id(id)? == State::Done))?;
    let runs_needed = || needed.iter().flat_map(|cell| &cell.runs);
    let time = estimate::total(pending.iter().copied().chain(runs_needed()), jobs.min(cores));
    if arguments.format == Format::Json {
        let cells: Vec<_> = rows
            .iter()
            .map(|(cell, _, runs)| {
                let runs: Vec<_> = runs
                    .iter()
                    .map(|(id, seed, state)| {
                        serde_json::json!({ "id": id, "seed": seed, "state": state })
                    })
                    .collect();
                serde_json::json!({
                    "id": cell.id, "dataset": cell.dataset, "fusion": cell.fusion,
                    "strategy": cell.strategy, "scores": cell.runs[0].cell.scores.name, "runs": runs,
                })
            })
            .collect();
        let needs: Vec<_> = needed
            .iter()
            .map(|cell| {
                let seeds: Vec<u64> = cell.runs.iter().map(|run| run.seed).collect();
                serde_json::json!({ "id": cell.id, "label": cell.label(), "seeds": seeds })
            })
            .collect();
        return print_json(&serde_json::json!({
            "suite": suite.name, "cells": cells, "lint": findings,
            "needed": needs, "estimated_seconds": time.as_secs(),
        }));
    }
    let mut table = Table::new(&[
        ("cell", Align::Left),
        ("data set", Align::Label),
        ("fusion", Align::Label),
        ("strategy", Align::Label),
        ("runs", Align::Left),
    ]);
    for (cell, states, _) in rows {
        let states: Vec<String> = states.iter().map(|(state, n)| format!("{n} {state}")).collect();
        table.row([
            cell.id.to_string(),
            cell.dataset.clone(),
            cell.fusion.clone(),
            cell.strategy.clone(),
            states.join(", "),
        ]);
    }
    output::table(&table)?;
    let sets: BTreeSet<&str> = suite.cells.iter().map(|cell| cell.dataset.as_str()).collect();
    let also = match runs_needed().count() {
        0 => String::new(),
        n => format!(", and {} that they need", count(n, "run")),
    };
    output::note(&format!(
        "{} cells on {} data sets, {} runs, {} of them to train{also}: about {} with {jobs} jobs",
        suite.cells.len(),
        sets.len(),
        suite.len(),
        pending.len(),
        output::duration(time)
    ));
    lint::show(findings);
    Ok(())
}
