//! Lists of devices by name, and which of them are here.

use super::families;
use super::name::{NAMES, Name};
use crate::error::{Error, Result};
use crate::registry;

/// Those of [`NAMES`] that this build can open, where the machine has them.
pub fn names_here() -> Vec<&'static str> {
    NAMES.iter().copied().filter(|name| parse(&first(name)).is_ok_and(is_built_in)).collect()
}

/// Those of [`NAMES`] that this build cannot open, each with what another is built with to do so.
pub fn ways_to_others() -> Vec<(&'static str, &'static str)> {
    let here = names_here();
    let others = NAMES.iter().copied().filter(|name| !here.contains(name));
    others.map(|name| (name, parse(&first(name)).map_or("", Name::way))).collect()
}

/// A name without its `N`.
fn first(name: &str) -> String {
    name.replace('N', "0")
}

fn is_built_in(name: Name) -> bool {
    families::of(name).is_ok_and(|family| family.has(name))
}

/// The device of a name.
///
/// # Errors
/// When there is none.
pub(super) fn parse(name: &str) -> Result<Name> {
    if name == "auto" {
        return Ok(preferred());
    }
    let unknown = || Error::input(registry::unknown("device", name, NAMES.iter().copied()));
    Name::of(name).ok_or_else(unknown)
}

/// The device that `auto` names: the first GPU of a build and machine that has one.
fn preferred() -> Name {
    families::all().find_map(|family| family.gpu()).unwrap_or(Name::Cpu)
}

/// The kind of the devices that `list` names, such as `cpu` or `cuda:0,cuda:1`, whether or not
/// this build can open them.
///
/// # Errors
/// When there is no device of a name, or the devices are of several kinds.
pub fn kind(list: &str) -> Result<&'static str> {
    Ok(self::list(list)?[0].kind())
}

pub(super) fn list(list: &str) -> Result<Vec<Name>> {
    let names: Vec<Name> = list.split(',').map(|name| parse(name.trim())).collect::<Result<_>>()?;
    match names.iter().find(|name| name.kind() != names[0].kind()) {
        None => Ok(names),
        Some(other) => Err(Error::input(format!(
            "`{list}` mixes devices of the kinds `{}` and `{}`",
            names[0].kind(),
            other.kind()
        ))
        .with_hint("the kind is part of a run's identity; give one kind per call")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_of_one_kind_and_every_name_is_known() {
        assert_eq!(kind("cpu").unwrap(), "cpu");
        assert_eq!(kind("cuda:0, cuda:3").unwrap(), "cuda");
        assert_eq!(kind("gpu, gpu:1").unwrap(), "wgpu");
        for (bad, expected) in [
            ("cuda:x", "unknown device `cuda:x`, did you mean `cuda:N`?"),
            ("gpu:", "unknown device `gpu:`, did you mean `gpu:N`?"),
            ("cuda:-1", "unknown device"),
            ("cpu:0", "unknown device"),
            ("", "unknown device"),
            ("cpu,cuda:0", "mixes devices"),
            ("gpu,cuda:0", "mixes devices"),
        ] {
            let error = kind(bad).unwrap_err();
            assert_eq!(error.kind, crate::error::Kind::Input);
            assert!(error.message.contains(expected), "{bad}: {error}");
        }
    }
}
