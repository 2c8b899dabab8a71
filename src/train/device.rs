//! The one place that opens a device.

use crate::error::{Error, Result};
use burn::tensor::{DType, Device};
use std::collections::BTreeMap;

/// A device to train on, and what bits depend on in its backend.
pub struct Backend {
    /// The kind that is part of a run's identity: `cpu`.
    pub kind: &'static str,
    pub device: Device,
    /// Properties for the determinism class.
    pub class: BTreeMap<String, String>,
}

/// The names that this build can open.
pub const NAMES: &[&str] = &["auto", "cpu"];

/// The kind of the device that `name` opens, without opening it.
///
/// # Errors
/// When this build knows no such device.
pub fn kind(name: &str) -> Result<&'static str> {
    match name {
        "auto" | "cpu" => Ok("cpu"),
        _ => Err(Error::input(crate::registry::unknown("device", name, NAMES.iter().copied()))),
    }
}

/// Opens the device called `name`.
///
/// # Errors
/// When this build knows no such device.
pub fn open(name: &str) -> Result<Backend> {
    let kind = kind(name)?;
    let class = BTreeMap::from([
        ("backend".to_string(), "burn-flex 0.22.1".to_string()),
        ("features".to_string(), "rayon".to_string()),
    ]);
    Ok(Backend { kind, device: Device::flex(), class })
}

/// Opens the first device of a kind, such as `cpu`.
///
/// # Errors
/// When this build has no device of that kind.
pub fn open_kind(wanted: &str) -> Result<Backend> {
    let name = NAMES.iter().find(|name| kind(name).is_ok_and(|kind| kind == wanted));
    open(name.ok_or_else(|| Error::input(format!("this build has no device of kind `{wanted}`")))?)
}

/// The float type of every training run.
pub const DTYPE: DType = DType::F32;
