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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::encoder::ENCODERS;
    use crate::model::fusion::FUSIONS;
    use crate::registry::find;
    use crate::store::fixture;

    #[test]
    fn a_tensor_that_no_buffer_can_hold_is_told_before_the_device_makes_any() {
        let mut spec = fixture::spec("toy", 0);
        spec.cell.branches[0].encoder = find("encoder", ENCODERS, "mlp").unwrap().defaults();
        spec.cell.fusion = find("fusion", FUSIONS, "concat").unwrap().defaults();
        let names = ["audio".to_string()];
        let cpu = || device::open("cpu").unwrap();
        check(&spec, &cpu(), &names).unwrap();
        check(&spec, &cpu().with_largest_tensor(1 << 20), &names).unwrap();
        let error = check(&spec, &cpu().with_largest_tensor(64), &names).unwrap_err();
        assert_eq!(error.kind, crate::error::Kind::Input);
        assert!(error.message.contains("encoder.audio"), "{error}");
        assert!(error.message.contains("64 at most"), "{error}");
    }
}
