//! Training without modulation: the baseline, and the unimodal references.

use super::{Build, Strategy};
use crate::registry::Entry;
use crate::suite::catalog::Needs;

pub(super) const JOINT: Entry<Build> = Entry {
    name: "joint",
    summary: "no modulation: the baseline",
    params: &[],
    revision: 1,
    build: Build { needs: Needs::Nothing, make: |_, _| Ok(Box::new(Joint)) },
};

/// A run of one modality: what its encoder reaches when trained alone. The suite language turns
/// it into one run per modality.
pub(super) const UNIMODAL: Entry<Build> = Entry {
    name: "unimodal",
    summary: "each modality trained alone: the reference for its encoder",
    params: &[],
    revision: 1,
    build: Build { needs: Needs::Nothing, make: |_, _| Ok(Box::new(Joint)) },
};

struct Joint;

impl Strategy for Joint {}
