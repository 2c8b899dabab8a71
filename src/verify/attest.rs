//! The attestation: what was verified, as a statement that can be published beside a paper.
//!
//! It has the shape of an in-toto Statement (version 1): the report as its subject, what was
//! verified as its predicate. It holds no time and no path of the machine, so that the same
//! verification gives the same bytes.

use super::retrained::Retrained;
use super::{Check, Files, Mismatch};
use crate::error::Result;
use crate::hash::{Digest, canonical_json, digest_json};
use crate::results::manifest::{self, Manifest};
use crate::suite::run::RunId;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The version of the predicate. Version 1: the first.
pub const FORMAT: u32 = 1;

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "urn:counterpoise:verification:1";

/// Everything that a verification found.
#[derive(Clone, Debug)]
pub struct Verification {
    pub checks: Vec<Check>,
    /// What could not be checked, and why.
    pub notes: Vec<String>,
    pub retraining: Option<Retraining>,
    /// The determinism class of this program on this machine, by property.
    pub class: BTreeMap<String, String>,
}

/// A sample of the report's runs, trained again.
#[derive(Clone, Debug, Serialize)]
pub struct Retraining {
    /// The seed that chose the runs.
    pub seed: u64,
    /// The tolerance of the primary metric between determinism classes, as a fraction.
    pub tolerance: f64,
    pub runs: Vec<Retrained>,
    /// Runs that could not be trained, and why.
    pub failed: BTreeMap<RunId, String>,
}

/// The whole in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Everything that was compared agrees.
    Verified,
    /// Something that was compared does not.
    Mismatch,
    /// Nothing disagrees, but runs that were to be trained again could not be.
    Incomplete,
}

impl Verification {
    pub fn verdict(&self) -> Conclusion {
        let retraining = self.retraining.as_ref();
        if self.mismatches().next().is_some() {
            Conclusion::Mismatch
        } else if retraining.is_some_and(|retraining| !retraining.failed.is_empty()) {
            Conclusion::Incomplete
        } else {
            Conclusion::Verified
        }
    }

    /// Everything that does not agree: of the checks in their order, then of the retrained runs.
    pub fn mismatches(&self) -> impl Iterator<Item = Mismatch> {
        let of_checks = self.checks.iter().flat_map(|check| &check.mismatches).cloned();
        let retrained = self.retraining.iter().flat_map(|retraining| &retraining.runs);
        let of_runs = retrained.filter(|run| !run.verdict.agrees()).map(Retrained::mismatch);
        of_checks.chain(of_runs)
    }

    /// The statement. `files` are those of the report.
    ///
    /// # Errors
    /// When a value cannot be encoded.
    pub fn statement(&self, files: &Files, manifest: &Manifest) -> Result<Value> {
        let written = files.get(manifest::FILE).map_or(&[][..], Vec::as_slice);
        Ok(json!({
            "_type": STATEMENT,
            "subject": [{
                "name": format!("{}/{}", manifest.suite, manifest::FILE),
                "digest": { "sha256": Digest::of(written), "counterpoise-root": manifest.root },
            }],
            "predicateType": PREDICATE,
            "predicate": {
                "format": FORMAT,
                "verifier": { "name": "counterpoise", "version": env!("CARGO_PKG_VERSION") },
                "verdict": self.verdict(),
                "suite": manifest.suite,
                "suite_text": manifest.suite_text,
                "runs": manifest.runs.len(),
                "failures": manifest.failures.len(),
                "classes": manifest.classes,
                "class_here": { "id": digest_json(&self.class)?, "properties": self.class },
                "checks": self.checks,
                "retraining": self.retraining,
                "notes": self.notes,
            },
        }))
    }
}

/// A statement as it is published: canonical JSON and a line feed.
///
/// # Errors
/// When it cannot be encoded.
pub fn to_bytes(statement: &Value) -> Result<Vec<u8>> {
    let mut text = canonical_json(statement)?;
    text.push('\n');
    Ok(text.into_bytes())
}
