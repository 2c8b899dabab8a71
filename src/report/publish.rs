//! Writing a report as the next version of its suite.

use crate::atomic;
use crate::error::{Error, Result};
use crate::report::render;
use crate::results::input::SuiteInput;
use crate::results::manifest::{self, Manifest};
use crate::suite::folder::{NAME, is_name};
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
/// the same root. Older versions are never touched; the folder appears whole or not at all. Where
/// another process has published meanwhile, its version is the newest.
///
/// # Errors
/// When the newest version cannot be read, or the report cannot be rendered or written.
pub fn publish(input: &SuiteInput, reports: &Path) -> Result<Publication> {
    let suite = reports.join(folder_name(&input.suite)?);
    let root = manifest::root(input)?;
    loop {
        let newest = newest_version(&suite)?;
        if let Some(version) = newest {
            let path = suite.join(format!("v{version}"));
            if Manifest::load(&path)?.root == root {
                return Ok(Publication::Unchanged { version, path });
            }
        }
        let version = next_version(&suite, newest)?;
        let files = render(input, version)?;
        let path = suite.join(format!("v{version}"));
        let written = atomic::folder(&path, |folder| {
            files.iter().try_for_each(|(name, bytes)| write_file(&folder.join(name), bytes))
        });
        match written {
            Ok(()) => return Ok(Publication::Published { version, path }),
            // Every turn of the loop finds a newer version, so that it ends.
            Err(_) if newest < newest_version(&suite)? => {}
            Err(error) => return Err(error),
        }
    }
}

/// Refuses a folder of reports in which no further version of a suite's report can be written.
///
/// # Errors
/// When the suite's folder in it cannot be read, or has come to the last version.
pub fn check(suite: &str, reports: &Path) -> Result<()> {
    let suite = reports.join(folder_name(suite)?);
    next_version(&suite, newest_version(&suite)?).map(drop)
}

fn next_version(suite: &Path, newest: Option<u32>) -> Result<u32> {
    let newest = newest.unwrap_or(0);
    newest.checked_add(1).ok_or_else(|| {
        let path = suite.join(format!("v{newest}"));
        Error::input(format!("{}: no version can follow this one", path.display()))
            .with_hint("no report is written so; move the folder away")
    })
}

/// The newest version in a suite's folder; `None` where there is none yet. Whatever else stands
/// there, such as `v007`, is none.
///
/// # Errors
/// When the folder exists and cannot be read.
pub fn newest_version(suite: &Path) -> Result<Option<u32>> {
    Ok(versions(suite)?.pop())
}

/// The versions in a suite's folder, in order; none where there is no folder.
///
/// # Errors
/// When the folder exists and cannot be read.
pub fn versions(suite: &Path) -> Result<Vec<u32>> {
    let entries = match fs::read_dir(suite) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|e| Error::io("read", suite, &e))?,
    };
    let mut versions = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("read", suite, &e))?;
        let name = entry.file_name();
        versions.extend(name.to_str().and_then(version));
    }
    versions.sort_unstable();
    Ok(versions)
}

/// The version that a folder's name stands for, written as the program writes it.
fn version(name: &str) -> Option<u32> {
    let version = name.strip_prefix('v')?.parse().ok()?;
    (0 < version && name == format!("v{version}")).then_some(version)
}

/// A suite's name as a folder: one path component that is not hidden.
fn folder_name(suite: &str) -> Result<&str> {
    if !is_name(suite) {
        return Err(Error::input(format!("`{suite}` cannot be the name of a report's folder"))
            .with_hint(format!("a suite's name is made of {NAME}")));
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
    use crate::results::fixture;

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
    fn processes_that_publish_at_once_share_equal_versions_and_number_others() {
        let reports = tempfile::tempdir().unwrap();
        let inputs: Vec<SuiteInput> = (0..6)
            .map(|i| {
                let mut input = fixture::tiny();
                input.cells[0].records[0].epochs[0].test.shift("loss", f64::from(i % 3));
                input
            })
            .collect();
        let all_ready = std::sync::Barrier::new(inputs.len());
        let versions: Vec<u32> = std::thread::scope(|scope| {
            let publish = |input| {
                all_ready.wait();
                publish(input, reports.path()).unwrap()
            };
            let threads: Vec<_> =
                inputs.iter().map(|input| scope.spawn(move || publish(input))).collect();
            let publications = threads.into_iter().map(|thread| thread.join().unwrap());
            let version = |publication| match publication {
                Publication::Published { version, .. } | Publication::Unchanged { version, .. } => {
                    version
                }
            };
            publications.map(version).collect()
        });
        let suite = reports.path().join("tiny");
        for (input, version) in inputs.iter().zip(&versions) {
            let manifest = Manifest::load(&suite.join(format!("v{version}"))).unwrap();
            assert_eq!(manifest.root, manifest::root(input).unwrap());
        }
        let names = fs::read_dir(&suite).unwrap().count();
        assert!((3..=6).contains(&names), "{names} versions, or something temporary stays");
        assert_eq!(newest_version(&suite).unwrap(), Some(names as u32));
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
    fn only_what_the_program_writes_is_a_version() {
        assert_eq!((version("v1"), version("v4294967295")), (Some(1), Some(u32::MAX)));
        for name in ["v", "v0", "v007", "v+7", "v-7", "v 7", "v7.", "V7", "7", "v4294967296"] {
            assert_eq!(version(name), None, "{name}");
        }
    }

    #[test]
    fn no_version_follows_the_last() {
        let reports = tempfile::tempdir().unwrap();
        check("tiny", reports.path()).unwrap();
        fs::create_dir_all(reports.path().join("tiny/v4294967294")).unwrap();
        check("tiny", reports.path()).unwrap();
        fs::create_dir_all(reports.path().join("tiny/v4294967295")).unwrap();
        let error = check("tiny", reports.path()).unwrap_err();
        assert_eq!(error.kind, crate::error::Kind::Input);
        assert!(error.message.ends_with("v4294967295: no version can follow this one"), "{error}");
    }

    #[test]
    fn a_suite_cannot_escape_its_folder() {
        for name in ["", "..", "a/b", ".hidden", "A", "a\u{1b}"] {
            assert!(folder_name(name).is_err(), "{name}");
        }
    }
}
