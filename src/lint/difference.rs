//! Where two resolved runs differ beside the compared axes.

use crate::spec::change::{Change, changes};
use crate::spec::run::CellSpec;
use serde_json::Value;

/// What may differ between compared cells. The estimator of scores has a rule of its own.
const AXES: [&str; 3] = ["fusion", "strategy", "scores"];

/// The fields in which `a` differs from `b`, with both values: `protocol.epochs is 2, there 3`.
/// Of encoders, only those of modalities that both have are compared where one of them has a
/// single modality.
pub(super) fn differences(a: &CellSpec, b: &CellSpec) -> Vec<String> {
    // Plain values can always be encoded.
    let mut found = changes(&described(a, b), &described(b, a)).unwrap_or_default();
    // The digest follows from the rest, but for a change of the sources or of the conversion.
    if found.iter().any(|change| change.field.starts_with("dataset.")) {
        found.retain(|change| change.field != "data_manifest");
    }
    let said = |change: &Change| {
        let [here, there] = change.values();
        format!("{} is {here}, there {there}", change.field)
    };
    found.iter().map(said).collect()
}

/// A cell without the compared axes, its branches by modality.
fn described(run: &CellSpec, other: &CellSpec) -> Value {
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
