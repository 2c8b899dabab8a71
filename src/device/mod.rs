//! Devices: the one place that opens them, and what is computed on them without a model.

mod choice;
mod families;
mod family;
mod flex;
#[cfg(feature = "tch")]
pub(crate) mod kernels;
#[cfg(feature = "tch")]
mod libtorch;
pub mod lists;
mod name;
mod place;
pub(crate) mod portable;
mod sum;
#[cfg(feature = "wgpu")]
mod wgpu;

pub use choice::{kind, names_here, ways_to_others};
pub use name::{NAMES, first_of};
pub use place::Place;
pub use sum::sum;

use crate::error::{Error, Result};
use burn::tensor::{DType, Device};
use family::Family;
use name::Name;
use std::collections::BTreeMap;

/// A device to train on, and what bits depend on in its backend.
pub struct Backend {
    /// The kind that is part of a run's identity: `cpu`, `tch-cpu`, `cuda` or `wgpu`.
    pub kind: &'static str,
    pub device: Device,
    /// Properties for the determinism class.
    pub class: BTreeMap<String, String>,
    pub habits: Habits,
    /// The bytes of the largest tensor that the device takes, where that is less than its memory.
    largest_tensor: Option<u64>,
    family: &'static dyn Family,
}

impl Backend {
    /// Makes sure that no allocation has failed on the device in this process. Where memory is
    /// short, libraries may go on with other kernels, whose bits differ from those of a run that
    /// had enough.
    ///
    /// # Errors
    /// When one has failed; the message says `out of memory`.
    pub fn check_memory(&self) -> Result<()> {
        self.family.check_memory(self)
    }

    /// Gives back the device's memory that this process keeps and does not use, to others that are
    /// packed on the device.
    ///
    /// # Errors
    /// When the device fails.
    pub fn give_back_memory(&self) -> Result<()> {
        self.family.give_back_memory(self)
    }

    /// Whether the device takes a tensor of so many bytes, as far as one can tell beforehand.
    pub fn takes(&self, bytes: usize) -> bool {
        self.largest_tensor.is_none_or(|most| bytes as u64 <= most)
    }

    /// Makes sure that the device takes a tensor of so many bytes, which `what` names.
    ///
    /// # Errors
    /// When it is larger than a buffer of the device can be.
    pub fn check_size(&self, what: &str, bytes: usize) -> Result<()> {
        if self.takes(bytes) {
            return Ok(());
        }
        let most = self.largest_tensor.unwrap_or_default();
        Err(Error::input(format!(
            "`{what}` has {bytes} bytes, and a buffer of this device {most} at most"
        ))
        .with_hint("take a smaller model, or another device; `doctor` lists their limits"))
    }

    #[cfg(test)]
    pub(crate) fn with_largest_tensor(self, bytes: u64) -> Self {
        Self { largest_tensor: Some(bytes), ..self }
    }

    /// What counts the kernels that this process has launched on the device since the call, where
    /// the backend tells.
    pub fn count_launches(&self) -> Option<Box<dyn Fn() -> u64>> {
        self.family.count_launches()
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

/// The float type of every training run.
pub const DTYPE: DType = DType::F32;

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

/// The float type of a device with the most digits: not every GPU has f64.
pub fn widest(device: &Device) -> DType {
    #[cfg(feature = "wgpu")]
    if wgpu::is_one(device) {
        return DType::F32;
    }
    let _ = device;
    DType::F64
}

/// A GPU of this machine.
#[derive(Clone, Debug)]
pub struct Listed {
    /// What it is called here.
    pub name: String,
    pub facts: BTreeMap<String, String>,
}

/// The GPUs of this machine that this build can open and tell apart.
pub fn listed() -> Vec<Listed> {
    families::all().flat_map(Family::listed).collect()
}

/// What the environment of a process must hold before it starts, for libraries that read it then.
///
/// # Errors
/// As [`kind`], and when this build lacks devices of the kind.
pub fn environment(list: &str) -> Result<BTreeMap<String, String>> {
    Ok(families::of(choice::list(list)?[0])?.env())
}

/// A seat for each of the devices that `list` names.
///
/// # Errors
/// As [`kind`], and when this build or this machine lacks a device.
pub fn seats(list: &str) -> Result<Vec<Seat>> {
    choice::list(list)?.into_iter().map(|name| families::of(name)?.seat(name)).collect()
}

/// Opens the first of the devices that `list` names.
///
/// # Errors
/// As [`kind`], and when there is no such device in this build or on this machine.
pub fn open_first(list: &str) -> Result<Backend> {
    open_name(choice::list(list)?[0])
}

/// Opens the device called `name`.
///
/// # Errors
/// When there is no such device in this build or on this machine.
pub fn open(name: &str) -> Result<Backend> {
    open_name(choice::parse(name)?)
}

fn open_name(name: Name) -> Result<Backend> {
    families::of(name)?.open(name)
}

#[cfg(all(test, not(any(feature = "tch", feature = "wgpu"))))]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_the_build_lacks_is_refused_with_the_way_to_build_it() {
        assert_eq!(names_here(), ["auto", "cpu"]);
        for (name, way) in [("tch-cpu", "tch"), ("cuda:0", "tch"), ("gpu", "wgpu")] {
            let refused = [
                environment(name).unwrap_err(),
                seats(name).unwrap_err(),
                open(name).err().unwrap(),
            ];
            for error in refused {
                assert!(error.to_string().contains(&format!("--features {way}")), "{error}");
            }
        }
    }
}
