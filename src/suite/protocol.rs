//! Protocols as suites write them: a preset, and what differs from it.

use super::part::{map, plain, text};
use super::problem::Problem;
use super::yaml::{Node, Value as Yaml};
use crate::protocol::parts::{OPTIMIZERS, SCHEDULES};
use crate::protocol::presets::{PRESETS, Preset};
use crate::protocol::{Protocol, Selection};
use crate::registry::{Entry, Part, unknown};
use std::num::NonZeroUsize;

/// What a protocol can set beside its preset.
pub(super) const KEYS: &[&str] = &[
    "preset",
    "epochs",
    "batch_size",
    "optimizer",
    "schedule",
    "drop_last",
    "selection",
    "trace_every",
];

/// The key that names an optimizer or a schedule.
pub(super) const KIND: &str = "kind";

/// Steps from one row of the trace to the next, where a suite does not say.
const TRACE_EVERY: NonZeroUsize = NonZeroUsize::new(10).unwrap();

/// A protocol, and what a suite sets with it that moves no weight.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) protocol: Protocol,
    /// The name of the preset it started from.
    pub(super) preset: &'static str,
    /// A row of the step trace every so many steps.
    pub(super) trace_every: NonZeroUsize,
}

impl Setting {
    pub(super) fn of(preset: &Preset) -> Self {
        Self { protocol: preset.protocol(), preset: preset.name, trace_every: TRACE_EVERY }
    }
}

pub(super) const SELECTIONS: &[&str] = &["last", "best-val", "best-test"];

/// Reads `NAME` or `{preset: NAME, epochs: ..., ...}`.
pub(super) fn read(node: &Node, problems: &mut Vec<Problem>) -> Option<Setting> {
    if matches!(node.value, Yaml::Text(_)) {
        return preset(node, problems);
    }
    let entries = map(node, "a protocol", KEYS, problems)?;
    let Some(name) = entries.get("preset") else {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        problems.push(
            Problem::new(node.place, "a protocol starts from a `preset`")
                .with_hint(format!("add `preset: ...`, one of {}", names.join(", "))),
        );
        return None;
    };
    let base = preset(name, problems)?;
    change(&base, node, problems)
}

fn preset(node: &Node, problems: &mut Vec<Problem>) -> Option<Setting> {
    let name = text(node, "preset", problems)?;
    let found = PRESETS.iter().find(|preset| preset.name == name);
    if found.is_none() {
        let message = unknown("protocol preset", name, PRESETS.iter().map(|preset| preset.name));
        problems.push(Problem::new(node.place, message));
    }
    Some(Setting::of(found?))
}

/// Reads the protocol of one data set: a preset starts anew, other keys change `base`.
pub(super) fn read_over(
    base: &Setting,
    node: &Node,
    problems: &mut Vec<Problem>,
) -> Option<Setting> {
    match &node.value {
        Yaml::Map(entries) if !entries.iter().any(|(key, _)| key.name == "preset") => {
            change(base, node, problems)
        }
        _ => read(node, problems),
    }
}

/// `base` with the keys of a map changed; `preset` is read by the caller.
fn change(base: &Setting, node: &Node, problems: &mut Vec<Problem>) -> Option<Setting> {
    let mut setting = base.clone();
    let protocol = &mut setting.protocol;
    let before = problems.len();
    for (key, node) in map(node, "a protocol", KEYS, problems)? {
        match key {
            "epochs" => set(&mut protocol.epochs, count(node, key, problems)),
            "batch_size" => set(&mut protocol.batch_size, count(node, key, problems)),
            "trace_every" => {
                let every = count(node, key, problems).and_then(NonZeroUsize::new);
                set(&mut setting.trace_every, every);
            }
            "drop_last" => set(&mut protocol.drop_last, flag(node, key, problems)),
            "selection" => set(&mut protocol.selection, selection(node, problems)),
            "schedule" => {
                let base = protocol.schedule.clone();
                set(&mut protocol.schedule, part("schedule", SCHEDULES, &base, node, problems));
            }
            "optimizer" => {
                let base = protocol.optimizer.clone();
                set(&mut protocol.optimizer, part("optimizer", OPTIMIZERS, &base, node, problems));
            }
            _ => {}
        }
    }
    (problems.len() == before).then_some(setting)
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

fn count(node: &Node, what: &str, problems: &mut Vec<Problem>) -> Option<usize> {
    match node.value {
        Yaml::Int(x) if 1 <= x => Some(x as usize),
        _ => {
            let message =
                format!("`{what}` must be a whole number of at least 1, not {}", node.kind());
            problems.push(Problem::new(node.place, message));
            None
        }
    }
}

fn flag(node: &Node, what: &str, problems: &mut Vec<Problem>) -> Option<bool> {
    match node.value {
        Yaml::Bool(x) => Some(x),
        _ => {
            let message = format!("`{what}` must be true or false, not {}", node.kind());
            problems.push(Problem::new(node.place, message));
            None
        }
    }
}

fn selection(node: &Node, problems: &mut Vec<Problem>) -> Option<Selection> {
    match text(node, "selection", problems)? {
        "last" => Some(Selection::Last),
        "best-val" => Some(Selection::BestVal),
        "best-test" => Some(Selection::BestTest),
        other => {
            let message = unknown("selection", other, SELECTIONS.iter().copied());
            problems.push(Problem::new(node.place, message));
            None
        }
    }
}

/// A part that starts from `base` where it is of the same kind, and from its defaults otherwise.
fn part<B>(
    what: &str,
    table: &[Entry<B>],
    base: &Part,
    node: &Node,
    problems: &mut Vec<Problem>,
) -> Option<Part> {
    let Yaml::Map(entries) = &node.value else {
        problems
            .push(Problem::new(node.place, format!("{what} must be a map, not {}", node.kind())));
        return None;
    };
    let (name, place) = match entries.iter().find(|(key, _)| key.name == KIND) {
        None => (base.name.as_str(), node.place),
        Some((_, kind)) => (text(kind, KIND, problems)?, kind.place),
    };
    let Some(entry) = table.iter().find(|entry| entry.name == name) else {
        let message = unknown(what, name, table.iter().map(|entry| entry.name));
        problems.push(Problem::new(place, message));
        return None;
    };
    let mut part = if entry.name == base.name { base.clone() } else { entry.defaults() };
    for (key, node) in entries.iter().filter(|(key, _)| key.name != KIND) {
        let Some(param) = entry.params.iter().find(|param| param.name == key.name) else {
            let known = entry.params.iter().map(|param| param.name);
            let message = unknown(&format!("parameter of `{name}`"), &key.name, known);
            problems.push(Problem::new(key.place, message));
            continue;
        };
        match plain(node).and_then(|value| param.accept(value)) {
            Ok(value) => drop(part.params.0.insert(key.name.clone(), value)),
            Err(message) => problems.push(Problem::new(node.place, message)),
        }
    }
    Some(part)
}
