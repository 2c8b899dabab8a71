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
    let others = device::ways_to_others();
    let gpus = device::listed();
    if arguments.format == Format::Json {
        let value = serde_json::json!({
            "devices": here, "devices_of_other_builds": others.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "device": backend.kind,
            "gpus": gpus.iter().map(|gpu| (&gpu.name, &gpu.facts)).collect::<BTreeMap<_, _>>(),
            "class": class, "class_id": class_id, "host": host, "data": sets,
        });
        return print_json(&value);
    }
    output::data(&format!("devices of this build: {}", here.join(", ")))?;
    for (name, way) in others {
        output::data(&format!("of other builds: {name}, with {way}; see docs/gpu.md"))?;
    }
    for gpu in gpus {
        output::data(&format!("{}:", gpu.name))?;
        for (key, value) in &gpu.facts {
            output::data(&format!("  {key}: {value}"))?;
        }
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
