//! Tells the program which commit it is built from: see `environment::PROGRAM`.

use std::path::Path;
use std::process::Command;

fn main() {
    // What the mark of a change depends on, then what the commit does.
    for path in ["src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let head = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "packed-refs"].into_iter().chain(head.as_deref()) {
        if let Some(path) = git(&["rev-parse", "--git-path", name])
            && Path::new(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".into());
    let changed = git(&["status", "--porcelain", "--", "src", "Cargo.toml", "Cargo.lock"]);
    let mark = if changed.is_some_and(|paths| !paths.is_empty()) { ", changed" } else { "" };
    println!("cargo::rustc-env=COUNTERPOISE_COMMIT={commit}{mark}");
}

/// What git prints; nothing where there is no git or no repository of this package.
fn git(arguments: &[&str]) -> Option<String> {
    // A package that was unpacked inside another repository is not of that one.
    if !Path::new(".git").exists() {
        return None;
    }
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_string())
}
