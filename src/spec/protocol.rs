//! Protocols as suites write them: a preset, and what differs from it.

use super::part::{map, text};
use super::problem::Problem;
use super::wire::{Node, Value as Wire};
use crate::protocol::presets::PRESETS;
use crate::protocol::{Optimizer, Protocol, Schedule, Selection};
use crate::registry::unknown;

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

pub(super) const OPTIMIZERS: &[&str] = &["sgd", "adam", "adam-w"];
pub(super) const SELECTIONS: &[&str] = &["last", "best-val", "best-test"];

/// Reads `NAME` or `{preset: NAME, epochs: ..., ...}`.
pub(super) fn read(node: &Node, problems: &mut Vec<Problem>) -> Option<Protocol> {
    if matches!(node.value, Wire::Text(_)) {
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

fn preset(node: &Node, problems: &mut Vec<Problem>) -> Option<Protocol> {
    let name = text(node, "preset", problems)?;
    let found = PRESETS.iter().find(|preset| preset.name == name);
    if found.is_none() {
        let message = unknown("protocol preset", name, PRESETS.iter().map(|preset| preset.name));
        problems.push(Problem::new(node.place, message));
    }
    Some(found?.protocol())
}

/// Reads the protocol of one data set: a preset starts anew, other keys change `base`.
pub(super) fn read_over(
    base: &Protocol,
    node: &Node,
    problems: &mut Vec<Problem>,
) -> Option<Protocol> {
    match &node.value {
        Wire::Map(entries) if !entries.iter().any(|(key, _)| key.name == "preset") => {
            change(base, node, problems)
        }
        _ => read(node, problems),
    }
}

/// `base` with the keys of a map changed; `preset` is read by the caller.
fn change(base: &Protocol, node: &Node, problems: &mut Vec<Problem>) -> Option<Protocol> {
    let mut protocol = base.clone();
    let before = problems.len();
    for (key, node) in map(node, "a protocol", KEYS, problems)? {
        match key {
            "epochs" => set(&mut protocol.epochs, count(node, key, problems)),
            "batch_size" => set(&mut protocol.batch_size, count(node, key, problems)),
            "trace_every" => set(&mut protocol.trace_every, count(node, key, problems)),
            "drop_last" => set(&mut protocol.drop_last, flag(node, key, problems)),
            "selection" => set(&mut protocol.selection, selection(node, problems)),
            "schedule" => set(&mut protocol.schedule, schedule(&base.schedule, node, problems)),
            "optimizer" => set(&mut protocol.optimizer, optimizer(&base.optimizer, node, problems)),
            _ => {}
        }
    }
    (problems.len() == before).then_some(protocol)
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

fn count(node: &Node, what: &str, problems: &mut Vec<Problem>) -> Option<usize> {
    match node.value {
        Wire::Int(x) if 1 <= x => Some(x as usize),
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
        Wire::Bool(x) => Some(x),
        _ => {
            let message = format!("`{what}` must be true or false, not {}", node.kind());
            problems.push(Problem::new(node.place, message));
            None
        }
    }
}

/// A finite number for which `fits`; `range` says which those are.
fn number(
    node: &Node,
    what: &str,
    range: &str,
    fits: impl Fn(f64) -> bool,
    problems: &mut Vec<Problem>,
) -> Option<f64> {
    let value = match node.value {
        Wire::Int(x) => x as f64,
        Wire::Float(x) => x,
        _ => f64::NAN,
    };
    if value.is_finite() && fits(value) {
        return Some(value);
    }
    let message = format!("`{what}` must be {range}, not {}", node.kind());
    problems.push(Problem::new(node.place, message));
    None
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

fn schedule(base: &Schedule, node: &Node, problems: &mut Vec<Problem>) -> Option<Schedule> {
    let mut schedule = *base;
    for (key, node) in map(node, "a schedule", &["every", "gamma"], problems)? {
        match key {
            "every" => set(&mut schedule.every, count(node, key, problems)),
            _ => {
                let range = "above 0 and at most 1";
                let fits = |x| 0.0 < x && x <= 1.0;
                set(&mut schedule.gamma, number(node, key, range, fits, problems));
            }
        }
    }
    Some(schedule)
}

fn optimizer(base: &Optimizer, node: &Node, problems: &mut Vec<Problem>) -> Option<Optimizer> {
    let keys = ["kind", "lr", "momentum", "weight_decay", "beta1", "beta2", "eps"];
    let entries = map(node, "an optimizer", &keys, problems)?;
    let adam = |kind: &str| {
        let (lr, beta1, beta2, eps, weight_decay) = (1e-3, 0.9, 0.999, 1e-8, 0.0);
        if kind == "adam" {
            Optimizer::Adam { lr, beta1, beta2, eps, weight_decay }
        } else {
            Optimizer::AdamW { lr, beta1, beta2, eps, weight_decay: 0.01 }
        }
    };
    // Another kind starts from PyTorch's defaults, the same kind from what is in force.
    let mut optimizer = match entries.get("kind") {
        None => base.clone(),
        Some(kind) => match (text(kind, "kind", problems)?, base) {
            ("sgd", Optimizer::Sgd { .. })
            | ("adam", Optimizer::Adam { .. })
            | ("adam-w", Optimizer::AdamW { .. }) => base.clone(),
            ("sgd", _) => Optimizer::Sgd { lr: 1e-3, momentum: 0.0, weight_decay: 0.0 },
            (kind @ ("adam" | "adam-w"), _) => adam(kind),
            (other, _) => {
                let message = unknown("optimizer", other, OPTIMIZERS.iter().copied());
                problems.push(Problem::new(kind.place, message));
                return None;
            }
        },
    };
    for (key, node) in entries {
        let (range, fits): (_, fn(f64) -> bool) = match key {
            "kind" => continue,
            "lr" | "eps" => ("a number above 0", |x| 0.0 < x),
            "weight_decay" => ("a number of at least 0", |x| 0.0 <= x),
            _ => ("a number of at least 0 and below 1", |x| (0.0..1.0).contains(&x)),
        };
        let value = number(node, key, range, fits, problems);
        let slot = match (&mut optimizer, key) {
            (Optimizer::Sgd { lr, .. }, "lr") => lr,
            (Optimizer::Sgd { momentum, .. }, "momentum") => momentum,
            (Optimizer::Sgd { weight_decay, .. }, "weight_decay") => weight_decay,
            (
                Optimizer::Adam { lr, beta1, beta2, eps, weight_decay }
                | Optimizer::AdamW { lr, beta1, beta2, eps, weight_decay },
                key,
            ) if key != "momentum" => match key {
                "lr" => lr,
                "beta1" => beta1,
                "beta2" => beta2,
                "eps" => eps,
                _ => weight_decay,
            },
            _ => {
                let message = format!("this optimizer has no `{key}`");
                problems.push(Problem::new(node.place, message));
                continue;
            }
        };
        set(slot, value);
    }
    Some(optimizer)
}
