//! The page over all reports in a folder, `README.md`: a block that the program keeps, and whatever
//! somebody has written around it.

use crate::atomic;
use crate::document::splice::{splice, table};
use crate::error::{Error, Result};
use crate::plain;
use crate::report::publish::versions;
use crate::results::manifest::Manifest;
use std::fs;
use std::path::Path;

/// The page, and the block in it.
pub const PAGE: &str = "README.md";
pub const BLOCK: &str = "reports";

/// A page that has not been written by anybody.
const EMPTY: &str = "# Reports\n\nEach folder is a published report, and is never changed: a new version \
                     appears when a root changes.\n\n<!-- counterpoise:reports -->\n<!-- end -->\n";

/// A row for every report in the folder, by suite and version.
///
/// # Errors
/// When a folder or a manifest in it cannot be read.
pub fn reports(folder: &Path) -> Result<String> {
    let entries = fs::read_dir(folder).map_err(|e| Error::io("read", folder, &e))?;
    let mut suites = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("read", folder, &e))?;
        if entry.path().is_dir() {
            suites.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    suites.sort();
    let mut rows = Vec::new();
    for suite in suites {
        for version in versions(&folder.join(&suite))? {
            let path = format!("{suite}/v{version}");
            let manifest = Manifest::load(&folder.join(&path))?;
            rows.push(vec![
                format!("[{suite} v{version}]({path}/README.md)"),
                manifest.cells.len().to_string(),
                manifest.runs.len().to_string(),
                manifest.failures.len().to_string(),
                format!("`{}`", manifest.root),
            ]);
        }
    }
    Ok(table(&["report", "cells", "runs", "without result", "root"], rows))
}

/// Brings the page of a folder of reports up to date; makes it where there is none. A page without
/// the block is left alone.
///
/// # Errors
/// As [`reports`], and when the page cannot be read or written.
pub fn refresh(folder: &Path) -> Result<()> {
    let path = folder.join(PAGE);
    let old = match path.exists() {
        true => String::from_utf8(plain::PAGE.read(&path)?)
            .map_err(|_| Error::input(format!("{} is not text in UTF-8", path.display())))?,
        false => EMPTY.to_string(),
    };
    let rows = reports(folder)?;
    let new = splice(&old, |name| match name {
        BLOCK => Ok(rows.clone()),
        other => Err(format!("no block is called `{other}` here")),
    });
    let place = |e: Error| Error { message: format!("{}, {}", path.display(), e.message), ..e };
    let new = new.map_err(place)?;
    if path.exists() && new.differences.is_empty() {
        return Ok(());
    }
    atomic::write(&path, new.text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::publish::publish;
    use crate::results::fixture;

    #[test]
    fn the_page_names_every_version_and_keeps_what_stands_around() {
        let folder = tempfile::tempdir().unwrap();
        let mut input = fixture::tiny();
        publish(&input, folder.path()).unwrap();
        refresh(folder.path()).unwrap();
        let path = folder.path().join(PAGE);
        let page = fs::read_to_string(&path).unwrap();
        assert!(page.starts_with("# Reports\n"));
        assert!(page.contains("| [tiny v1](tiny/v1/README.md) | 4 | 8 | 0 | `"), "{page}");
        fs::write(&path, format!("{page}\nOurs.\n")).unwrap();
        input.source_text.push('\n');
        publish(&input, folder.path()).unwrap();
        refresh(folder.path()).unwrap();
        let page = fs::read_to_string(&path).unwrap();
        assert!(page.contains("[tiny v2]") && page.contains("[tiny v1]"));
        assert!(page.ends_with("\nOurs.\n"));
        fs::write(&path, "Ours alone.\n").unwrap();
        refresh(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "Ours alone.\n");
    }
}
