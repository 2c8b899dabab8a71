//! Devices: the one place that opens them, and what is computed on them without a model.

#[cfg(feature = "tch")]
pub(crate) mod kernels;
#[cfg(feature = "tch")]
mod libtorch;
pub mod lists;
mod place;
pub(crate) mod portable;

pub use place::Place;

use crate::error::{Error, Result};
use crate::registry;
use burn::tensor::{DType, Device};
use std::collections::BTreeMap;

/// A device to train on, and what bits depend on in its backend.
pub struct Backend {
    /// The kind that is part of a run's identity: `cpu`, `tch-cpu` or `cuda`.
    pub kind: &'static str,
    pub device: Device,
    /// Properties for the determinism class.
    pub class: BTreeMap<String, String>,
    pub habits: Habits,
}

impl Backend {
    /// Makes sure that no allocation has failed on the device in this process. Where memory is
    /// short, libraries may go on with other kernels, whose bits differ from those of a run that
    /// had enough.
    ///
    /// # Errors
    /// When one has failed; the message says `out of memory`.
    pub fn check_memory(&self) -> Result<()> {
        match self.kind {
            "cuda" => check_memory(),
            _ => Ok(()),
        }
    }

    /// Gives back the device's memory that this process keeps and does not use, to others that are
    /// packed on the device.
    ///
    /// # Errors
    /// When the device fails.
    pub fn give_back_memory(&self) -> Result<()> {
        match self.kind {
            "cuda" => give_back_memory(),
            _ => Ok(()),
        }
    }
}

/// How training treats a device. Fixed for its kind, which is part of a run's identity.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// Whether the data set is kept on the device. On one that shares the host's memory that
    /// would only take the memory twice.
    pub resident: bool,
    /// Steps after which their scalars are read, for which the host waits. A loss that is not
    /// finite is noticed then.
    pub read_every: usize,
    pub draws: Draws,
}

/// Where large draws are made. Both are keyed by seed and purpose; the numbers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    /// From a [`crate::stream::Stream`], the same on every backend.
    Host,
    /// By the device's own generator, seeded for each draw.
    Device,
}

/// What a device may be called, for messages. `N` is a number from 0.
pub const NAMES: &[&str] = &["auto", "cpu", "tch-cpu", "cuda:N"];

/// Whether this build can open libtorch's devices.
pub const HAS_LIBTORCH: bool = cfg!(feature = "tch");

/// Those of [`NAMES`] that this build can open, where the machine has them.
pub fn names_here() -> Vec<&'static str> {
    NAMES.iter().copied().filter(|name| is_built_in(name)).collect()
}

/// The float type of every training run.
pub const DTYPE: DType = DType::F32;

/// A device by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Cpu,
    TchCpu,
    Cuda(u16),
}

impl Name {
    fn parse(name: &str) -> Result<Self> {
        match name {
            "auto" => Ok(preferred()),
            "cpu" => Ok(Name::Cpu),
            "tch-cpu" => Ok(Name::TchCpu),
            _ => match name.strip_prefix("cuda:").map(str::parse) {
                Some(Ok(index)) => Ok(Name::Cuda(index)),
                _ => {
                    let names = NAMES.iter().copied();
                    Err(Error::input(registry::unknown("device", name, names)))
                }
            },
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Name::Cpu => "cpu",
            Name::TchCpu => "tch-cpu",
            Name::Cuda(_) => "cuda",
        }
    }
}

/// The device that `auto` names: the first GPU where build and machine have one.
#[cfg(feature = "tch")]
fn preferred() -> Name {
    if 0 < portable_torch::devices() { Name::Cuda(0) } else { Name::Cpu }
}

#[cfg(not(feature = "tch"))]
fn preferred() -> Name {
    Name::Cpu
}

/// A device as a worker process of its own sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seat {
    /// What the worker calls the device. A worker sees its own GPU only, as `cuda:0`, since
    /// libtorch would take memory of the first GPU for every other.
    pub name: String,
    /// What the worker's environment must hold before it starts.
    pub env: BTreeMap<String, String>,
    /// How many workers the device's memory is likely to hold, where it has its own.
    pub room: Option<usize>,
}

/// The kind of the devices that `list` names, such as `cpu` or `cuda:0,cuda:1`, whether or not
/// this build can open them.
///
/// # Errors
/// When there is no device of a name, or the devices are of several kinds.
pub fn kind(list: &str) -> Result<&'static str> {
    Ok(parse(list)?[0].kind())
}

fn parse(list: &str) -> Result<Vec<Name>> {
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

/// What the environment of a process must hold before it starts, for libraries that read it then.
///
/// # Errors
/// As [`kind`].
pub fn environment(list: &str) -> Result<BTreeMap<String, String>> {
    Ok(environment_of(parse(list)?[0]))
}

/// A seat for each of the devices that `list` names.
///
/// # Errors
/// As [`kind`], and when this build or this machine lacks a device.
pub fn seats(list: &str) -> Result<Vec<Seat>> {
    parse(list)?.into_iter().map(seat).collect()
}

/// The name of the first device of a kind, such as `cuda:0` of `cuda`.
pub fn first_of(kind: &str) -> &str {
    if kind == "cuda" { "cuda:0" } else { kind }
}

/// Opens the first of the devices that `list` names.
///
/// # Errors
/// As [`kind`], and when there is no such device in this build or on this machine.
pub fn open_first(list: &str) -> Result<Backend> {
    open_name(parse(list)?[0])
}

/// Opens the device called `name`.
///
/// # Errors
/// When there is no such device in this build or on this machine.
pub fn open(name: &str) -> Result<Backend> {
    open_name(Name::parse(name)?)
}

fn open_name(name: Name) -> Result<Backend> {
    match name {
        Name::Cpu => {
            let class = BTreeMap::from([
                ("backend".to_string(), "burn-flex 0.22.1".to_string()),
                ("features".to_string(), "rayon".to_string()),
            ]);
            let habits = Habits { resident: false, read_every: 1, draws: Draws::Host };
            Ok(Backend { kind: "cpu", device: Device::flex(), class, habits })
        }
        name => open_libtorch(name),
    }
}

#[cfg(feature = "tch")]
use libtorch::{
    check_memory, environment as environment_of, give_back_memory, open as open_libtorch, seat,
};

#[cfg(feature = "tch")]
fn is_built_in(name: &str) -> bool {
    !name.starts_with("cuda") || portable_torch::has_cuda()
}

#[cfg(not(feature = "tch"))]
fn is_built_in(name: &str) -> bool {
    ["auto", "cpu"].contains(&name)
}

#[cfg(not(feature = "tch"))]
fn environment_of(_: Name) -> BTreeMap<String, String> {
    BTreeMap::new()
}

#[cfg(not(feature = "tch"))]
fn check_memory() -> Result<()> {
    Ok(())
}

#[cfg(not(feature = "tch"))]
fn give_back_memory() -> Result<()> {
    Ok(())
}

#[cfg(not(feature = "tch"))]
fn open_libtorch(name: Name) -> Result<Backend> {
    Err(lacks(name))
}

#[cfg(not(feature = "tch"))]
fn seat(name: Name) -> Result<Seat> {
    match name {
        Name::Cpu => Ok(Seat { name: "cpu".into(), env: BTreeMap::new(), room: None }),
        name => Err(lacks(name)),
    }
}

#[cfg(not(feature = "tch"))]
fn lacks(name: Name) -> Error {
    Error::input(format!("this build has no device of the kind `{}`", name.kind()))
        .with_hint("build with `--features tch`: see docs/gpu.md")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_of_one_kind_and_every_name_is_known() {
        assert_eq!(kind("cpu").unwrap(), "cpu");
        assert_eq!(kind("cuda:0, cuda:3").unwrap(), "cuda");
        for (bad, expected) in [
            ("cuda:x", "unknown device `cuda:x`, did you mean `cuda:N`?"),
            ("cuda:-1", "unknown device"),
            ("", "unknown device"),
            ("cpu,cuda:0", "mixes devices"),
        ] {
            let error = kind(bad).unwrap_err();
            assert_eq!(error.kind, crate::error::Kind::Input);
            assert!(error.message.contains(expected), "{bad}: {error}");
        }
    }

    #[test]
    #[cfg(not(feature = "tch"))]
    fn a_device_that_the_build_lacks_is_refused_with_the_way_to_build_it() {
        assert_eq!(names_here(), ["auto", "cpu"]);
        for name in ["tch-cpu", "cuda:0"] {
            for error in [seats(name).unwrap_err(), open(name).err().unwrap()] {
                assert!(error.to_string().contains("--features tch"), "{error}");
            }
        }
    }
}
