//! What serves which device: the default backend, libtorch, wgpu.

use super::family::Family;
use super::flex::Flex;
#[cfg(feature = "tch")]
use super::libtorch::LibTorch;
use super::name::Name;
#[cfg(feature = "wgpu")]
use super::wgpu::Wgpu;
use crate::error::Result;

/// Those of this build, those first whose GPUs `auto` prefers.
pub(super) fn all() -> impl Iterator<Item = &'static dyn Family> {
    [Name::Cuda(0), Name::Gpu(0), Name::Cpu].into_iter().filter_map(|name| of(name).ok())
}

/// What serves a device.
///
/// # Errors
/// When this build lacks it.
pub(super) fn of(name: Name) -> Result<&'static dyn Family> {
    match name {
        Name::Cpu => Ok(&Flex),
        #[cfg(feature = "tch")]
        Name::TchCpu | Name::Cuda(_) => Ok(&LibTorch),
        #[cfg(feature = "wgpu")]
        Name::Gpu(_) => Ok(&Wgpu),
        #[cfg(not(all(feature = "tch", feature = "wgpu")))]
        name => Err(crate::error::Error::input(format!(
            "this build has no device of the kind `{}`",
            name.kind()
        ))
        .with_hint(format!("build with {}: see docs/gpu.md", name.way()))),
    }
}
