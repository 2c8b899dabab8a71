//! Cells that are one training under several descriptions.

use super::effect::effective;
use super::{Hit, Rule, Severity, Subject};
use crate::registry::Params;
use crate::suite::run::CellSpec;
use std::collections::{BTreeMap, BTreeSet};

/// A grid over a parameter that another setting makes idle, such as `lambda` where no feature is
/// ever dropped, yields equal runs by several names. Each is trained, shown as a result and tested.
pub(super) const TRAINING: Rule = Rule {
    name: "same-training",
    finds: "cells that train the same weights, since what they differ in has no effect, such as a \
            grid over `lambda` where nothing is ever dropped, or a window that no epoch reaches",
    why: "equal runs take time again, look like results that agree, and widen the family of tests \
          that a report corrects for",
    remedy: "leave out the parameter that has no effect, or change the setting that leaves it \
             without one",
    check,
};

fn check(subjects: &[Subject<'_>]) -> Vec<Hit> {
    let effective: Vec<Option<CellSpec>> =
        subjects.iter().map(|cell| effective(cell.spec)).collect();
    // Cells differ; where all that they say has an effect, they differ in effect.
    if effective.iter().all(Option::is_none) {
        return Vec::new();
    }
    let mut hits = Vec::new();
    let mut known: BTreeMap<String, &Subject<'_>> = BTreeMap::new();
    for (cell, effective) in subjects.iter().zip(effective) {
        let mut spec = effective.unwrap_or_else(|| cell.spec.clone());
        // One part may stand for another here, whose revisions count on their own.
        forget_revisions(&mut spec);
        // A cell that cannot be encoded has no id either.
        let Ok(key) = serde_json::to_string(&spec) else { continue };
        let Some(first) = known.get(&key) else {
            known.insert(key, cell);
            continue;
        };
        let fields = idle(first.spec, cell.spec);
        // Two cells of one description, in a set of records, are no grid.
        if fields.is_empty() {
            continue;
        }
        let of_data = fields.iter().all(|field| field.starts_with("dataset."));
        let [there, place] = [first, &cell].map(|cell| match of_data {
            true => cell.dataset.to_string(),
            false => cell.label(),
        });
        let verb = if fields.len() == 1 { "differs" } else { "differ" };
        let message =
            format!("the training of {there} again: {} {verb} without effect", fields.join(", "));
        hits.push(Hit { severity: Severity::Warning, message, place });
    }
    hits
}

fn forget_revisions(spec: &mut CellSpec) {
    spec.strategy.revision = 0;
    spec.protocol.optimizer.revision = 0;
    spec.needs.iter_mut().for_each(forget_revisions);
}

/// The fields in which two cells of equal effect differ.
fn idle(a: &CellSpec, b: &CellSpec) -> Vec<String> {
    let mut fields = Vec::new();
    let mut compare = |prefix: &str, a: &Params, b: &Params| {
        let names: BTreeSet<&String> = a.0.keys().chain(b.0.keys()).collect();
        let other = names.into_iter().filter(|name| a.0.get(*name) != b.0.get(*name));
        fields.extend(other.map(|name| format!("{prefix}.{name}")));
    };
    compare("dataset", &a.dataset.params, &b.dataset.params);
    for (a, b) in a.branches.iter().zip(&b.branches) {
        let prefix = format!("encoders.{}", a.modality.name);
        compare(&prefix, &a.encoder.params, &b.encoder.params);
    }
    if a.strategy.name == b.strategy.name {
        compare("strategy", &a.strategy.params, &b.strategy.params);
    } else {
        fields.push("strategy".into());
    }
    if a.protocol.optimizer != b.protocol.optimizer {
        fields.push("protocol.optimizer".into());
    }
    if a.protocol.schedule != b.protocol.schedule {
        fields.push("protocol.schedule".into());
    }
    fields
}
