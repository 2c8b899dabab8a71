//! SHA-256 digests, canonical JSON and Merkle roots.

use crate::error::{Error, Result};
use crate::plain;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::io::Read;
use std::path::Path;

/// Computes the digest of bytes that come in parts.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes so far.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// A SHA-256 digest, written as 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of a file's content.
    ///
    /// # Errors
    /// When the file cannot be read, is no plain file, or longer than an archive may be.
    pub fn of_file(path: &Path) -> Result<Self> {
        Self::of_plain(&plain::ARCHIVE, path)
    }

    /// The digest of the content of a file of this sort.
    ///
    /// # Errors
    /// When the file cannot be read, is no plain file, or longer than its sort may be.
    pub fn of_plain(sort: &plain::Sort, path: &Path) -> Result<Self> {
        let io = |e: std::io::Error| Error::io("read", path, &e);
        let mut file = sort.open(path)?;
        let mut length = 0;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let n = file.read(&mut buffer).map_err(io)?;
            if n == 0 {
                return Ok(Self(hasher.finalize().into()));
            }
            length += n as u64;
            sort.check_length(path, length)?;
            hasher.update(&buffer[..n]);
        }
    }

    /// Parses 64 hexadecimal digits; `None` when `text` is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        // Parsing a number would also take a sign and capital letters.
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The first 16 hexadecimal digits, the short form of ids.
    pub fn short(&self) -> String {
        self.to_string()[..16].to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("expected 64 hex digits"))
    }
}

/// Canonical JSON: keys sorted bytewise, no white space, floats as their shortest round trip.
///
/// # Errors
/// When `value` cannot be represented in JSON (a map with keys that are not strings, say).
pub fn canonical_json(value: &impl Serialize) -> Result<String> {
    let value = serde_json::to_value(value)
        .map_err(|e| Error::unexpected(format!("cannot represent a value as JSON: {e}")))?;
    let mut out = Vec::new();
    write_canonical(&value, &mut out)
        .map_err(|e| Error::unexpected(format!("cannot write a value as JSON: {e}")))?;
    String::from_utf8(out).map_err(|e| Error::unexpected(format!("JSON that is no text: {e}")))
}

fn write_canonical(value: &serde_json::Value, out: &mut Vec<u8>) -> serde_json::Result<()> {
    use serde_json::Value;
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_canonical(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(map) => {
            out.push(b'{');
            // Sorted here, so that no feature of serde_json can change the order.
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            for (i, (key, item)) in entries.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, key)?;
                out.push(b':');
                write_canonical(item, out)?;
            }
            out.push(b'}');
        }
        scalar => serde_json::to_writer(out, scalar)?,
    }
    Ok(())
}

/// The digest of a value's canonical JSON.
///
/// # Errors
/// As [`canonical_json`].
pub fn digest_json(value: &impl Serialize) -> Result<Digest> {
    Ok(Digest::of(canonical_json(value)?.as_bytes()))
}

/// The Merkle root over leaves in the order given.
///
/// Leaves and inner nodes are hashed with different prefixes, and an odd node is carried up, so
/// that no two different lists of leaves share a root (RFC 6962, section 2.1). The root of no
/// leaves is the digest of nothing.
pub fn merkle_root(leaves: impl IntoIterator<Item = Digest>) -> Digest {
    let mut level: Vec<Digest> = leaves.into_iter().map(|leaf| node(0, &[leaf])).collect();
    if level.is_empty() {
        return Digest::of(&[]);
    }
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| if pair.len() == 2 { node(1, pair) } else { pair[0] })
            .collect();
    }
    level[0]
}

fn node(prefix: u8, children: &[Digest]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([prefix]);
    for child in children {
        hasher.update(child.0);
    }
    Digest(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digest_of_abc_is_the_published_one() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").to_string(), abc);
        assert_eq!(Digest::parse(abc), Some(Digest::of(b"abc")));
        for other in [abc.to_uppercase(), format!("+{}", &abc[1..]), abc[1..].to_string()] {
            assert_eq!(Digest::parse(&other), None, "{other}");
        }
    }

    #[test]
    fn canonical_json_sorts_keys_and_keeps_floats_exact() {
        let value = serde_json::json!({"b": [1, 0.1, 1.0], "a": {"z": null, "y": "\""}});
        assert_eq!(canonical_json(&value).unwrap(), r#"{"a":{"y":"\"","z":null},"b":[1,0.1,1.0]}"#);
    }

    proptest! {
        #[test]
        fn digests_survive_text(bytes in any::<[u8; 32]>()) {
            prop_assert_eq!(Digest::parse(&Digest(bytes).to_string()), Some(Digest(bytes)));
        }

        #[test]
        fn a_root_depends_on_every_leaf_and_on_their_number(
            leaves in prop::collection::vec(any::<[u8; 32]>(), 1..20), at in any::<prop::sample::Index>()
        ) {
            let leaves: Vec<_> = leaves.into_iter().map(Digest).collect();
            let root = merkle_root(leaves.clone());
            let mut flipped = leaves.clone();
            flipped[at.index(leaves.len())].0[0] ^= 1;
            prop_assert_ne!(merkle_root(flipped), root);
            let mut doubled = leaves.clone();
            doubled.push(*leaves.last().unwrap());
            prop_assert_ne!(merkle_root(doubled), root);
        }
    }
}
