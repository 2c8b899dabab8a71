//! `doctor`: what this build and this machine can do.

use super::data::states;
use super::worker::as_a_worker;
use super::{Format, output, print_json};
use crate::device;
use crate::environment;
use crate::error::Result;
use crate::hash::digest_json;
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Tell which devices and data sets are here, and what bits depend on
#[derive(Args)]
#[command(after_help = "Example: counterpoise doctor --format json")]
pub(super) struct Arguments {
    /// The device whose determinism class is told, such as `cpu` or `cuda:0`
    #[arg(long, value_name = "NAME", default_value = "auto")]
    device: String,
    /// Folder of the prepared data
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    as_a_worker(&[&arguments.device])?;
    let backend = device::open(&arguments.device)?;
    let class = environment::class(&backend.class);
    let class_id = digest_json(&class)?;
    let host = environment::host();
    let sets: BTreeMap<_, _> = states(&arguments.data)?.into_iter().collect();
    let here = device::names_here();
    let absent: Vec<_> =
        device::NAMES.iter().copied().filter(|name| !here.contains(name)).collect();
    if arguments.format == Format::Json {
        let value = serde_json::json!({
            "devices": here, "devices_of_other_builds": absent, "device": backend.kind,
            "class": class, "class_id": class_id, "host": host, "data": sets,
        });
        return print_json(&value);
    }
    output::data(&format!("devices of this build: {}", here.join(", ")))?;
    if !absent.is_empty() {
        let way = if device::HAS_LIBTORCH { "a libtorch with CUDA" } else { "`--features tch`" };
        let absent = absent.join(", ");
        output::data(&format!("built with {way}: {absent}; see docs/gpu.md"))?;
    }
    output::data(&format!("determinism class {} of device `{}`:", class_id.short(), backend.kind))?;
    for (key, value) in &class {
        output::data(&format!("  {key}: {value}"))?;
    }
    if let Some(shortfall) = environment::shortfall() {
        output::warning(shortfall);
    }
    output::data("this machine, on which no bit depends:")?;
    for (key, value) in &host {
        output::data(&format!("  {key}: {value}"))?;
    }
    output::data("data sets:")?;
    for (name, state) in sets {
        output::data(&format!("  {name}: {state}"))?;
    }
    Ok(())
}
