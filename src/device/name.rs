//! What devices are called.

use super::family;
use crate::error::{Error, Result};
use crate::registry;

/// What a device may be called, for messages. `N` is a number from 0; `gpu` is short for `gpu:0`.
pub const NAMES: &[&str] = &["auto", "cpu", "tch-cpu", "cuda:N", "gpu:N"];

/// Those of [`NAMES`] that this build can open, where the machine has them.
pub fn names_here() -> Vec<&'static str> {
    NAMES.iter().copied().filter(|name| Name::parse(&first(name)).is_ok_and(is_built_in)).collect()
}

/// Those of [`NAMES`] that this build cannot open, each with what another is built with to do so.
pub fn ways_to_others() -> Vec<(&'static str, &'static str)> {
    let here = names_here();
    let others = NAMES.iter().copied().filter(|name| !here.contains(name));
    others.map(|name| (name, Name::parse(&first(name)).map_or("", Name::way))).collect()
}

/// A name without its `N`.
fn first(name: &str) -> String {
    name.replace('N', "0")
}

fn is_built_in(name: Name) -> bool {
    family::of(name).is_ok_and(|family| family.has(name))
}

/// A device by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Cpu,
    TchCpu,
    Cuda(u16),
    Gpu(u16),
}

impl Name {
    pub(super) fn parse(name: &str) -> Result<Self> {
        match name {
            "auto" => return Ok(preferred()),
            "cpu" => return Ok(Name::Cpu),
            "tch-cpu" => return Ok(Name::TchCpu),
            "gpu" => return Ok(Name::Gpu(0)),
            _ => (),
        }
        let known = name.split_once(':').and_then(|(kind, index)| match (kind, index.parse()) {
            ("cuda", Ok(index)) => Some(Name::Cuda(index)),
            ("gpu", Ok(index)) => Some(Name::Gpu(index)),
            _ => None,
        });
        known.ok_or_else(|| Error::input(registry::unknown("device", name, NAMES.iter().copied())))
    }

    pub(super) fn kind(self) -> &'static str {
        match self {
            Name::Cpu => "cpu",
            Name::TchCpu => "tch-cpu",
            Name::Cuda(_) => "cuda",
            Name::Gpu(_) => "wgpu",
        }
    }

    /// What a program is built with to have devices of this kind.
    pub(super) fn way(self) -> &'static str {
        match self {
            Name::Cpu => "nothing",
            Name::TchCpu => "`--features tch`",
            Name::Cuda(_) => "`--features tch` and a libtorch with CUDA",
            Name::Gpu(_) => "`--features wgpu`",
        }
    }
}

/// The device that `auto` names: the first GPU of a build and machine that has one.
fn preferred() -> Name {
    family::all().find_map(|family| family.gpu()).unwrap_or(Name::Cpu)
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
    let names: Vec<Name> =
        list.split(',').map(|name| Name::parse(name.trim())).collect::<Result<_>>()?;
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

/// The name of the first device of a kind, such as `cuda:0` of `cuda`.
pub fn first_of(kind: &str) -> &str {
    match kind {
        "cuda" => "cuda:0",
        "wgpu" => "gpu:0",
        kind => kind,
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

    #[test]
    fn the_first_device_of_a_kind_is_of_that_kind() {
        for name in NAMES {
            let kind = kind(&first(name)).unwrap();
            assert_eq!(self::kind(first_of(kind)).unwrap(), kind);
        }
    }
}
