//! What differs between two descriptions of a run, field by field.

use super::run::RunSpec;
use crate::error::{Error, Result};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// A field with different values. A field that is not there has the value null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The way to the field, such as `protocol.optimizer.lr`.
    pub field: String,
    pub first: Value,
    pub second: Value,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.field, self.first, self.second)
    }
}

/// The fields in which two runs differ, in alphabetical order.
///
/// # Errors
/// When a description cannot be encoded.
pub fn changes(first: &RunSpec, second: &RunSpec) -> Result<Vec<Change>> {
    let fields = |spec: &RunSpec| -> Result<BTreeMap<String, Value>> {
        let value = serde_json::to_value(spec)
            .map_err(|e| Error::unexpected(format!("cannot encode a run: {e}")))?;
        let mut fields = BTreeMap::new();
        collect(String::new(), value, &mut fields);
        Ok(fields)
    };
    let (mut first, mut second) = (fields(first)?, fields(second)?);
    let mut names: Vec<String> = first.keys().chain(second.keys()).cloned().collect();
    names.sort();
    names.dedup();
    let mut take = |field: String| {
        let [first, second] =
            [&mut first, &mut second].map(|fields| fields.remove(&field).unwrap_or(Value::Null));
        (first != second).then_some(Change { field, first, second })
    };
    Ok(names.into_iter().filter_map(&mut take).collect())
}

/// Every value that is no map or list, by the way to it.
fn collect(at: String, value: Value, fields: &mut BTreeMap<String, Value>) {
    let inside = |name: String| if at.is_empty() { name } else { format!("{at}.{name}") };
    match value {
        Value::Object(map) => {
            map.into_iter().for_each(|(name, value)| collect(inside(name), value, fields));
        }
        Value::Array(items) => {
            let items = items.into_iter().enumerate();
            items.for_each(|(i, value)| collect(inside(i.to_string()), value, fields));
        }
        value => {
            fields.insert(at, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture::spec;

    #[test]
    fn only_the_fields_that_differ_are_named() {
        let (first, mut second) = (spec("toy", 1), spec("toy", 2));
        second.protocol.epochs = 7;
        second.branches.clear();
        let changes = changes(&first, &second).unwrap();
        let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert!(lines.contains(&"seed: 1 -> 2".to_string()), "{lines:?}");
        assert!(lines.contains(&"protocol.epochs: 2 -> 7".to_string()), "{lines:?}");
        assert!(lines.iter().any(|line| line.ends_with("\"mlp\" -> null")), "{lines:?}");
        assert!(super::changes(&first, &first).unwrap().is_empty());
    }
}
