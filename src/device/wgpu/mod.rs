//! GPUs of any vendor through wgpu, and a driver's software GPU where there is no other.
//!
//! Bits are equal because nothing chooses kernels by their time: autotuning and fusion are not built
//! in, settings files of the libraries are not read, and the adapter is asked for without atomic
//! sums, so that a kernel with one does not run.

mod adapters;
mod launches;
mod sum;

pub(super) use sum::sum;

use super::family::Family;
use super::name::Name;
use super::{Backend, Draws, Habits, Listed, Seat};
use crate::error::{Error, Result};
use adapters::{Adapter, adapters};
use burn::backend::DispatchDevice;
use burn::tensor::{Device, Tensor};
use cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What drivers read from the environment when they start. A layer of Mesa's puts the GPU first that
/// a user prefers, and complains where there is no screen; here the order is our own.
const ENVIRONMENT: &[(&str, &str)] = &[("NODEVICE_SELECT", "1")];

/// Steps between two waits for the device.
const READ_EVERY: usize = 32;

/// Kernels that are handed to the device at once. No bit depends on it.
const TASKS: usize = 32;

pub(super) struct Wgpu;

/// The devices that this process has opened. They are kept, since each compiles its own kernels.
static OPENED: Mutex<BTreeMap<u16, Device>> = Mutex::new(BTreeMap::new());

impl Family for Wgpu {
    fn gpu(&self) -> Option<Name> {
        // The first one, since all software comes after all hardware.
        let first = adapters().first()?;
        (!first.is_software()).then_some(Name::Gpu(0))
    }

    fn environment(&self) -> &'static [(&'static str, &'static str)] {
        ENVIRONMENT
    }

    fn seat(&self, name: Name) -> Result<Seat> {
        find(index(name))?;
        // Drivers do not tell wgpu how much memory is free.
        let env = self.env();
        Ok(Seat { name: format!("gpu:{}", index(name)), env, room: None })
    }

    fn open(&self, name: Name) -> Result<Backend> {
        let adapter = find(index(name))?;
        let device = opened(index(name), adapter)?;
        let mut class = BTreeMap::from([
            ("backend".to_string(), "burn-wgpu 0.22.1".to_string()),
            ("kernels".to_string(), "chosen by shape, no fusion, no atomic sums".to_string()),
        ]);
        class.extend(adapter.facts());
        let habits = Habits { resident: true, read_every: READ_EVERY, draws: Draws::Host };
        Ok(Backend {
            kind: name.kind(),
            device,
            class,
            habits,
            largest_tensor: Some(adapter.largest_buffer()),
            family: &Wgpu,
        })
    }

    fn give_back_memory(&self, backend: &Backend) -> Result<()> {
        backend.device.memory_cleanup();
        Ok(())
    }

    fn listed(&self) -> Vec<Listed> {
        let listed = |(index, adapter): (usize, &Adapter)| Listed {
            name: format!("gpu:{index}"),
            facts: adapter.facts(),
        };
        adapters().iter().enumerate().map(listed).collect()
    }

    fn count_launches(&self) -> Option<Box<dyn Fn() -> u64>> {
        Some(launches::count())
    }
}

fn index(name: Name) -> u16 {
    match name {
        Name::Gpu(index) => index,
        _ => unreachable!("a device of another backend"),
    }
}

fn find(index: u16) -> Result<&'static Adapter> {
    let found = adapters();
    match found.len() {
        n if usize::from(index) < n => Ok(&found[usize::from(index)]),
        0 => Err(Error::input("no driver here offers a GPU, nor one in software")
            .with_hint("which driver a GPU needs is told in docs/gpu.md")),
        n => Err(Error::input(format!("there is no device gpu:{index}, only {n}, from gpu:0"))
            .with_hint("`doctor` lists them")),
    }
}

/// The device of an adapter, which is opened once.
fn opened(index: u16, adapter: &Adapter) -> Result<Device> {
    let mut opened = OPENED.lock().map_err(|_| Error::unexpected("opening a device has failed"))?;
    if let Some(device) = opened.get(&index) {
        return Ok(device.clone());
    }
    // Before anything reads them from files in this folder and above.
    CubeClRuntimeConfig::try_set(CubeClRuntimeConfig::default());
    let options = Device::wgpu_options().tasks_max(TASKS);
    let device = options
        .setup(adapter.open()?)
        .init()
        .map_err(|e| Error::unexpected(format!("cannot use {} with burn: {e}", adapter.title())))?;
    opened.insert(index, device.clone());
    Ok(device)
}

/// Whether a tensor is on one of wgpu's devices.
pub(super) fn holds<const D: usize>(x: &Tensor<D>) -> bool {
    is_one(&x.device())
}

/// Whether a device is one of wgpu's.
pub(super) fn is_one(device: &Device) -> bool {
    matches!(device.clone().without_autodiff().as_dispatch(), DispatchDevice::Cube(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::TensorData;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn gpu() -> Device {
        super::super::open("gpu").unwrap().device
    }

    #[test]
    fn every_value_is_in_a_sum_once() {
        for n in [1, 2, 1023, 1024, 1025, 4096, 5000] {
            let values: Vec<f32> = (0..n).map(|i| (i % 7) as f32 - 2.0).collect();
            let exact: f64 = values.iter().map(|x| f64::from(*x)).sum();
            let x = Tensor::<2>::from_data(TensorData::new(values, [1, n]), &gpu());
            let found: Vec<f64> = super::super::sum(x).into_data().iter::<f64>().collect();
            assert_eq!(found, [exact], "{n}");
        }
    }

    /// burn's own sum adds atomically where an adapter can.
    #[test]
    fn a_kernel_with_an_atomic_sum_does_not_run() {
        let adapter = &adapters()[0];
        let x = Tensor::<1>::ones([5000], &gpu());
        #[expect(clippy::disallowed_methods, reason = "it is what must fail")]
        let sum = catch_unwind(AssertUnwindSafe(|| x.sum().into_data()));
        match (adapter.can_add_atomically(), sum) {
            (true, Err(refused)) => {
                let told = refused.downcast_ref::<String>().unwrap();
                assert!(told.contains("shared_sum"), "{told}");
            }
            (true, Ok(_)) => panic!("an atomic sum went through"),
            (false, sum) => assert_eq!(sum.unwrap().iter::<f64>().collect::<Vec<_>>(), [5000.0]),
        }
    }

    #[test]
    fn a_kernel_in_f64_does_not_run() {
        let x = TensorData::new(vec![1.0, 2.0], [2]);
        let x = Tensor::<1>::from_data(x, (&gpu(), burn::tensor::DType::F64));
        assert!(catch_unwind(AssertUnwindSafe(|| x.log().into_data())).is_err());
    }

    #[test]
    fn what_is_opened_says_what_its_bits_depend_on() {
        let backend = super::super::open("gpu:0").unwrap();
        assert_eq!(backend.kind, "wgpu");
        for key in ["adapter", "api", "driver", "features", "limits", "kernels"] {
            assert!(backend.class.contains_key(key), "{:?}", backend.class);
        }
        assert!(!backend.class["features"].contains("FLOAT32_ATOMIC"));
        assert!(backend.check_size("w", usize::MAX).is_err() && backend.check_size("w", 8).is_ok());
    }

    #[test]
    fn kernels_are_counted_while_one_looks() {
        let count = launches::count();
        let before = count();
        let _ = Tensor::<1>::ones([4], &gpu()).exp().into_data();
        assert!(before < count());
    }

    #[test]
    fn software_must_be_asked_for() {
        let kind = |name| super::super::kind(name).unwrap();
        assert_eq!(kind("gpu"), "wgpu");
        if adapters()[0].is_software() {
            assert_ne!(kind("auto"), "wgpu");
        }
    }

    #[test]
    fn an_adapter_that_is_not_there_is_told() {
        let error = super::super::open("gpu:99").err().unwrap();
        assert!(error.message.contains("no device gpu:99"), "{error}");
    }
}
