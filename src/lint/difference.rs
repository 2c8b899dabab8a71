//! Where two resolved runs differ beside the compared axes.

use crate::spec::run::RunSpec;
use serde_json::Value;
use std::collections::BTreeSet;

/// What may differ between compared cells. The estimator of scores has a rule of its own.
const AXES: [&str; 4] = ["fusion", "strategy", "scores", "seed"];

/// The fields in which `a` differs from `b`, with both values: `protocol.epochs is 2, there 3`.
/// Every field of a description is looked at, so none can be forgotten. Of encoders, only those of
/// modalities that both have are compared where one of them has a single modality.
pub(super) fn differences(a: &RunSpec, b: &RunSpec) -> Vec<String> {
    let mut found = Vec::new();
    walk("", &described(a, b), &described(b, a), &mut found);
    // The digest follows from the rest, but for a change of the sources or of the conversion.
    if found.iter().any(|difference| difference.starts_with("dataset.")) {
        found.retain(|difference| !difference.starts_with("data_manifest"));
    }
    found
}

/// A run without the compared axes, its branches by modality.
fn described(run: &RunSpec, other: &RunSpec) -> Value {
    let is_alone = run.branches.len() == 1 || other.branches.len() == 1;
    let is_shared = |name: &str| other.branches.iter().any(|branch| branch.modality.name == name);
    let branches: serde_json::Map<String, Value> = run
        .branches
        .iter()
        .filter(|branch| !is_alone || is_shared(&branch.modality.name))
        .map(|branch| {
            let value = serde_json::json!({
                "shape": branch.modality.shape, "encoder": branch.encoder,
            });
            (branch.modality.name.clone(), value)
        })
        .collect();
    // A run is plain data; one that could not be encoded would have no id either.
    let mut value = serde_json::to_value(run).unwrap_or_default();
    if let Some(map) = value.as_object_mut() {
        AXES.iter().for_each(|axis| drop(map.remove(*axis)));
        map.insert("branches".into(), Value::Object(branches));
    }
    value
}

fn walk(path: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let keys: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(
                    &path,
                    x.get(key).unwrap_or(&Value::Null),
                    y.get(key).unwrap_or(&Value::Null),
                    found,
                );
            }
        }
        _ if a == b => {}
        _ => found.push(format!("{path} is {}, there {}", show(a), show(b))),
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Null => "not there".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
