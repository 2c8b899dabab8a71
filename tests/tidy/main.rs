//! The rules of the architecture that a compiler does not hold: who may import whom, and where
//! the few things stand that may stand in one place only.

mod imports;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rooms of the house from the lowest layer to the highest. A room imports from lower layers or
/// from its own. Three towers stand beside each other on these: what executes runs, what trains
/// and what reads records. They meet in the record alone.
const BASE: &[&[&str]] = &[
    &["error", "text"],
    &["hash", "registry", "atomic", "plain"],
    &["stream", "environment", "protocol", "task"],
    &["data"],
    &["suite"],
    &["lint"],
    &["record", "checkpoint"],
    &["store"],
];
const EXECUTION: &[&[&str]] = &[&["exec"]];
const TRAINING: &[&[&str]] = &[&["device"], &["model"], &["strategy"], &["train"]];
const REPORTING: &[&[&str]] =
    &[&["stats"], &["figure"], &["document"], &["results"], &["report", "gate"], &["verify"]];
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

/// What a room may import.
fn allowed(room: &str) -> Vec<&'static str> {
    let up_to = |layers: &[&[&'static str]]| -> Vec<&'static str> {
        let last = layers.iter().position(|layer| layer.contains(&room));
        let layers = &layers[..=last.unwrap_or(layers.len() - 1)];
        layers.iter().flat_map(|layer| layer.iter().copied()).collect()
    };
    let mut known = up_to(BASE);
    for tower in [EXECUTION, TRAINING, REPORTING] {
        if TOP.contains(&room) || tower.iter().any(|layer| layer.contains(&room)) {
            known.extend(up_to(tower));
        }
    }
    if TOP.contains(&room) {
        known.extend(TOP);
    }
    known
}

/// A file's path as that of a module.
fn module(path: &Path) -> imports::Module {
    let inside = path.strip_prefix(root()).unwrap().with_extension("");
    let mut parts: Vec<String> =
        inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

#[test]
fn no_files_and_no_rooms_import_each_other_in_a_circle() {
    let sources: BTreeMap<imports::Module, String> = sources()
        .into_iter()
        .filter(|(_, room, _)| !["lib", "main", "build"].contains(&room.as_str()))
        .map(|(path, _, code)| (module(&path), code))
        .collect();
    let imports = imports::imports(&sources);
    assert!(100 < imports.values().map(std::collections::BTreeSet::len).sum::<usize>());
    let found = imports::circles(&imports);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_room_imports_from_lower_layers_only() {
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

/// The map of the README has every room.
#[test]
fn the_map_of_the_readme_has_every_room() {
    let page = std::fs::read_to_string(root().join("../README.md")).unwrap();
    let layers = [BASE, EXECUTION, TRAINING, REPORTING, &[TOP]].concat();
    for room in layers.iter().flat_map(|layer| layer.iter()) {
        let is_named = |line: &str| line.starts_with("| `") && line.contains(&format!("`{room}`"));
        assert!(page.lines().any(is_named), "README.md has no line for the room `{room}`");
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
        TRAINING
            .iter()
            .flat_map(|layer| layer.iter())
            .any(|room| path.starts_with(&format!("{room}/")))
    });
    stands_only_in("Device::flex", |path| path == "device/flex.rs");
    stands_only_in("Device::wgpu", |path| path == "device/wgpu/mod.rs");
    stands_only_in("Device::libtorch", |path| path == "device/libtorch.rs");
    // It consults the environment and prefers accelerators.
    assert!(sources().iter().all(|(_, _, code)| !code.contains("Device::default")));
}

#[test]
fn formats_are_known_in_one_place() {
    stands_only_in("serde_yaml", |path| path == "suite/yaml.rs");
    stands_only_in("saphyr_parser", |path| path == "suite/yaml.rs");
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

/// git may turn the line ends of text into those of the machine. That must spare whatever is hashed
/// into a root, a class or a manifest, rendered into a report, or compared to the byte by a test.
#[test]
fn git_leaves_what_is_hashed_as_it_is() {
    let mut command = std::process::Command::new("git");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["check-attr", "text", "--"]);
    let kept = [
        "Cargo.lock",
        "ci/baselines/smoke.json",
        "reports/full/v1/manifest.json",
        "reports/full/v2/results.csv",
        "reports/full/v2/tables/overall.tex",
        "reports/full/v3/figures/accuracy-double.svg",
        "src/report/golden/README.md",
        "src/document/page.css",
        "suites/full.yaml",
        "suites/schema.json",
        "tests/golden/metrics.json",
    ];
    let output = command.args(kept).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    if !output.status.success() {
        // The sources may have come without a repository.
        assert!(!root().join("../.git").exists(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let expected: String = kept.iter().map(|path| format!("{path}: text: unset\n")).collect();
    assert_eq!(said, expected);
}

#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    for (path, _, _) in sources() {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 450, "{} has {lines} lines", path.display());
    }
}
