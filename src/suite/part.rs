//! Named parts with parameters, and grids over them.

use super::catalog::PartInfo;
use super::problem::{Place, Problem};
use super::yaml::{Key, Node, Value as Yaml};
use crate::registry::{Domain, Param, Params, Part, Value, unknown};
use std::collections::BTreeMap;

/// The most points of one grid, and of all grids of one list: far above any suite that finishes.
pub(super) const MAX_POINTS: usize = 1000;

/// A part as a suite names it, before its parameters are read.
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    /// Where the name stands.
    pub(super) place: Place,
    /// The other keys.
    pub(super) rest: Vec<(&'a Key, &'a Node)>,
}

impl<'a> Named<'a> {
    /// Reads `NAME` or `{name: NAME, ...}`.
    pub(super) fn read(node: &'a Node, what: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        match &node.value {
            Yaml::Text(name) => Some(Self { name, place: node.place, rest: Vec::new() }),
            Yaml::Map(map) => {
                let Some((_, name)) = map.iter().find(|(key, _)| key.name == "name") else {
                    problems.push(Problem::new(node.place, format!("a {what} needs a `name`")));
                    return None;
                };
                let rest = map
                    .iter()
                    .filter(|(key, _)| key.name != "name")
                    .map(|(key, node)| (key, node))
                    .collect();
                let text = text(name, "name", problems)?;
                Some(Self { name: text, place: name.place, rest })
            }
            _ => {
                let message = format!("expected the name of a {what}, not {}", node.kind());
                problems.push(Problem::new(node.place, message));
                None
            }
        }
    }

    /// Takes a key that is not a parameter.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a Node> {
        let at = self.rest.iter().position(|(key, _)| key.name == name)?;
        Some(self.rest.remove(at).1)
    }

    /// Every part of the grid that the remaining keys span: a list given for a parameter that
    /// takes one value is an axis, in the order declared.
    pub(super) fn grid(&self, info: &PartInfo, problems: &mut Vec<Problem>) -> Vec<Part> {
        let declared = info.params;
        let mut axes: Vec<(&str, Vec<Value>)> = Vec::new();
        for (key, node) in &self.rest {
            let Some(param) = declared.iter().find(|param| param.name == key.name) else {
                let known = declared.iter().map(|param| param.name);
                let message = unknown(&format!("parameter of `{}`", self.name), &key.name, known);
                problems.push(Problem::new(key.place, message));
                continue;
            };
            axes.push((param.name, values(param, node, problems)));
        }
        axes.sort_by_key(|(name, _)| declared.iter().position(|param| param.name == *name));
        let points = axes.iter().fold(1usize, |n, (_, values)| n.saturating_mul(values.len()));
        if MAX_POINTS < points {
            let message = format!("this grid has {points} points, of at most {MAX_POINTS}");
            problems.push(Problem::new(self.place, message));
            return Vec::new();
        }
        let mut grid = vec![BTreeMap::new()];
        for (name, values) in axes {
            grid = grid
                .into_iter()
                .flat_map(|point| {
                    values.iter().map(move |value| {
                        let mut point: BTreeMap<String, Value> = point.clone();
                        point.insert(name.to_string(), value.clone());
                        point
                    })
                })
                .collect();
        }
        grid.into_iter()
            .filter_map(|point| match Params::resolve(declared, point) {
                Ok(params) => Some(info.part(params)),
                Err((_, message)) => {
                    problems.push(Problem::new(self.place, message));
                    None
                }
            })
            .collect()
    }
}

/// The values that a node gives a parameter: one, or those of an axis.
fn values(param: &Param, node: &Node, problems: &mut Vec<Problem>) -> Vec<Value> {
    let takes_list = matches!(param.domain, Domain::Names { .. });
    let is_axis = match &node.value {
        Yaml::List(items) => {
            !takes_list || items.iter().any(|item| matches!(item.value, Yaml::List(_)))
        }
        _ => false,
    };
    let points = match &node.value {
        Yaml::List(items) if is_axis => items.iter().collect(),
        _ => vec![node],
    };
    if points.is_empty() {
        problems.push(Problem::new(node.place, format!("the grid over `{}` is empty", param.name)));
    }
    if MAX_POINTS < points.len() {
        let n = points.len();
        let message =
            format!("the grid over `{}` has {n} points, of at most {MAX_POINTS}", param.name);
        problems.push(Problem::new(node.place, message));
        return Vec::new();
    }
    let mut values: Vec<Value> = Vec::new();
    for point in points {
        match plain(point).and_then(|value| param.accept(value)) {
            Ok(value) if values.contains(&value) => {
                let message = format!("`{value}` stands twice in the grid over `{}`", param.name);
                problems.push(Problem::new(point.place, message));
            }
            Ok(value) => values.push(value),
            Err(message) => problems.push(Problem::new(point.place, message)),
        }
    }
    values
}

/// The value that a node stands for, of any parameter.
pub(super) fn plain(node: &Node) -> Result<Value, String> {
    match &node.value {
        Yaml::Bool(x) => Ok(Value::Bool(*x)),
        Yaml::Int(x) => Ok(Value::Int(*x)),
        Yaml::Float(x) => Ok(Value::Float(*x)),
        Yaml::Text(x) => Ok(Value::Text(x.clone())),
        Yaml::List(items) => items
            .iter()
            .map(|item| match &item.value {
                Yaml::Text(x) => Ok(x.clone()),
                _ => Err(format!("expected a name, not {}", item.kind())),
            })
            .collect::<Result<_, _>>()
            .map(Value::List),
        Yaml::Null | Yaml::Map(_) => Err(format!("expected a value, not {}", node.kind())),
    }
}

pub(super) fn text<'a>(node: &'a Node, what: &str, problems: &mut Vec<Problem>) -> Option<&'a str> {
    match &node.value {
        Yaml::Text(text) => Some(text),
        _ => {
            let message = format!("`{what}` must be text, not {}", node.kind());
            problems.push(Problem::new(node.place, message));
            None
        }
    }
}

pub(super) fn list<'a>(
    node: &'a Node,
    what: &str,
    problems: &mut Vec<Problem>,
) -> Option<&'a [Node]> {
    match &node.value {
        Yaml::List(items) if !items.is_empty() => Some(items),
        Yaml::List(_) => {
            problems.push(Problem::new(node.place, format!("`{what}` is empty")));
            None
        }
        _ => {
            let message = format!("`{what}` must be a list, not {}", node.kind());
            problems.push(Problem::new(node.place, message));
            None
        }
    }
}

/// The entries of a map, each key among `known`.
pub(super) fn map<'a>(
    node: &'a Node,
    what: &str,
    known: &[&str],
    problems: &mut Vec<Problem>,
) -> Option<BTreeMap<&'a str, &'a Node>> {
    let Yaml::Map(entries) = &node.value else {
        let message = format!("{what} must be a map, not {}", node.kind());
        problems.push(Problem::new(node.place, message));
        return None;
    };
    let mut found = BTreeMap::new();
    for (key, node) in entries {
        if known.contains(&key.name.as_str()) {
            found.insert(key.name.as_str(), node);
        } else {
            let message = unknown(&format!("key of {what}"), &key.name, known.iter().copied());
            problems.push(Problem::new(key.place, message));
        }
    }
    Some(found)
}
