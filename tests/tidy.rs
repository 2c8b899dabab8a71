//! The rules of the architecture that a compiler does not hold: who may import whom, and where
//! the few things stand that may stand in one place only.

use std::path::{Path, PathBuf};

/// The modules from the lowest layer to the highest. A module imports from lower layers or from
/// its own; modules of one layer may know each other. Two towers stand beside each other on
/// `store`: what trains and what reads records. They meet in the record alone.
const BASE: &[&[&str]] = &[
    &["error"],
    &["hash", "registry", "atomic"],
    &["stream", "environment", "protocol", "task"],
    &["data"],
    &["spec"],
    &["lint"],
    &["record", "checkpoint"],
    &["store"],
];
const EXECUTION: &[&str] = &["exec"];
const TRAINING: &[&str] = &["model", "fusion", "modulation", "train"];
const REPORTING: &[&str] = &["stats", "figure", "report", "gate"];
const TOP: &[&str] = &["cli"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file with its module and its code: comments and unit tests left out. The crates
/// of `portable` are none of the modules.
fn sources() -> Vec<(PathBuf, String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("src/portable") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
        .into_iter()
        .filter(|path| !path.ends_with("tests.rs") && !path.ends_with("fixture.rs"))
        .map(|path| {
            let inside = path.strip_prefix(root()).unwrap();
            let module = inside.components().next().unwrap().as_os_str().to_string_lossy();
            let module = module.trim_end_matches(".rs").to_string();
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let code: String = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| format!("{line}\n"))
                .collect();
            (path, module, code)
        })
        .collect()
}

/// What a module may import.
fn allowed(module: &str) -> Vec<&'static str> {
    let position = BASE.iter().position(|layer| layer.contains(&module));
    let mut known: Vec<&str> = BASE[..=position.unwrap_or(BASE.len() - 1)]
        .iter()
        .flat_map(|l| l.iter().copied())
        .collect();
    for tower in [EXECUTION, TRAINING, REPORTING] {
        if tower.contains(&module) || TOP.contains(&module) {
            known.extend(tower);
        }
    }
    if TOP.contains(&module) {
        known.extend(TOP);
    }
    known
}

#[test]
fn every_module_imports_from_lower_layers_only() {
    for (path, module, code) in sources() {
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let allowed = allowed(&module);
        for (at, _) in code.match_indices("crate::") {
            let name: String = code[at + 7..].chars().take_while(|c| c.is_alphanumeric()).collect();
            assert!(
                allowed.contains(&name.as_str()),
                "{}: `{module}` may not import `{name}`",
                path.display()
            );
        }
    }
}

/// Asserts that `what` occurs in the files for which `may` holds, and nowhere else.
fn stands_only_in(what: &str, may: impl Fn(&str) -> bool) {
    let mut found = false;
    for (path, _, code) in sources() {
        let inside = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        if code.contains(what) {
            assert!(may(&inside), "`{what}` may not stand in src/{inside}");
            found = true;
        }
    }
    assert!(found, "`{what}` stands nowhere: is the rule still of use?");
}

#[test]
fn only_what_trains_knows_of_tensors() {
    stands_only_in("burn::", |path| {
        TRAINING.iter().any(|module| path.starts_with(&format!("{module}/")))
    });
    stands_only_in("Device::flex", |path| path == "train/device/mod.rs");
    stands_only_in("Device::libtorch", |path| path == "train/device/libtorch.rs");
    // It consults the environment and prefers accelerators.
    assert!(sources().iter().all(|(_, _, code)| !code.contains("Device::default")));
}

#[test]
fn formats_are_known_in_one_place() {
    stands_only_in("serde_yaml", |path| path == "spec/wire.rs");
    stands_only_in("saphyr_parser", |path| path == "spec/wire.rs");
    stands_only_in("anstream::", |path| path == "cli/output.rs");
    stands_only_in("ChaCha8Rng", |path| path == "stream.rs");
}

#[test]
fn nothing_depends_on_hash_order_or_the_clock() {
    for (path, _, code) in sources() {
        for forbidden in ["HashMap", "HashSet", "SystemTime", "thread_rng", "unsafe "] {
            assert!(!code.contains(forbidden), "{forbidden} in {}", path.display());
        }
    }
}

#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    for (path, _, _) in sources() {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 450, "{} has {lines} lines", path.display());
    }
}
