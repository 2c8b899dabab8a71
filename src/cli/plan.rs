//! `suite --list` and `suite --plan`: what there is and what would be done, training nothing.

use super::catalog::catalog;
use super::output::{self, Align, Table};
use super::suite::Arguments;
use super::training::cores;
use super::{Format, estimate, lint, print_json};
use crate::data::{self, cache};
use crate::error::Result;
use crate::lint::Finding;
use crate::spec::run::RunSpec;
use crate::spec::suite::{self, Suite};
use crate::store::{State, Store};
use crate::train::device;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

pub(super) fn list(arguments: &Arguments) -> Result<()> {
    let cores = cores();
    let catalog = catalog();
    let backend = device::kind(&arguments.training.device)?;
    let mut rows = Vec::new();
    for path in suite::list(&arguments.places.suites)? {
        let suite = Suite::load(&path, &catalog, backend)?;
        let runs = suite.cells.iter().flat_map(|cell| &cell.runs);
        let time = estimate::total(runs, cores);
        rows.push((suite, time));
    }
    if arguments.format == Format::Json {
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
            output::duration(time),
            suite.title.clone(),
        ]);
    }
    output::table(&table)?;
    output::note(&format!("times are estimates for the {cores} cores here"));
    Ok(())
}

/// The state of a run in a plan.
fn state_of(arguments: &Arguments, store: Option<&Store>, spec: &RunSpec) -> Result<&'static str> {
    let state = match store {
        Some(store) => store.state(&spec.id()?)?,
        None => State::Pending,
    };
    Ok(match state {
        State::Done => "done",
        State::Failed(_) => "failed",
        State::Pending => match data::state(&spec.dataset.name, &arguments.training.data)? {
            cache::State::Ready => "pending",
            cache::State::Missing => "pending, data to fetch",
            cache::State::Damaged(_) => "pending, data to mend",
        },
    })
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
    let mut pending = Vec::new();
    let mut rows = Vec::new();
    for cell in &suite.cells {
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        let mut runs = Vec::new();
        for spec in &cell.runs {
            let state = state_of(arguments, store.as_ref(), spec)?;
            *states.entry(state).or_default() += 1;
            runs.push((spec.id()?, spec.seed, state));
            if state != "done" {
                pending.push(spec);
            }
        }
        rows.push((cell, states, runs));
    }
    let cores = cores();
    let jobs = arguments.training.jobs.map_or(cores, NonZeroUsize::get);
    let time = estimate::total(pending.iter().copied(), jobs.min(cores));
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
                    "strategy": cell.strategy, "scores": cell.runs[0].scores, "runs": runs,
                })
            })
            .collect();
        return print_json(&serde_json::json!({
            "suite": suite.name, "cells": cells, "lint": findings,
            "estimated_seconds": time.as_secs(),
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
    output::note(&format!(
        "{} cells on {} data sets, {} runs, {} of them to train: about {} with {jobs} jobs",
        suite.cells.len(),
        sets.len(),
        suite.len(),
        pending.len(),
        output::duration(time)
    ));
    lint::show(findings);
    Ok(())
}
