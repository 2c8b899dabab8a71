//! What devices are called.

/// What a device may be called, for messages. `N` is a number from 0; `gpu` is short for `gpu:0`.
pub const NAMES: &[&str] = &["auto", "cpu", "tch-cpu", "cuda:N", "gpu:N"];

/// A device by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Cpu,
    TchCpu,
    Cuda(u16),
    Gpu(u16),
}

impl Name {
    /// The device of a name that is not `auto`.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "cpu" => return Some(Name::Cpu),
            "tch-cpu" => return Some(Name::TchCpu),
            "gpu" => return Some(Name::Gpu(0)),
            _ => (),
        }
        match name.split_once(':')? {
            ("cuda", index) => index.parse().ok().map(Name::Cuda),
            ("gpu", index) => index.parse().ok().map(Name::Gpu),
            _ => None,
        }
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
    fn the_first_device_of_a_kind_is_of_that_kind() {
        for name in [Name::Cpu, Name::TchCpu, Name::Cuda(3), Name::Gpu(3)] {
            assert_eq!(Name::of(first_of(name.kind())).unwrap().kind(), name.kind());
        }
    }
}
