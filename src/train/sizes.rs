//! Whether a device takes every tensor of a model.

use crate::device::{self, Backend, Place};
use crate::error::Result;
use crate::model::Model;
use crate::model::parameters::snapshot;
use crate::suite::run::RunSpec;

/// Builds the model in the host's memory, where the device's buffers have a limit, and looks.
///
/// # Errors
/// When a parameter or buffer is larger than that; and as [`Model::build`].
pub(super) fn check(spec: &RunSpec, backend: &Backend, names: &[String]) -> Result<()> {
    if backend.takes(usize::MAX) {
        return Ok(());
    }
    let host = Place { device: device::open("cpu")?.device, dtype: device::DTYPE };
    let model = Model::build(&spec.cell, &host)?;
    snapshot(&model, names)
        .iter()
        .try_for_each(|(site, tensor)| backend.check_size(&site.path, tensor.bytes.len()))
}
