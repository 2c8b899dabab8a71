//! The determinism class: everything that bits may depend on beside the run's spec.

use crate::hash::Digest;
use std::collections::{BTreeMap, BTreeSet};

/// The determinism class of this build on this machine, by property.
///
/// `backend` holds what the opened device adds, such as the versions of GPU libraries.
pub fn class(backend: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut class = backend.clone();
    class.insert("target".into(), target());
    class.insert("isa".into(), isa().into());
    class.insert("libm".into(), portable_math::ORIGIN.into());
    class.insert("cargo-lock".into(), Digest::of(include_bytes!("../Cargo.lock")).to_string());
    class
}

/// The properties that two classes do not share, with both values.
pub fn differing(
    there: &BTreeMap<String, String>,
    here: &BTreeMap<String, String>,
) -> BTreeMap<String, [Option<String>; 2]> {
    let names: BTreeSet<&String> = there.keys().chain(here.keys()).collect();
    let values = names
        .into_iter()
        .map(|name| (name.clone(), [there.get(name).cloned(), here.get(name).cloned()]));
    values.filter(|(_, [there, here])| there != here).collect()
}

/// Facts that bits do not depend on.
pub fn host() -> BTreeMap<String, String> {
    BTreeMap::from([
        ("cores".into(), std::thread::available_parallelism().map_or(1, |n| n.get()).to_string()),
        ("counterpoise".into(), env!("CARGO_PKG_VERSION").into()),
        ("processor".into(), processor()),
        ("profile".into(), if cfg!(debug_assertions) { "debug" } else { "release" }.into()),
    ])
}

/// The peak resident memory of this process in bytes, where the platform tells.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// The instruction set level that selects floating-point kernels. Every x86-64 processor with
/// AVX2 and FMA is of one level, whatever else it has.
#[cfg(target_arch = "x86_64")]
fn isa() -> &'static str {
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        "x86-64-v3"
    } else {
        BELOW
    }
}

const BELOW: &str = "below x86-64-v3";

/// What to tell the user where this processor gives other bits than those that are published.
pub fn shortfall() -> Option<&'static str> {
    (isa() == BELOW).then_some(
        "this processor lacks AVX2 or FMA: its runs are reproducible among its like, but their \
         roots differ from those of newer processors, which reports and baselines hold",
    )
}

#[cfg(not(target_arch = "x86_64"))]
fn isa() -> &'static str {
    "native"
}

fn processor() -> String {
    std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split(':').nth(1)?.trim().to_string())
        })
        .unwrap_or_else(|| "unknown".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_repeats_and_holds_what_the_backend_adds() {
        let backend = BTreeMap::from([("backend".to_string(), "flex".to_string())]);
        assert_eq!(class(&backend), class(&backend));
        assert_eq!(class(&backend)["backend"], "flex");
    }
}
