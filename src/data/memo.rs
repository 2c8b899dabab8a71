//! What is known of a data set in shards since it was assembled: statistics and content.
//!
//! Both need every value of every split, which takes minutes where a data set does not fit in
//! memory. So they are computed once for a cache and its parameters, and kept in
//! `assembled/<manifest>.json` beside the cache, under a digest of their own. What is missing,
//! damaged or of another cache is computed anew, and so it is in a folder that cannot be written.

use super::assemble::{Measured, Splits, assemble_measured};
use super::store::cache::Cache;
use super::store::prepare::lock;
use super::{Dataset, Modality};
use crate::atomic;
use crate::error::Result;
use crate::hash::{Digest, digest_json};
use crate::plain;
use crate::task::Kind;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Raised whenever assembling computes other numbers of the same splits.
const FORMAT: u32 = 1;

/// The place of what is known of one data set with its parameters.
pub(super) struct Memo {
    /// The folder of the cache.
    folder: PathBuf,
    cache: Digest,
    manifest: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    body: Body,
    /// Of the body.
    digest: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    format: u32,
    cache: Digest,
    manifest: Digest,
    measured: Measured,
}

impl Memo {
    /// `manifest` is the digest of the data set and its parameters.
    pub(super) fn new(folder: &Path, cache: &Cache, manifest: Digest) -> Self {
        Self { folder: folder.to_path_buf(), cache: cache.digest, manifest }
    }

    /// Makes a data set of splits, whose statistics and content are measured where they are not
    /// known. One process measures, others wait for it.
    ///
    /// # Errors
    /// As [`super::assemble::assemble`].
    pub(super) fn assemble(
        &self,
        task: Kind,
        modalities: Vec<Modality>,
        classes: Vec<String>,
        splits: Splits,
    ) -> Result<Dataset> {
        let mut known = self.read();
        // Without a lock, in a folder that cannot be written, all measure.
        let _lock = match known {
            Some(_) => None,
            None => lock(&self.folder, &mut |_| {}).ok(),
        };
        known = known.or_else(|| self.read());
        let (dataset, measured) =
            assemble_measured(task, modalities, classes, splits, known.clone())?;
        if known.as_ref() != Some(&measured) {
            // What cannot be kept is measured again.
            let _ = self.write(measured);
        }
        Ok(dataset)
    }

    fn path(&self) -> PathBuf {
        self.folder.join("assembled").join(format!("{}.json", self.manifest.short()))
    }

    fn read(&self) -> Option<Measured> {
        let bytes = plain::CACHE.read(&self.path()).ok()?;
        let Kept { body, digest } = serde_json::from_slice(&bytes).ok()?;
        let is_ours = digest_json(&body).ok()? == digest
            && (body.format, body.cache, body.manifest) == (FORMAT, self.cache, self.manifest);
        is_ours.then_some(body.measured)
    }

    fn write(&self, measured: Measured) -> Result<()> {
        let path = self.path();
        if let Some(folder) = path.parent() {
            plain::make_folder(folder)?;
        }
        let Self { cache, manifest, .. } = *self;
        let body = Body { format: FORMAT, cache, manifest, measured };
        let digest = digest_json(&body)?;
        let json = crate::hash::canonical_json(&Kept { body, digest })?;
        atomic::write(&path, json.as_bytes())
    }
}
