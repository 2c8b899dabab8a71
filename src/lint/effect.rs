//! What of a resolved run cannot move its weights. Each line here is a fact about the arithmetic of
//! a part, and a test trains both sides of it and demands equal weights.

use crate::data::{self, DATASETS};
use crate::protocol::{Optimizer, Schedule};
use crate::registry::{Params, Value, find};
use crate::spec::run::{Part, RunSpec};

/// The parameters of the third modality of the made data.
const THIRD: [&str; 2] = ["dimension_c", "signal_c"];

/// The parameters of feature dropping.
const DROPPING: [&str; 5] = ["q_base", "lambda", "p_exe", "rescale", "timing"];

/// The window of epochs in which a strategy is active.
const WINDOW: [&str; 3] = ["warmup", "starts", "ends"];

/// An end of the window that is none: the default.
const NEVER: i64 = 1_000_000;

/// The run with whatever has no effect taken out or set to one value, mostly the default: two runs
/// of one seed that are equal so have equal weights after every epoch, whatever their descriptions
/// say.
pub(super) fn effective(spec: &RunSpec) -> RunSpec {
    let mut run = spec.clone();
    dataset(&mut run);
    for branch in &mut run.branches {
        encoder(&mut branch.encoder);
    }
    strategy(&mut run.strategy, run.branches.len(), run.protocol.epochs);
    run.protocol.optimizer = optimizer(run.protocol.optimizer);
    run.protocol.schedule = schedule(run.protocol.schedule, run.protocol.epochs);
    run
}

/// The third modality of the made data, where there are two.
fn dataset(run: &mut RunSpec) {
    let Part { name, params } = &mut run.dataset;
    if name != "synthetic" || number(params, "modalities") != Some(2.0) {
        return;
    }
    let Ok(entry) = find("data set", DATASETS, name) else { return };
    let mut is_moved = false;
    for param in entry.params.iter().filter(|param| THIRD.contains(&param.name)) {
        let default = Value::from(param.default);
        if let Some(value) = params.0.get_mut(param.name)
            && *value != default
        {
            (*value, is_moved) = (default, true);
        }
    }
    // The digest of the data follows from the parameters.
    if is_moved && let Ok(manifest) = data::manifest(name, params) {
        run.data_manifest = manifest;
    }
}

/// The width of hidden layers, where there is none.
fn encoder(part: &mut Part) {
    if part.name == "mlp" && number(&part.params, "depth") == Some(0.0) {
        forget(&mut part.params, &["hidden"]);
    }
}

fn strategy(part: &mut Part, n_modalities: usize, epochs: usize) {
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
    window(part, epochs);
    if part.name == "joint" {
        part.params = Params::default();
    }
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
fn optimizer(given: Optimizer) -> Optimizer {
    match given {
        Optimizer::AdamW { lr, beta1, beta2, eps, weight_decay: 0.0 } => {
            Optimizer::Adam { lr, beta1, beta2, eps, weight_decay: 0.0 }
        }
        other => other,
    }
}

/// A factor of one, or one that comes after the last epoch, changes no rate.
fn schedule(given: Schedule, epochs: usize) -> Schedule {
    let is_idle = given.gamma == 1.0 || epochs <= given.every;
    if is_idle { Schedule { every: 1, gamma: 1.0 } } else { given }
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
