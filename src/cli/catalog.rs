//! What suites can name, gathered from the tables of the parts.

use crate::data::DATASETS;
use crate::fusion::FUSIONS;
use crate::model::encoder::{self, ENCODERS};
use crate::model::score::ESTIMATORS;
use crate::modulation::STRATEGIES;
use crate::registry::Entry;
use crate::spec::catalog::{Catalog, EncoderInfo, FusionInfo, PartInfo};

/// The catalog of this build.
pub fn catalog() -> Catalog {
    Catalog {
        datasets: DATASETS.iter().map(info).collect(),
        encoders: ENCODERS
            .iter()
            .map(|entry| EncoderInfo {
                part: info(entry),
                accepts: entry.build.accepts,
                feature_size: entry.build.feature_size,
            })
            .collect(),
        fusions: FUSIONS
            .iter()
            .map(|entry| FusionInfo {
                part: info(entry),
                joins: entry.build.joins,
                default_scores: entry.build.default_scores,
                splits: entry.build.splits,
            })
            .collect(),
        strategies: STRATEGIES.iter().map(info).collect(),
        estimators: ESTIMATORS.iter().map(info).collect(),
        default_encoder: encoder::default_for,
    }
}

fn info<B>(entry: &Entry<B>) -> PartInfo {
    PartInfo { name: entry.name, summary: entry.summary, params: entry.params }
}
