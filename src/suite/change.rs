//! What differs between two descriptions, field by field.

use crate::error::{Error, Result};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// A field with different values. A field that is not there has the value null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The way to the field, such as `protocol.optimizer.params.lr`.
    pub field: String,
    pub first: Value,
    pub second: Value,
}

impl Change {
    /// Both values, in words.
    pub fn values(&self) -> [String; 2] {
        [&self.first, &self.second].map(|value| match value {
            Value::Null => "absent".into(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.values();
        write!(f, "{}: {first} -> {second}", self.field)
    }
}

/// The fields in which two descriptions differ, in alphabetical order. Every field is looked at,
/// so none can be forgotten.
///
/// # Errors
/// When a description cannot be encoded.
pub fn changes(first: &impl Serialize, second: &impl Serialize) -> Result<Vec<Change>> {
    let mut found = Vec::new();
    walk("", &encoded(first)?, &encoded(second)?, &mut found);
    Ok(found)
}

fn encoded(description: &impl Serialize) -> Result<Value> {
    serde_json::to_value(description)
        .map_err(|e| Error::unexpected(format!("cannot encode a description: {e}")))
}

/// Maps are compared by their keys, lists of one length by their items.
fn walk(field: &str, first: &Value, second: &Value, found: &mut Vec<Change>) {
    let inside = |name: &str| match field {
        "" => name.to_string(),
        _ => format!("{field}.{name}"),
    };
    match (first, second) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let [a, b] = [a, b].map(|map| map.get(name).unwrap_or(&Value::Null));
                walk(&inside(name), a, b, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let items = a.iter().zip(b).enumerate();
            items.for_each(|(i, (a, b))| walk(&inside(&i.to_string()), a, b, found));
        }
        _ if first == second => {}
        _ => found.push(Change {
            field: field.to_string(),
            first: first.clone(),
            second: second.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture::spec;

    #[test]
    fn only_the_fields_that_differ_are_named() {
        let (first, mut second) = (spec("toy", 1), spec("toy", 2));
        second.cell.protocol.epochs = 7;
        second.cell.branches[0].encoder.name = "cnn".into();
        let changes = changes(&first, &second).unwrap();
        let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
        let expected = [
            "cell.branches.0.encoder.name: mlp -> cnn",
            "cell.protocol.epochs: 2 -> 7",
            "seed: 1 -> 2",
        ];
        assert_eq!(lines, expected);
        assert!(super::changes(&first, &first).unwrap().is_empty());
    }

    #[test]
    fn what_only_one_has_is_absent_in_the_other() {
        let [first, second] = [r#"{"a": [1]}"#, r#"{"a": [1, 2], "b": "x"}"#]
            .map(|text| serde_json::from_str::<Value>(text).unwrap());
        let changes = changes(&first, &second).unwrap();
        let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["a: [1] -> [1,2]", "b: absent -> x"]);
    }
}
