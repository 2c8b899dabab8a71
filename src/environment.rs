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
    class.extend(numeric(include_str!("../Cargo.lock"), backend));
    class
}

/// The crates whose code computes numbers of a run, on any device.
const NUMERIC: &[&str] = &[
    "burn",
    "burn-autodiff",
    "burn-backend",
    "burn-core",
    "burn-dispatch",
    "burn-nn",
    "burn-std",
    "burn-tensor",
    "half",
    "libm",
    "num-traits",
    "rand_chacha",
    "rayon",
    "rayon-core",
];
/// Those of the default backend.
const OF_FLEX: &[&str] = &["burn-flex"];
/// Those of libtorch's backend; libtorch itself is told by the device.
const OF_TORCH: &[&str] = &["burn-tch", "tch", "torch-sys"];
/// Those of wgpu's backend; the driver is told by the device.
const OF_WGPU: &[&str] = &[
    "burn-cubecl",
    "burn-wgpu",
    "cubecl",
    "cubecl-core",
    "cubecl-ir",
    "cubecl-macros",
    "cubecl-opt",
    "cubecl-runtime",
    "cubecl-server",
    "cubecl-std",
    "cubecl-wgpu",
    "cubek",
    "cubek-convolution",
    "cubek-matmul",
    "cubek-pool",
    "cubek-reduce",
    "cubek-std",
    "cubek-tile",
    "naga",
    "wgpu",
    "wgpu-core",
    "wgpu-hal",
    "wgpu-types",
];

/// The numeric crates of a lock file by name, version and checksum: those that this package needs
/// through others of them. A new version of any other crate, say of the parser of arguments, is no
/// new class.
fn numeric(lock: &str, backend: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let is_torch = backend.contains_key("libtorch");
    let is_wgpu = backend.get("backend").is_some_and(|name| name.starts_with("burn-wgpu"));
    let own = match (is_torch, is_wgpu) {
        (true, _) => OF_TORCH,
        (_, true) => OF_WGPU,
        _ => OF_FLEX,
    };
    let packages: Vec<Package<'_>> = lock.split("[[package]]").skip(1).map(Package::read).collect();
    let mut found = BTreeMap::new();
    let mut needed = vec![env!("CARGO_PKG_NAME")];
    while let Some(need) = needed.pop() {
        // The version stands beside the name where the file has several.
        let (name, version) = need.split_once(' ').unwrap_or((need, ""));
        let is_meant = |package: &&Package<'_>| {
            package.name == name && (version.is_empty() || package.version == version)
        };
        let Some(package) = packages.iter().find(is_meant) else { continue };
        needed.extend(package.dependencies.iter().filter(|dependency| {
            let name = dependency.split(' ').next().unwrap_or_default();
            let is_numeric = NUMERIC.contains(&name) || own.contains(&name);
            is_numeric && !found.contains_key(&property(name))
        }));
        if name != env!("CARGO_PKG_NAME") {
            let checksum = package.checksum.get(..16).unwrap_or(package.checksum);
            found.insert(property(name), format!("{} {checksum}", package.version));
        }
    }
    if !is_torch {
        // Without a checksum in the lock file; the text stands for it.
        let text = Digest::of(portable_kernels::TEXT.concat().as_bytes()).short();
        found.insert(property("portable-kernels"), format!("of this project, {text}"));
    }
    found
}

/// The name of a crate's property in a class.
fn property(name: &str) -> String {
    format!("crate {name}")
}

/// A package of a lock file.
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    checksum: &'a str,
    /// Each with its version where the file has several.
    dependencies: Vec<&'a str>,
}

impl<'a> Package<'a> {
    fn read(text: &'a str) -> Self {
        let field = |key: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            value.map_or("", |value| value.trim_matches('"'))
        };
        let listed = text.split_once("dependencies = [").map_or("", |(_, rest)| rest);
        let listed = listed.split(']').next().unwrap_or_default();
        Self {
            name: field("name"),
            version: field("version"),
            checksum: field("checksum"),
            dependencies: listed.split('"').skip(1).step_by(2).collect(),
        }
    }
}

/// This program: its version, and the commit that it is built from. Bits do not depend on it beyond
/// what revisions and the class say.
pub const PROGRAM: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("COUNTERPOISE_COMMIT"), ")");

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

    /// The lock file after a change of one of its texts.
    fn changed(from: &str, to: &str) -> bool {
        let lock = include_str!("../Cargo.lock");
        assert!(lock.contains(from), "{from}");
        let backend = BTreeMap::new();
        numeric(lock, &backend) != numeric(&lock.replace(from, to), &backend)
    }

    #[test]
    fn the_class_follows_the_crates_that_compute_and_no_others() {
        assert!(changed(
            "name = \"burn-flex\"\nversion = \"",
            "name = \"burn-flex\"\nversion = \"9"
        ));
        assert!(!changed("name = \"clap\"\nversion = \"", "name = \"clap\"\nversion = \"9"));
        assert!(!changed(
            "name = \"burn-tch\"\nversion = \"",
            "name = \"burn-tch\"\nversion = \"9"
        ));
    }

    #[test]
    fn every_crate_that_is_named_is_in_the_lock_file() {
        let lock = include_str!("../Cargo.lock");
        for (key, backend, own) in [
            ("backend", "burn-flex 0", OF_FLEX),
            ("libtorch", "2", OF_TORCH),
            ("backend", "burn-wgpu 0", OF_WGPU),
        ] {
            let found = numeric(lock, &BTreeMap::from([(key.into(), backend.into())]));
            for name in NUMERIC.iter().chain(own) {
                assert!(found.contains_key(&format!("crate {name}")), "{name}");
            }
        }
    }

    #[test]
    fn the_class_repeats_and_holds_what_the_backend_adds() {
        let backend = BTreeMap::from([("backend".to_string(), "flex".to_string())]);
        assert_eq!(class(&backend), class(&backend));
        assert_eq!(class(&backend)["backend"], "flex");
    }
}
