//! The GPUs that drivers offer, in an order that repeats.

use crate::error::{Error, Result};
use cubecl::future::block_on;
use cubecl::wgpu::WgpuSetup;
use cubecl::wgpu::wgpu::{
    self, AdapterInfo, Backends, DeviceDescriptor, DeviceType, Features, Instance,
    InstanceDescriptor, InstanceFlags, MemoryHints,
};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The one interface that adapters are looked for through, so that each is found once.
const API: Backends =
    if cfg!(target_vendor = "apple") { Backends::METAL } else { Backends::VULKAN };

/// What a device is not asked for, so that a kernel with it is refused: sums that are added up in the
/// order in which threads come; f64, whose functions are wrong on some drivers (`log` on Mesa's
/// software); memory that the host maps, for which nothing here is made; and what wgpu calls
/// experimental.
const WITHHELD: Features = Features::SHADER_FLOAT32_ATOMIC
    .union(Features::SHADER_F64)
    .union(Features::MAPPABLE_PRIMARY_BUFFERS)
    .union(Features::all_experimental_mask());

/// The kinds of adapters with what they are called, those first that are preferred.
const KINDS: [(DeviceType, &str); 5] = [
    (DeviceType::DiscreteGpu, "discrete"),
    (DeviceType::IntegratedGpu, "integrated"),
    (DeviceType::VirtualGpu, "virtual"),
    (DeviceType::Other, "other"),
    (DeviceType::Cpu, "software"),
];

pub(super) struct Adapter {
    instance: Instance,
    adapter: wgpu::Adapter,
    info: AdapterInfo,
}

/// All adapters: GPUs with their own memory first, software last, and those of a kind by their place
/// on the bus. Drivers are asked once in a process.
pub(super) fn adapters() -> &'static [Adapter] {
    static FOUND: OnceLock<Vec<Adapter>> = OnceLock::new();
    FOUND.get_or_init(look)
}

fn look() -> Vec<Adapter> {
    let instance = Instance::new(InstanceDescriptor {
        backends: API,
        // Validation layers, where they are installed, only cost time.
        flags: InstanceFlags::empty(),
        ..InstanceDescriptor::new_without_display_handle()
    });
    let found = block_on(instance.enumerate_adapters(API));
    let mut adapters: Vec<Adapter> = found
        .into_iter()
        .map(|adapter| {
            let info = adapter.get_info();
            Adapter { instance: instance.clone(), adapter, info }
        })
        .collect();
    // Stable: those that share even a name stay in the driver's order.
    adapters.sort_by_cached_key(|adapter| {
        let info = &adapter.info;
        (adapter.rank(), info.device_pci_bus_id.clone(), info.name.clone())
    });
    adapters
}

impl Adapter {
    /// Where its kind stands among [`KINDS`].
    fn rank(&self) -> usize {
        let is_of = |(kind, _): &(DeviceType, &str)| *kind == self.info.device_type;
        KINDS.iter().position(is_of).expect("every kind is there")
    }

    pub(super) fn is_software(&self) -> bool {
        self.info.device_type == DeviceType::Cpu
    }

    /// Whether a device of it could be asked for atomic sums.
    #[cfg(test)]
    pub(super) fn can_add_atomically(&self) -> bool {
        self.adapter.features().contains(Features::SHADER_FLOAT32_ATOMIC)
    }

    /// For messages.
    pub(super) fn title(&self) -> &str {
        &self.info.name
    }

    /// The bytes of the largest buffer that a kernel can be given.
    pub(super) fn largest_buffer(&self) -> u64 {
        let limits = self.adapter.limits();
        limits.max_buffer_size.min(limits.max_storage_buffer_binding_size)
    }

    /// What kernels and so bits may depend on.
    pub(super) fn facts(&self) -> BTreeMap<String, String> {
        let AdapterInfo { name, vendor, device, driver, driver_info, .. } = &self.info;
        let limits = self.adapter.limits();
        let shaders = |name: &&str| name.starts_with("SHADER_") || name.contains("SUBGROUP");
        let features: Vec<&str> =
            self.features().iter_names().map(|(name, _)| name).filter(shaders).collect();
        let (_, kind) = KINDS[self.rank()];
        let facts = [
            ("adapter", format!("{name} ({kind}, {vendor:04x}:{device:04x})")),
            ("api", format!("{:?}, shaders in WGSL", self.info.backend)),
            ("driver", format!("{driver} {driver_info}")),
            ("features", features.join(" ")),
            (
                "limits",
                format!(
                    "subgroups of {} to {}, {} threads and {} bytes for a workgroup, {} workgroups \
                     and {} buffers for a kernel, {} bytes for a buffer",
                    self.info.subgroup_min_size,
                    self.info.subgroup_max_size,
                    limits.max_compute_invocations_per_workgroup,
                    limits.max_compute_workgroup_storage_size,
                    limits.max_compute_workgroups_per_dimension,
                    limits.max_storage_buffers_per_shader_stage,
                    self.largest_buffer(),
                ),
            ),
        ];
        facts.map(|(key, value)| (key.to_string(), value)).into()
    }

    fn features(&self) -> Features {
        self.adapter.features().difference(WITHHELD)
    }

    /// Opens a device on the adapter.
    ///
    /// # Errors
    /// When the driver refuses.
    pub(super) fn open(&self) -> Result<WgpuSetup> {
        let asked = DeviceDescriptor {
            required_features: self.features(),
            required_limits: self.adapter.limits(),
            // burn takes large blocks itself.
            memory_hints: MemoryHints::MemoryUsage,
            ..DeviceDescriptor::default()
        };
        let (device, queue) = block_on(self.adapter.request_device(&asked))
            .map_err(|e| Error::unexpected(format!("{} does not open: {e}", self.title())))?;
        Ok(WgpuSetup {
            instance: self.instance.clone(),
            adapter: self.adapter.clone(),
            device,
            queue,
            backend: self.info.backend,
        })
    }
}
