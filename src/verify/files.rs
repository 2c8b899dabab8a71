//! The files of a report: those that the manifest names, to the bit, and no others.

use super::Check;
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::plain;
use crate::results::manifest::{self, Manifest};
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// The files of a report by their path in its folder, as `render` gives them.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The most bytes that are read of a report.
const MOST: usize = 1 << 30;

/// Reads every file below `folder`, but for those that a file manager leaves behind where it has
/// shown a folder. Paths have slashes on every platform.
///
/// # Errors
/// When a file cannot be read, all are too large for a report, or one has a name that is not UTF-8
/// or is a link: a report is whole in itself.
pub fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut room = MOST;
    collect(folder, "", &mut files, &mut room)?;
    Ok(files)
}

fn collect(folder: &Path, inside: &str, files: &mut Files, room: &mut usize) -> Result<()> {
    let io = |e: std::io::Error| Error::io("list", folder, &e);
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else {
            return Err(Error::input(format!("{}: the name is not UTF-8", path.display())));
        };
        let kind = entry.file_type().map_err(io)?;
        if kind.is_dir() {
            collect(&path, &format!("{inside}{name}/"), files, room)?;
        } else if kind.is_file() && is_left_behind(&name) {
            continue;
        } else if kind.is_file() {
            let bytes = plain::REPORT.read(&path)?;
            *room = room.checked_sub(bytes.len()).ok_or_else(|| {
                let most = MOST >> 20;
                Error::input(format!("{}: the report has more than {most} MiB", folder.display()))
                    .with_hint("is it the folder of a report?")
            })?;
            files.insert(format!("{inside}{name}"), bytes);
        } else {
            let message = format!("{}: neither a file nor a folder", path.display());
            return Err(Error::input(message).with_hint("a report holds files alone, no links"));
        }
    }
    Ok(())
}

/// Whether a file is one in which macOS or Windows keeps how it shows a folder.
fn is_left_behind(name: &str) -> bool {
    let names = [".DS_Store", "Thumbs.db", "desktop.ini"];
    // Beside `name`, macOS keeps what other file systems have no place for in `._name`.
    name.starts_with("._") || names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Compares the SHA-256 of every file with that in the manifest.
///
/// # Errors
/// When the manifest names a path that leaves the folder.
pub fn check(files: &Files, manifest: &Manifest) -> Result<Check> {
    if let Some(path) = manifest.files.keys().find(|path| leaves(path)) {
        let message = format!("{}: files: `{path}` is outside the report", manifest::FILE);
        return Err(Error::input(message).with_hint("no report is written so; do not trust it"));
    }
    let mut check = Check::new("files", "the SHA-256 of every file with that in the manifest");
    let others = files.keys().filter(|path| *path != manifest::FILE);
    let mut paths: Vec<&String> = others.chain(manifest.files.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let here = files.get(path).map(|bytes| Digest::of(bytes));
        let stated = manifest.files.get(path).copied();
        check.expect(here == stated, path, || match (here, stated) {
            (Some(here), Some(stated)) => format!("has the SHA-256 {here}, not {stated}"),
            (None, _) => "is missing".into(),
            (_, None) => "is not named in the manifest".into(),
        });
    }
    Ok(check)
}

/// Whether a path could lead outside of the folder that it is relative to, on any platform.
fn leaves(path: &str) -> bool {
    let normal = |component| matches!(component, Component::Normal(_));
    path.is_empty() || path.contains(['\\', ':']) || !Path::new(path).components().all(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_inside_are_taken() {
        for path in ["", "..", "../x", "a/../../x", "/etc/passwd", "C:\\x", "a\\..\\x", "./x"] {
            assert!(leaves(path), "{path}");
        }
        for path in ["README.md", "figures/forest-double.png", "a/b/..c"] {
            assert!(!leaves(path), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_a_report_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("README.md")).unwrap();
        let error = read(folder.path()).unwrap_err();
        assert!(error.message.ends_with("README.md: neither a file nor a folder"), "{error}");
    }
}
