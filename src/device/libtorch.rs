//! libtorch's devices: the CPU, and NVIDIA GPUs.
//!
//! Bits are equal because deterministic kernels are demanded, an operation without one refuses to
//! run, and kernels on the CPU have one thread each: workers, not threads, fill the machine.

use super::family::Family;
use super::name::Name;
use super::{Backend, Draws, Habits, Seat};
use crate::error::{Error, Result};
use burn::tensor::Device;
use std::collections::BTreeMap;

/// Threads of a kernel on the CPU, however many jobs there are.
const THREADS: u16 = 1;

/// What libtorch and its libraries read from the environment when they start, and bits depend on.
/// cuBLAS repeats itself with workspaces of a fixed size; the kernels on the CPU are held to one
/// level of instructions, so that newer processors take the same. The driver's own override for
/// TF32 would win over what libtorch is told.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("CUBLAS_WORKSPACE_CONFIG", ":4096:8"),
    ("NVIDIA_TF32_OVERRIDE", "0"),
    ("OMP_NUM_THREADS", "1"),
    ("MKL_NUM_THREADS", "1"),
    ("ATEN_CPU_CAPABILITY", "avx2"),
    ("MKL_CBWR", "AVX2"),
    ("ONEDNN_MAX_CPU_ISA", "AVX2"),
];

/// The bytes of a GPU's memory that are set aside for a worker. Context and libraries take 0.7 GiB
/// on an H200, two ResNet-18 on images of 28 pixels 1.1 GiB in all. Larger models find out by
/// [`crate::store::failure::FailureKind::OutOfMemory`].
const SHARE: u64 = 2 << 30;

/// Steps between two waits for the device.
const READ_EVERY: usize = 32;

/// Which GPUs a process sees.
const VISIBLE: &str = "CUDA_VISIBLE_DEVICES";

pub(super) struct LibTorch;

impl Family for LibTorch {
    fn has(&self, name: Name) -> bool {
        name == Name::TchCpu || portable_torch::has_cuda()
    }

    fn gpu(&self) -> Option<Name> {
        (0 < portable_torch::devices()).then_some(Name::Cuda(0))
    }

    fn environment(&self) -> &'static [(&'static str, &'static str)] {
        ENVIRONMENT
    }

    fn seat(&self, name: Name) -> Result<Seat> {
        let mut env = self.env();
        let Name::Cuda(index) = name else {
            return Ok(Seat { name: name.kind().into(), env, room: None });
        };
        check_gpu(index)?;
        // A driver that does not tell is no reason to refuse.
        let room = portable_torch::memory(index).ok().map(|memory| memory.free / SHARE);
        env.insert(VISIBLE.into(), visible(std::env::var(VISIBLE).ok().as_deref(), index));
        Ok(Seat { name: "cuda:0".into(), env, room: room.map(|room| room.max(1) as usize) })
    }

    fn open(&self, name: Name) -> Result<Backend> {
        portable_torch::make_deterministic(THREADS).map_err(failed)?;
        let (device, facts) = match name {
            Name::Cuda(index) => {
                check_gpu(index)?;
                (cuda(index), portable_torch::cuda_facts(index))
            }
            _ => (cpu(), portable_torch::cpu_facts()),
        };
        let mut class = BTreeMap::from([("backend".to_string(), "burn-tch 0.22.1".to_string())]);
        class.extend(facts.map_err(failed)?);
        for (key, _) in ENVIRONMENT {
            let value = std::env::var(key).unwrap_or_else(|_| "unset".into());
            class.insert(key.to_string(), value);
        }
        // The CPU takes the same way but for the draws, which it shares with the default backend.
        let draws = if name == Name::TchCpu { Draws::Host } else { Draws::Device };
        let habits = Habits { resident: true, read_every: READ_EVERY, draws };
        Ok(Backend {
            kind: name.kind(),
            device,
            class,
            habits,
            largest_tensor: None,
            family: &LibTorch,
        })
    }

    fn check_memory(&self, backend: &Backend) -> Result<()> {
        if !is_gpu(backend) {
            return Ok(());
        }
        // A process trains on one GPU, which its tensors are on.
        match portable_torch::failed_allocations(0).map_err(failed)? {
            0 => Ok(()),
            n => Err(Error::unexpected(format!(
                "out of memory: {n} allocations failed on the device, and cuDNN may have taken \
                 other algorithms in their place, which give other bits"
            ))),
        }
    }

    fn give_back_memory(&self, backend: &Backend) -> Result<()> {
        if !is_gpu(backend) {
            return Ok(());
        }
        portable_torch::give_back_memory().map_err(failed)
    }
}

fn is_gpu(backend: &Backend) -> bool {
    backend.kind == Name::Cuda(0).kind()
}

/// What a worker must see as its only GPU to have the one that is `index` here.
fn visible(here: Option<&str>, index: u16) -> String {
    let known = here.and_then(|list| list.split(',').nth(index.into()));
    known.map_or_else(|| index.to_string(), |entry| entry.trim().to_string())
}

fn check_gpu(index: u16) -> Result<()> {
    if !portable_torch::has_cuda() {
        return Err(Error::input("the libtorch of this build has no CUDA")
            .with_hint("build against one that has: see docs/gpu.md"));
    }
    match portable_torch::devices() {
        n if usize::from(index) < n => Ok(()),
        0 => Err(Error::input("libtorch finds no CUDA device")
            .with_hint(format!("`nvidia-smi` lists those of the driver; {VISIBLE} hides some"))),
        n => Err(Error::input(format!("there is no CUDA device {index}, only {n}, from 0"))),
    }
}

fn failed(message: String) -> Error {
    Error::unexpected(format!("libtorch: {message}"))
}

// burn announces the end of this backend; the version is pinned, so that it stays.
#[expect(deprecated)]
fn cpu() -> Device {
    Device::libtorch()
}

#[expect(deprecated)]
fn cuda(index: u16) -> Device {
    Device::libtorch_cuda(u32::from(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_sees_its_own_gpu_only() {
        assert_eq!(visible(None, 2), "2");
        assert_eq!(visible(Some("4, 5"), 1), "5");
        assert_eq!(visible(Some("GPU-8a,GPU-9b"), 0), "GPU-8a");
    }

    #[test]
    fn what_is_opened_is_deterministic_and_says_what_its_bits_depend_on() {
        let backend = super::super::open("tch-cpu").unwrap();
        assert!(portable_torch::is_deterministic());
        assert_eq!(backend.kind, "tch-cpu");
        for key in ["libtorch", "kernels", "onednn", "MKL_CBWR"] {
            assert!(backend.class.contains_key(key), "{:?}", backend.class);
        }
        assert_eq!(backend.class["threads"], "1");
    }
}
