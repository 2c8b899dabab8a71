//! What of a resolved cell cannot move its weights. Each line here is a fact about the arithmetic of
//! a part, and a test trains both sides of it and demands equal weights.

use crate::data::{self, DATASETS};
use crate::registry::{Params, Part, Value, find};
use crate::suite::run::CellSpec;
use std::collections::BTreeMap;

/// The parameters of the third modality of the made data.
const THIRD: [&str; 2] = ["dimension_c", "signal_c"];

/// The parameters of feature dropping.
const DROPPING: [&str; 5] = ["q_base", "lambda", "p_exe", "rescale", "timing"];

/// The window of epochs in which a strategy is active.
const WINDOW: [&str; 3] = ["warmup", "starts", "ends"];

/// An end of the window that is none: the default.
const NEVER: i64 = 1_000_000;

/// The cell with whatever has no effect taken out or set to one value, mostly the default: runs of
/// two cells that are equal so have equal weights after every epoch, whatever the descriptions say.
/// `None` where all of it has an effect, or is at that value already.
pub(super) fn effective(spec: &CellSpec) -> Option<CellSpec> {
    let dataset = dataset(&spec.dataset);
    let strategy = strategy(spec.strategy.clone(), spec.branches.len(), spec.protocol.epochs);
    let optimizer = optimizer(&spec.protocol.optimizer);
    let schedule = schedule(&spec.protocol.schedule, spec.protocol.epochs);
    let needs = needs(&spec.needs);
    let is_plain = dataset.is_none()
        && spec.branches.iter().all(|branch| encoder(&branch.encoder).is_none())
        && strategy == spec.strategy
        && optimizer.is_none()
        && schedule.is_none()
        && needs.is_none();
    if is_plain {
        return None;
    }
    let mut run = CellSpec { strategy, ..spec.clone() };
    if let Some(part) = dataset {
        // The digest of the data follows from the parameters.
        run.data_manifest = data::manifest(&part.name, &part.params).unwrap_or(run.data_manifest);
        run.dataset = part;
    }
    for branch in &mut run.branches {
        branch.encoder = encoder(&branch.encoder).unwrap_or(branch.encoder.clone());
    }
    run.protocol.optimizer = optimizer.unwrap_or(run.protocol.optimizer);
    run.protocol.schedule = schedule.unwrap_or(run.protocol.schedule);
    run.needs = needs.unwrap_or(run.needs);
    Some(run)
}

/// What is needed, each cell with whatever has an effect there.
fn needs(cells: &[CellSpec]) -> Option<Vec<CellSpec>> {
    let changed: Vec<Option<CellSpec>> = cells.iter().map(effective).collect();
    let is_changed = changed.iter().any(Option::is_some);
    let each = changed.into_iter().zip(cells);
    is_changed.then(|| each.map(|(changed, cell)| changed.unwrap_or(cell.clone())).collect())
}

/// The parameters of made data that shape nothing: those of a third modality where there are two, of
/// segments where there are none, and of the names of a single value.
fn idle(part: &Part) -> &'static [&'static str] {
    let task = part.params.0.get("task").map(ToString::to_string);
    match (part.name.as_str(), task.as_deref()) {
        ("synthetic", _) if number(&part.params, "modalities") == Some(2.0) => &THIRD,
        ("synthetic-tasks", Some("regression")) => &["names", "segments"],
        ("synthetic-tasks", Some(task)) if task != "segments" => &["segments"],
        _ => &[],
    }
}

/// A data set with the defaults of what shapes nothing.
fn dataset(part: &Part) -> Option<Part> {
    let entry = find("data set", DATASETS, &part.name).ok()?;
    let idle = entry.params.iter().filter(|param| idle(part).contains(&param.name));
    let moved: BTreeMap<String, Value> = idle
        .map(|param| (param.name.to_string(), Value::from(param.default)))
        .filter(|(name, default)| part.params.0.get(name).is_some_and(|value| value != default))
        .collect();
    if moved.is_empty() {
        return None;
    }
    let mut part = part.clone();
    part.params.0.extend(moved);
    Some(part)
}

/// The width of hidden layers, where there is none.
fn encoder(part: &Part) -> Option<Part> {
    let is_flat = part.name == "mlp" && number(&part.params, "depth") == Some(0.0);
    if !is_flat || !part.params.0.contains_key("hidden") {
        return None;
    }
    let mut part = part.clone();
    forget(&mut part.params, &["hidden"]);
    Some(part)
}

fn strategy(mut part: Part, n_modalities: usize, epochs: usize) -> Part {
    let is = |params: &Params, name: &str, value: f64| number(params, name) == Some(value);
    let params = &mut part.params;
    // Nothing is ever dropped with a probability of zero, or from no batch; and the rest of what
    // decides the probability is then idle.
    if is(params, "q_base", 0.0) || is(params, "p_exe", 0.0) {
        forget(params, &DROPPING);
        part.name = match part.name.as_str() {
            "ogm-ge+opm" => "ogm-ge".into(),
            "opm" => "joint".into(),
            other => other.into(),
        };
    }
    // A probability of one is not raised any further.
    if is(params, "q_base", 1.0) {
        forget(params, &["lambda"]);
    }
    if part.name == "modality-dropout" && is(params, "p", 0.0) {
        part.name = "joint".into();
    }
    // A strength of zero makes every coefficient one, which leaves only the noise.
    if is(params, "alpha", 0.0) {
        forget(params, &["rule"]);
        if part.name == "ogm" {
            part.name = "joint".into();
        }
    }
    // The published code differs from the formula on a tie of two modalities alone.
    if n_modalities != 2 && params.0.get("rule") == Some(&Value::Text("cvpr-code".into())) {
        params.0.insert("rule".into(), Value::Text("cvpr-eq10".into()));
    }
    window(&mut part, epochs);
    if part.name == "joint" {
        part.params = Params::default();
    }
    part
}

/// A strategy waits for both its warm-up and its window, and an epoch that a run does not have
/// ends nothing. One that is never active is joint training.
fn window(part: &mut Part, epochs: usize) {
    let params = &mut part.params;
    let [Some(warmup), Some(starts), Some(ends)] = WINDOW.map(|name| number(params, name)) else {
        return;
    };
    let begins = warmup.max(starts);
    let last = epochs.saturating_sub(1) as f64;
    if ends.min(last) < begins {
        part.name = "joint".into();
        return;
    }
    // Both count whole epochs.
    params.0.insert("warmup".into(), Value::Int(begins as i64));
    params.0.insert("starts".into(), Value::Int(0));
    if last <= ends {
        params.0.insert("ends".into(), Value::Int(NEVER));
    }
}

/// Decoupled decay and that of the gradient are the same where there is none.
fn optimizer(part: &Part) -> Option<Part> {
    let is_adam = part.name == "adam-w" && number(&part.params, "weight_decay") == Some(0.0);
    is_adam.then(|| Part { name: "adam".into(), ..part.clone() })
}

/// A factor of one, or one that comes after the last epoch, changes no rate.
fn schedule(part: &Part, epochs: usize) -> Option<Part> {
    let [every, gamma] = ["every", "gamma"].map(|name| number(&part.params, name));
    let is_late = every.is_some_and(|every| epochs as f64 <= every);
    let is_idle = part.name == "step" && (is_late || gamma == Some(1.0));
    is_idle.then(|| Part { params: Params::default(), ..part.clone() })
}

fn forget(params: &mut Params, names: &[&str]) {
    names.iter().for_each(|name| drop(params.0.remove(*name)));
}

/// A number among parameters. Descriptions of other versions may lack it.
fn number(params: &Params, name: &str) -> Option<f64> {
    match params.0.get(name)? {
        Value::Float(x) => Some(*x),
        Value::Int(x) => Some(*x as f64),
        _ => None,
    }
}
