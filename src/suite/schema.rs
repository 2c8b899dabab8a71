//! The JSON Schema of suites, for editors. Generated from the same tables that check a suite.

use super::catalog::{Catalog, PartInfo};
use super::dataset;
use super::expand::{KEYS, MAX_SEEDS};
use super::prose::{MAX_ANALYSIS, MAX_LABEL, MAX_TITLE};
use super::protocol::{KIND, SELECTIONS};
use crate::protocol::parts::{OPTIMIZERS, SCHEDULES};
use crate::protocol::presets::PRESETS;
use crate::registry::{ABOVE_ZERO, BELOW_ONE, Domain, Entry, Param, SEED, Value};
use serde_json::{Map, Value as Json, json};

/// The schema (draft 2020-12), printed with a stable order.
pub fn schema(catalog: &Catalog) -> String {
    let encoders: Vec<PartInfo> = catalog.encoders.iter().map(|info| info.part).collect();
    let fusions: Vec<PartInfo> = catalog.fusions.iter().map(|info| info.part).collect();
    let strategies: Vec<PartInfo> = catalog.strategies.iter().map(|info| info.part).collect();
    let observers: Vec<PartInfo> = catalog.observers.iter().map(|info| info.part).collect();
    let estimators: Vec<&str> = catalog.estimators.iter().map(|info| info.name).collect();
    let preset: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
    let parts = |infos: &[PartInfo], extra: &Map<String, Json>| json!({ "anyOf": infos.iter().map(|info| part(info, extra)).collect::<Vec<_>>() });
    let none = Map::new();
    let extra: Map<String, Json> = dataset::KEYS
        .iter()
        .map(|key| {
            let value = match *key {
                "label" => json!({ "type": "string", "maxLength": MAX_LABEL }),
                "encoders" => json!({
                    "type": "object",
                    "additionalProperties": { "$ref": "#/$defs/encoder" },
                }),
                // Here a preset may stay away: the rest then changes the suite's protocol.
                "protocol" => json!({ "anyOf": [
                    { "enum": preset }, { "$ref": "#/$defs/protocol" },
                ] }),
                _ => json!({ "$ref": "#/$defs/scores" }),
            };
            ((*key).to_string(), value)
        })
        .collect();
    let list = |name: &str| json!({ "type": "array", "minItems": 1, "items": { "$ref": format!("#/$defs/{name}") } });
    let one_or_more =
        |name: &str| json!({ "anyOf": [{ "$ref": format!("#/$defs/{name}") }, list(name)] });
    let pattern = json!({ "type": "string", "description": "a label; * stands for anything" });
    let properties: Map<String, Json> = KEYS
        .iter()
        .map(|key| {
            let value = match *key {
                "suite" => json!({
                    "type": "string", "pattern": "^[a-z0-9-]+$", "maxLength": MAX_LABEL,
                }),
                "title" => json!({ "type": "string", "maxLength": MAX_TITLE }),
                "analysis" => json!({ "type": "string", "maxLength": MAX_ANALYSIS }),
                "protocol" => json!({ "anyOf": [
                    { "enum": preset },
                    { "$ref": "#/$defs/protocol", "required": ["preset"] },
                ] }),
                "seeds" => json!({ "anyOf": [
                    { "type": "array", "minItems": 1, "uniqueItems": true,
                      "items": { "type": "integer", "minimum": 0, "maximum": i64::MAX } },
                    { "type": "object", "additionalProperties": false, "required": ["count"],
                      "properties": { "count": {
                          "type": "integer", "minimum": 1, "maximum": MAX_SEEDS,
                      } } },
                ] }),
                "margin" => json!({
                    "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100,
                    "description": "the difference in percentage points that matters",
                    "default": 1,
                }),
                "datasets" => list("dataset"),
                "fusion" => list("fusion"),
                "strategies" => list("strategy"),
                "scores" => json!({ "$ref": "#/$defs/scores" }),
                "observe" => list("observer"),
                "include" => json!({ "type": "array", "minItems": 1, "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["dataset", "fusion", "strategy"],
                    "properties": {
                        "dataset": { "anyOf": [
                            { "type": "string" }, { "$ref": "#/$defs/dataset" },
                        ] },
                        "fusion": one_or_more("fusion"),
                        "strategy": one_or_more("strategy"),
                    },
                } }),
                _ => json!({ "type": "array", "minItems": 1, "items": {
                    "type": "object", "additionalProperties": false, "minProperties": 1,
                    "properties": { "dataset": pattern, "fusion": pattern, "strategy": pattern },
                } }),
            };
            ((*key).to_string(), value)
        })
        .collect();
    let count = json!({ "type": "integer", "minimum": 1 });
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A suite of Counterpoise",
        "type": "object",
        "additionalProperties": false,
        "required": ["suite", "title", "protocol", "seeds", "datasets", "fusion", "strategies"],
        "properties": properties,
        "$defs": {
            "dataset": parts(&catalog.datasets, &extra),
            "encoder": parts(&encoders, &none),
            "fusion": parts(&fusions, &none),
            "strategy": parts(&strategies, &none),
            "scores": { "enum": estimators },
            "observer": parts(&observers, &none),
            "protocol": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "preset": { "enum": preset },
                    "epochs": count,
                    "batch_size": count,
                    "trace_every": count,
                    "drop_last": { "type": "boolean" },
                    "selection": { "enum": SELECTIONS },
                    "schedule": kinds(SCHEDULES),
                    "optimizer": kinds(OPTIMIZERS),
                },
            },
        },
    });
    format!("{schema:#}\n")
}

/// An optimizer or schedule: its kind, where it changes, and its parameters.
fn kinds<B>(table: &[Entry<B>]) -> Json {
    let names: Vec<&str> = table.iter().map(|entry| entry.name).collect();
    let mut properties = Map::from_iter([(KIND.to_string(), json!({ "enum": names }))]);
    for param in table.iter().flat_map(|entry| entry.params) {
        let mut described = value(param);
        described["description"] = param.summary.into();
        properties.insert(param.name.into(), described);
    }
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// A part by name, or as a map with its parameters, each a value or a grid.
fn part(info: &PartInfo, extra: &Map<String, Json>) -> Json {
    let mut properties = extra.clone();
    properties.insert("name".into(), json!({ "const": info.name }));
    for param in info.params {
        properties.insert(param.name.into(), parameter(param));
    }
    json!({
        "description": info.summary,
        "anyOf": [
            { "const": info.name },
            { "type": "object", "additionalProperties": false, "required": ["name"],
              "properties": properties },
        ],
    })
}

fn parameter(param: &Param) -> Json {
    let value = value(param);
    json!({
        "description": param.summary,
        "default": Value::from(param.default),
        "anyOf": [value, { "type": "array", "minItems": 1, "items": value }],
    })
}

fn value(param: &Param) -> Json {
    match param.domain {
        Domain::Bool => json!({ "type": "boolean" }),
        Domain::Int { min, max: i64::MAX } => json!({ "type": "integer", "minimum": min }),
        Domain::Int { min, max } => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        Domain::Float { min, max } => {
            let mut value = json!({ "type": "number" });
            let (least, bound) = match min {
                ABOVE_ZERO => ("exclusiveMinimum", 0.0),
                min => ("minimum", min),
            };
            value[least] = bound.into();
            match max {
                f64::MAX => {}
                BELOW_ONE => value["exclusiveMaximum"] = 1.0.into(),
                max => value["maximum"] = max.into(),
            }
            value
        }
        Domain::Choice(names) => json!({ "enum": names }),
        Domain::Draw => json!({ "anyOf": [
            { "type": "integer", "minimum": 0 }, { "const": SEED },
        ] }),
        Domain::Names { of, min } => json!({
            "type": "array", "minItems": min, "uniqueItems": true, "items": { "enum": of },
        }),
    }
}
