//! Where two resolved runs differ beside the compared axes.

use crate::suite::change::{Change, changes};
use crate::suite::run::CellSpec;
use serde_json::Value;

/// What may differ between compared cells. The estimator of scores has a rule of its own; what is
/// needed follows from the strategy and the rest.
const AXES: [&str; 4] = ["fusion", "strategy", "scores", "needs"];

/// The fields in which `a` differs from `b`, with both values: `protocol.epochs is 2, there 3`.
/// Of encoders, only those of modalities that both have are compared where one of them has a
/// single modality.
pub(super) fn differences(a: &CellSpec, b: &CellSpec) -> Vec<String> {
    if is_alike(a, b) {
        return Vec::new();
    }
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

/// Whether two cells differ in the compared axes alone: what the fields would show, but for the
/// price of encoding them, which a large suite could not pay for each of its cells.
pub(super) fn is_alike(a: &CellSpec, b: &CellSpec) -> bool {
    // Every field by name, so that a new one is either compared here or left aside on purpose.
    let CellSpec {
        format,
        task,
        dataset,
        data_manifest,
        outputs,
        branches,
        fusion: _,
        strategy: _,
        scores: _,
        protocol,
        training,
        observe,
        backend,
        needs: _,
    } = a;
    (format, task, dataset, data_manifest, outputs)
        == (&b.format, &b.task, &b.dataset, &b.data_manifest, &b.outputs)
        && (branches, protocol, training, observe, backend)
            == (&b.branches, &b.protocol, &b.training, &b.observe, &b.backend)
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
