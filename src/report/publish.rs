//! Writing a report as the next version of its suite.

use crate::atomic;
use crate::error::{Error, Result};
use crate::report::input::ReportInput;
use crate::report::manifest::{self, Manifest};
use crate::report::render;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What came of publishing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// A new version was written.
    Published { version: u32, path: PathBuf },
    /// The newest version already has the same root.
    Unchanged { version: u32, path: PathBuf },
}

/// Writes `reports/<suite>/vN`, N being one more than the newest version, unless the newest has
/// the same root. Older versions are never touched; the folder appears whole or not at all.
///
/// # Errors
/// When the newest version cannot be read, the report cannot be rendered or written, or another
/// process publishes the same version first.
pub fn publish(input: &ReportInput, reports: &Path) -> Result<Publication> {
    let suite = reports.join(folder_name(&input.suite)?);
    let newest = newest_version(&suite)?;
    if let Some(version) = newest {
        let path = suite.join(format!("v{version}"));
        if Manifest::load(&path)?.root == manifest::root(input)? {
            return Ok(Publication::Unchanged { version, path });
        }
    }
    let version = newest.unwrap_or(0) + 1;
    let files = render(input, version)?;
    let path = suite.join(format!("v{version}"));
    atomic::folder(&path, |folder| {
        files.iter().try_for_each(|(name, bytes)| write_file(&folder.join(name), bytes))
    })?;
    Ok(Publication::Published { version, path })
}

/// The newest version in a suite's folder; `None` where there is none yet.
///
/// # Errors
/// When the folder exists and cannot be read.
pub fn newest_version(suite: &Path) -> Result<Option<u32>> {
    let entries = match fs::read_dir(suite) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(|e| Error::io("read", suite, &e))?,
    };
    let mut newest = None;
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("read", suite, &e))?;
        let name = entry.file_name();
        let version = name.to_str().and_then(|name| name.strip_prefix('v')?.parse().ok());
        newest = newest.max(version);
    }
    Ok(newest)
}

/// A suite's name as a folder: one path component that is not hidden.
fn folder_name(suite: &str) -> Result<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if suite.is_empty() || suite.starts_with('.') || !suite.chars().all(plain) {
        return Err(Error::input(format!("`{suite}` cannot be the name of a report's folder"))
            .with_hint("use letters, digits, hyphens and underscores"));
    }
    Ok(suite)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let io = |e: std::io::Error| {
        let hint = "with room on the disk, `report` writes the report from the stored runs";
        Error::io("write", path, &e).with_hint(hint)
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    let mut file = File::create(path).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    file.sync_all().map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_new_version_is_written_only_when_the_root_changes() {
        let reports = tempfile::tempdir().unwrap();
        let mut input = fixture::tiny();
        let path = reports.path().join("tiny/v1");
        let first = publish(&input, reports.path()).unwrap();
        assert_eq!(first, Publication::Published { version: 1, path: path.clone() });
        let before = fs::read(path.join("README.md")).unwrap();

        // Neither cost nor host is part of the root.
        input.cells[0].records[0].cost.wall_seconds += 1.0;
        input.cells[0].records[0].environment.host.insert("cores".into(), "3".into());
        let again = publish(&input, reports.path()).unwrap();
        assert_eq!(again, Publication::Unchanged { version: 1, path: path.clone() });

        input.cells[0].records[0].epochs[0].test.shift("loss", 0.5);
        let next = publish(&input, reports.path()).unwrap();
        assert!(matches!(next, Publication::Published { version: 2, .. }));
        assert_eq!(fs::read(path.join("README.md")).unwrap(), before);
        assert_eq!(newest_version(&reports.path().join("tiny")).unwrap(), Some(2));
        let left: Vec<_> = fs::read_dir(reports.path().join("tiny")).unwrap().collect();
        assert_eq!(left.len(), 2, "nothing temporary stays");
    }

    #[test]
    fn a_damaged_newest_version_is_an_error_with_its_path() {
        let reports = tempfile::tempdir().unwrap();
        let folder = reports.path().join("tiny/v3");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("manifest.json"), "{").unwrap();
        let error = publish(&fixture::tiny(), reports.path()).unwrap_err();
        assert!(error.message.contains("v3/manifest.json"), "{error}");
        assert_eq!(error.kind, crate::error::Kind::Input);
    }

    #[test]
    fn a_suite_cannot_escape_its_folder() {
        for name in ["", "..", "a/b", ".hidden"] {
            assert!(folder_name(name).is_err(), "{name}");
        }
    }
}
