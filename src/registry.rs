//! Tables of named parts and their declared parameters.
//!
//! A data set, encoder, fusion method or strategy is an [`Entry`] in a visible table. The suite
//! language, its JSON Schema, `--help` texts and "did you mean" all read these declarations, so a
//! part describes itself once.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(x) => write!(f, "{x}"),
            Value::Int(x) => write!(f, "{x}"),
            // Written out, the largest number has 309 digits.
            Value::Float(x) if *x != 0.0 && !(1e-6..1e16).contains(&x.abs()) => write!(f, "{x:e}"),
            Value::Float(x) => write!(f, "{x}"),
            Value::Text(x) => write!(f, "{x}"),
            Value::List(x) => write!(f, "{}", x.join("+")),
        }
    }
}

/// The smallest number above 0, as the bound of a [`Domain`] that leaves 0 out.
pub const ABOVE_ZERO: f64 = f64::from_bits(1);

/// The largest number below 1, as the bound of a [`Domain`] that leaves 1 out.
pub const BELOW_ONE: f64 = 1.0f64.next_down();

/// The value of a [`Domain::Draw`] that is the seed of the run, whichever that is.
pub const SEED: &str = "seed";

/// What values a parameter takes. Bounds are inclusive.
#[derive(Clone, Copy, Debug)]
pub enum Domain {
    Bool,
    Int {
        min: i64,
        max: i64,
    },
    Float {
        min: f64,
        max: f64,
    },
    Choice(&'static [&'static str]),
    /// A whole number from 0, or [`SEED`].
    Draw,
    /// At least `min` different names out of `of`.
    Names {
        of: &'static [&'static str],
        min: usize,
    },
}

/// A default, in a form that can stand in a constant.
#[derive(Clone, Copy, Debug)]
pub enum Fallback {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'static str),
    List(&'static [&'static str]),
}

impl From<Fallback> for Value {
    fn from(default: Fallback) -> Self {
        match default {
            Fallback::Bool(x) => Value::Bool(x),
            Fallback::Int(x) => Value::Int(x),
            Fallback::Float(x) => Value::Float(x),
            Fallback::Text(x) => Value::Text(x.into()),
            Fallback::List(x) => Value::List(x.iter().map(|s| (*s).into()).collect()),
        }
    }
}

/// A declared parameter of a part.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    pub name: &'static str,
    pub summary: &'static str,
    pub domain: Domain,
    pub default: Fallback,
}

impl Param {
    /// Accepts `value` into the parameter's domain; whole numbers become floats where a float is
    /// declared, so that `1` and `1.0` are one value with one hash.
    ///
    /// # Errors
    /// A message that says what would be right, without naming the place.
    pub fn accept(&self, value: Value) -> std::result::Result<Value, String> {
        let value = match (self.domain, value) {
            (Domain::Float { .. }, Value::Int(x)) => Value::Float(x as f64),
            (_, value) => value,
        };
        let fits = match (&self.domain, &value) {
            (Domain::Bool, Value::Bool(_)) => true,
            (Domain::Int { min, max }, Value::Int(x)) => min <= x && x <= max,
            (Domain::Float { min, max }, Value::Float(x)) => min <= x && x <= max,
            (Domain::Choice(names), Value::Text(x)) => {
                if !names.contains(&x.as_str()) {
                    return Err(unknown("value", x, names.iter().copied()));
                }
                true
            }
            (Domain::Draw, Value::Int(x)) => 0 <= *x,
            (Domain::Draw, Value::Text(x)) => x == SEED,
            (Domain::Names { of, min }, Value::List(list)) => {
                for (i, name) in list.iter().enumerate() {
                    if !of.contains(&name.as_str()) {
                        return Err(unknown("name", name, of.iter().copied()));
                    }
                    if list[..i].contains(name) {
                        return Err(format!("`{name}` stands twice in `{}`", self.name));
                    }
                }
                *min <= list.len()
            }
            _ => false,
        };
        if fits {
            Ok(value)
        } else {
            Err(format!("`{}` must be {}, not `{value}`", self.name, self.domain))
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Domain::Bool => write!(f, "true or false"),
            Domain::Int { min, max: i64::MAX } => write!(f, "a whole number of at least {min}"),
            Domain::Int { min, max } => write!(f, "a whole number from {min} to {max}"),
            Domain::Float { min, max } => {
                let least = match *min {
                    ABOVE_ZERO => "above 0".to_string(),
                    min => format!("of at least {min}"),
                };
                match (*min, *max) {
                    (_, f64::MAX) => write!(f, "a number {least}"),
                    (_, BELOW_ONE) => write!(f, "a number {least} and below 1"),
                    (ABOVE_ZERO, max) => write!(f, "a number {least} and at most {max}"),
                    (min, max) => write!(f, "a number from {min} to {max}"),
                }
            }
            Domain::Choice(names) => write!(f, "one of {}", names.join(", ")),
            Domain::Draw => write!(f, "a whole number of at least 0, or {SEED}"),
            Domain::Names { of, min } => {
                write!(f, "a list of at least {min} of {}", of.join(", "))
            }
        }
    }
}

/// Resolved parameters: every declared one, defaults written out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Params(pub BTreeMap<String, Value>);

impl Params {
    /// Every declared parameter at its default.
    pub fn defaults(declared: &[Param]) -> Self {
        Self(declared.iter().map(|p| (p.name.to_string(), p.default.into())).collect())
    }

    /// Fills defaults into `given` and checks every value.
    ///
    /// # Errors
    /// The offending key and a message, for a caller that knows the place.
    pub fn resolve(
        declared: &[Param],
        given: BTreeMap<String, Value>,
    ) -> std::result::Result<Self, (String, String)> {
        let mut resolved = Self::defaults(declared);
        for (key, value) in given {
            let Some(param) = declared.iter().find(|p| p.name == key) else {
                let message = unknown("parameter", &key, declared.iter().map(|p| p.name));
                return Err((key, message));
            };
            match param.accept(value) {
                Ok(value) => resolved.0.insert(key, value),
                Err(message) => return Err((key, message)),
            };
        }
        Ok(resolved)
    }

    /// A number; `name` must be declared as one.
    pub fn float(&self, name: &str) -> f64 {
        match self.0.get(name) {
            Some(Value::Float(x)) => *x,
            other => panic!("`{name}` is not a declared float: {other:?}"),
        }
    }

    /// A whole number that is declared as non-negative.
    pub fn count(&self, name: &str) -> usize {
        match self.0.get(name) {
            Some(Value::Int(x)) if *x >= 0 => *x as usize,
            other => panic!("`{name}` is not a declared count: {other:?}"),
        }
    }

    /// A flag; `name` must be declared as one.
    pub fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(x)) => *x,
            other => panic!("`{name}` is not a declared flag: {other:?}"),
        }
    }

    /// A chosen name; `name` must be declared as a choice.
    pub fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Text(x)) => x,
            other => panic!("`{name}` is not a declared choice: {other:?}"),
        }
    }

    /// A list of names; `name` must be declared as one.
    pub fn list(&self, name: &str) -> &[String] {
        match self.0.get(name) {
            Some(Value::List(x)) => x,
            other => panic!("`{name}` is not a declared list: {other:?}"),
        }
    }
}

/// A named part with all its parameters, defaults written out: what a description holds of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub name: String,
    pub params: Params,
    /// See [`Entry::revision`].
    pub revision: u32,
}

impl Part {
    /// The name, followed by the parameters that differ from `defaults`: `ogm(alpha=0.3)`.
    pub fn label(&self, defaults: &Params) -> String {
        let changed: Vec<String> = self
            .params
            .0
            .iter()
            .filter(|(key, value)| defaults.0.get(*key) != Some(*value))
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        if changed.is_empty() {
            self.name.clone()
        } else {
            format!("{}({})", self.name, changed.join(","))
        }
    }
}

/// A named part with its parameters and whatever builds it.
pub struct Entry<B> {
    pub name: &'static str,
    pub summary: &'static str,
    pub params: &'static [Param],
    /// Raised whenever the part computes other bits than before: it is hashed with the name and the
    /// parameters, so that no older run passes for one of the mended part.
    pub revision: u32,
    pub build: B,
}

impl<B> Entry<B> {
    /// The part with every parameter at its default.
    pub fn defaults(&self) -> Part {
        self.part(Params::defaults(self.params))
    }

    /// The parameters of a part that a description holds, which may come from anywhere.
    ///
    /// # Errors
    /// When they are not all those that are declared, each in its domain.
    pub fn checked(&self, part: &Part) -> Result<Params> {
        let wrong = |why: String| Error::input(format!("`{}`: {why}", self.name));
        if let Some(param) = self.params.iter().find(|p| !part.params.0.contains_key(p.name)) {
            return Err(wrong(format!("its description lacks `{}`", param.name)));
        }
        Params::resolve(self.params, part.params.0.clone()).map_err(|(_, why)| wrong(why))
    }

    /// The part with resolved parameters.
    pub fn part(&self, params: Params) -> Part {
        Part { name: self.name.to_string(), params, revision: self.revision }
    }
}

/// Finds the entry that a description means: its name, in the revision that this program has.
///
/// # Errors
/// An unknown name, with the nearest known one; another revision.
pub fn find_part<'a, B>(what: &str, table: &'a [Entry<B>], part: &Part) -> Result<&'a Entry<B>> {
    let entry = find(what, table, &part.name)?;
    if entry.revision == part.revision {
        return Ok(entry);
    }
    let Part { name, revision, .. } = part;
    let message = format!(
        "{what} `{name}` is described in revision {revision}, this program has revision {}",
        entry.revision
    );
    Err(Error::input(message).with_hint("use the release that the description is of"))
}

/// Finds the entry called `name`.
///
/// # Errors
/// An unknown name, with the nearest known one.
pub fn find<'a, B>(what: &str, table: &'a [Entry<B>], name: &str) -> Result<&'a Entry<B>> {
    table
        .iter()
        .find(|entry| entry.name == name)
        .ok_or_else(|| Error::input(unknown(what, name, table.iter().map(|entry| entry.name))))
}

/// "unknown WHAT `NAME`", with the nearest of the known names, or all of them.
pub fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    match nearest(name, known.iter().copied()) {
        Some(candidate) => format!("unknown {what} `{name}`, did you mean `{candidate}`?"),
        None if known.is_empty() => format!("unknown {what} `{name}`: none is taken here"),
        None => format!("unknown {what} `{name}`, expected one of {}", known.join(", ")),
    }
}

/// The one of the known names that `name` is a slip of the pen away from, if any is.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let n = name.chars().count();
    known
        .filter_map(|candidate| {
            let most = 1 + name.len().max(candidate.len()) / 4;
            // A distance is at least the difference in length, and costs the product to compute.
            if most < n.abs_diff(candidate.chars().count()) {
                return None;
            }
            let distance = strsim::damerau_levenshtein(name, candidate);
            (distance <= most).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALPHA: Param = Param {
        name: "alpha",
        summary: "strength",
        domain: Domain::Float { min: 0.0, max: f64::MAX },
        default: Fallback::Float(0.8),
    };

    #[test]
    fn whole_numbers_become_floats_where_a_float_is_declared() {
        assert_eq!(ALPHA.accept(Value::Int(1)), Ok(Value::Float(1.0)));
    }

    #[test]
    fn values_outside_the_domain_are_refused_with_what_would_be_right() {
        let message = ALPHA.accept(Value::Float(-0.5)).unwrap_err();
        assert_eq!(message, "`alpha` must be a number of at least 0, not `-0.5`");
        assert!(ALPHA.accept(Value::Float(f64::NAN)).is_err());
        assert!(ALPHA.accept(Value::Text("x".into())).is_err());
    }

    #[test]
    fn a_misspelt_key_is_answered_with_the_nearest() {
        let given = BTreeMap::from([("alhpa".to_string(), Value::Float(1.0))]);
        let (key, message) = Params::resolve(&[ALPHA], given).unwrap_err();
        assert_eq!(key, "alhpa");
        assert_eq!(message, "unknown parameter `alhpa`, did you mean `alpha`?");
    }

    #[test]
    fn numbers_are_short_however_large_or_small() {
        for (value, text) in [
            (0.0, "0"),
            (0.3, "0.3"),
            (1.0, "1"),
            (0.000_1, "0.0001"),
            (12_345.5, "12345.5"),
            (1e300, "1e300"),
            (-2.5e-300, "-2.5e-300"),
        ] {
            assert_eq!(Value::Float(value).to_string(), text);
        }
        for value in [f64::MAX, f64::MIN_POSITIVE, 0.1 + 0.2, 1.0 / 3.0 * 1e15] {
            assert!(Value::Float(value).to_string().len() <= 24, "{value}");
        }
    }

    #[test]
    fn a_far_name_is_answered_with_all() {
        let message = unknown("fusion", "xyzzy", ["sum", "concat"].into_iter());
        assert_eq!(message, "unknown fusion `xyzzy`, expected one of sum, concat");
    }
}
