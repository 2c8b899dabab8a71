//! Files that the user has, held to a list of their digests.

use super::cache::Arrays;
use super::element::Element;
use crate::error::{Error, Result};
use crate::hash::{Digest, Hasher};
use crate::plain;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A folder that the user has, such as that of a data set which may not be passed on.
#[derive(Clone, Copy, Debug)]
pub struct Folder {
    /// The SHA-256 and the path of every file that is read, as `sha256sum` prints them: 64 digits,
    /// two spaces, and the path below the folder.
    pub list: &'static str,
    /// Where to get the files, and which folder is meant.
    pub obtain: &'static str,
}

/// What is made of the files of a folder.
#[derive(Debug)]
pub struct Plan {
    /// What is small enough to be held in memory: labels, which example is of which split.
    pub arrays: Arrays,
    /// What is read by rows.
    pub columns: Vec<Planned>,
}

/// An array of rows that is to be made.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Lowercase letters, digits and hyphens: it names a file.
    pub name: &'static str,
    pub element: Element,
    /// Values of a row.
    pub size: usize,
    pub rows: usize,
}

/// The files of a folder. What is read of them has its digest.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    listed: BTreeMap<&'static str, Digest>,
}

/// What a folder has and lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// How many files are listed.
    pub n_files: usize,
    pub missing: Vec<String>,
    /// Files that cannot be used, and why.
    pub unusable: Vec<(String, String)>,
}

impl Folder {
    /// The listed files, with their digests.
    ///
    /// # Errors
    /// A line of the list that is no digest with a path below the folder, and a path that stands
    /// there twice.
    pub fn files(&self) -> Result<BTreeMap<&'static str, Digest>> {
        let mut files = BTreeMap::new();
        for (line, text) in self.list.lines().enumerate() {
            let listed = text.split_once("  ").and_then(|(digest, path)| {
                let is_below = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
                let is_plain = is_below && !path.contains(['\\', ':']);
                Some((is_plain.then_some(path)?, Digest::parse(digest)?))
            });
            let new = listed.filter(|(path, digest)| files.insert(*path, *digest).is_none());
            if new.is_none() {
                let line = line + 1;
                return Err(Error::unexpected(format!("line {line} of a list of files: `{text}`")));
            }
        }
        Ok(files)
    }

    /// The digest of the list, whatever its line ends.
    pub(in crate::data) fn digest(&self) -> Digest {
        let mut hasher = Hasher::default();
        for line in self.list.lines() {
            hasher.update(line.as_bytes());
            hasher.update(b"\n");
        }
        hasher.finish()
    }

    /// What to do to have data set `dataset`.
    pub(in crate::data) fn hint(&self, dataset: &str) -> String {
        format!("{}; then run `counterpoise data prepare {dataset} --from DIR`", self.obtain)
    }
}

impl Files {
    /// The files of `folder` at the path `root`, which may be a link to a folder.
    ///
    /// # Errors
    /// When there is no folder, and an error of the list.
    pub fn open(folder: &Folder, root: &Path) -> Result<Self> {
        let found = std::fs::metadata(root).map_err(|e| Error::io("read", root, &e))?;
        if !found.is_dir() {
            return Err(Error::input(format!("{} is no folder", root.display())));
        }
        Ok(Self { root: root.to_path_buf(), listed: folder.files()? })
    }

    /// The paths of the listed files below the folder, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        self.listed.keys().copied()
    }

    /// The content of a listed file.
    ///
    /// # Errors
    /// A file that is not listed, cannot be read, is no plain file, or has another digest.
    pub fn read(&self, path: &str) -> Result<Vec<u8>> {
        let Some(expected) = self.listed.get(path) else {
            return Err(Error::unexpected(format!("`{path}` is not a listed file")));
        };
        let place = self.root.join(path);
        let content = plain::SOURCE.read(&place)?;
        let found = Digest::of(&content);
        if found == *expected {
            return Ok(content);
        }
        Err(Error::input(format!("{} {}", place.display(), differs(found, *expected))))
    }

    /// Looks at every listed file: its digest is computed. `progress` is told how many are done,
    /// now and then.
    pub fn survey(&self, progress: &mut dyn FnMut(usize)) -> Survey {
        let mut survey =
            Survey { n_files: self.listed.len(), missing: Vec::new(), unusable: Vec::new() };
        let listed: Vec<(&str, Digest)> = self.listed.iter().map(|(p, d)| (*p, *d)).collect();
        for some in listed.chunks(256) {
            let looked = some.par_iter().map(|(path, expected)| self.look(path, *expected));
            let looked: Vec<Option<Trouble>> = looked.collect();
            for ((path, _), trouble) in some.iter().zip(looked) {
                match trouble {
                    None => {}
                    Some(Trouble::Missing) => survey.missing.push((*path).to_string()),
                    Some(Trouble::Unusable(why)) => {
                        survey.unusable.push(((*path).to_string(), why))
                    }
                }
            }
            progress(some.len());
        }
        survey
    }

    fn look(&self, path: &str, expected: Digest) -> Option<Trouble> {
        let place = self.root.join(path);
        if matches!(std::fs::symlink_metadata(&place), Err(e) if e.kind() == ErrorKind::NotFound) {
            return Some(Trouble::Missing);
        }
        match Digest::of_plain(&plain::SOURCE, &place) {
            Ok(found) if found == expected => None,
            Ok(found) => Some(Trouble::Unusable(differs(found, expected))),
            Err(error) => Some(Trouble::Unusable(error.message)),
        }
    }
}

enum Trouble {
    Missing,
    Unusable(String),
}

fn differs(found: Digest, expected: Digest) -> String {
    format!("has the SHA-256 {found}, expected {expected}")
}

impl Survey {
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.unusable.is_empty()
    }

    /// What is there and what is not, with the first of each kind by name.
    pub fn summary(&self) -> String {
        let n = self.n_files;
        if self.is_whole() {
            return format!("all {n} files are there, each with its SHA-256");
        }
        let mut parts = Vec::new();
        if let Some(first) = self.missing.first() {
            parts.push(format!("{} of {n} files are missing, first {first}", self.missing.len()));
        }
        if let Some((first, why)) = self.unusable.first() {
            let n_unusable = self.unusable.len();
            parts.push(format!("{n_unusable} of {n} files cannot be used, first {first}: {why}"));
        }
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn folder(paths: &[&str]) -> Folder {
        let lines: Vec<String> = paths.iter().map(|path| format!("{ABC}  {path}")).collect();
        Folder { list: lines.join("\n").leak(), obtain: "ask" }
    }

    #[test]
    fn a_list_names_files_below_the_folder_once() {
        let files = folder(&["a b.wav", "deep/er/x"]).files().unwrap();
        assert_eq!(files["deep/er/x"], Digest::of(b"abc"));
        for path in ["/etc/x", "../x", "a/../x", "a//x", "a/", "", "./a", "C:x", "a\\b"] {
            assert!(folder(&["ok", path]).files().unwrap_err().message.starts_with("line 2 of"));
        }
        assert!(folder(&["a", "a"]).files().is_err());
        assert!(Folder { list: "abc  x", obtain: "" }.files().is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_missing_or_cannot_be_used_is_told_with_its_number_and_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        for (path, content) in [("a", "abc"), ("b", "abd"), ("f", "abc"), ("unlisted", "x")] {
            std::fs::write(at(path), content).unwrap();
        }
        std::os::unix::fs::symlink(at("a"), at("c")).unwrap();
        std::fs::create_dir(at("d")).unwrap();
        let list = folder(&["a", "b", "c", "d", "e", "f", "g/h"]);
        let files = Files::open(&list, dir.path()).unwrap();
        let survey = files.survey(&mut |_| {});
        assert_eq!(survey.missing, ["e", "g/h"]);
        let unusable: Vec<&str> = survey.unusable.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(unusable, ["b", "c", "d"]);
        let summary = survey.summary();
        assert!(summary.starts_with("2 of 7 files are missing, first e; 3 of 7 files cannot be"));
        assert!(summary.contains("used, first b: has the SHA-256 a52d159f"), "{summary}");
        assert!(survey.unusable[1].1.contains("is a link, not a plain file"));
        assert_eq!(files.read("a").unwrap(), b"abc");
        for path in ["b", "c", "d", "e", "unlisted"] {
            assert!(files.read(path).is_err(), "{path}");
        }
        // The folder itself may be a link.
        std::os::unix::fs::symlink(dir.path(), at("link")).unwrap();
        let files = Files::open(&folder(&["a", "f"]), &at("link")).unwrap();
        assert!(files.survey(&mut |_| {}).is_whole());
        assert!(Files::open(&list, &at("a")).is_err() && Files::open(&list, &at("e")).is_err());
    }
}
