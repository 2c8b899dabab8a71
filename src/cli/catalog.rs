//! What suites can name, gathered from the tables of the parts.

use crate::data::DATASETS;
use crate::model::encoder::{self, ENCODERS};
use crate::model::fusion::FUSIONS;
use crate::model::score::ESTIMATORS;
use crate::strategy::STRATEGIES;
use crate::suite::catalog::{
    Catalog, EncoderInfo, FusionInfo, ObserverInfo, PartInfo, StrategyInfo,
};
use crate::train::observer::OBSERVERS;

/// The catalog of this build.
pub fn catalog() -> Catalog {
    Catalog {
        datasets: DATASETS.iter().map(PartInfo::of).collect(),
        encoders: ENCODERS
            .iter()
            .map(|entry| EncoderInfo {
                part: PartInfo::of(entry),
                accepts: entry.build.accepts,
                sizes: entry.build.sizes,
            })
            .collect(),
        fusions: FUSIONS
            .iter()
            .map(|entry| FusionInfo {
                part: PartInfo::of(entry),
                joins: entry.build.joins,
                default_scores: entry.build.default_scores,
                splits: entry.build.splits,
            })
            .collect(),
        strategies: STRATEGIES
            .iter()
            .map(|entry| StrategyInfo { part: PartInfo::of(entry), needs: entry.build.needs })
            .collect(),
        estimators: ESTIMATORS.iter().map(PartInfo::of).collect(),
        observers: OBSERVERS
            .iter()
            .map(|entry| ObserverInfo { part: PartInfo::of(entry), repeats: entry.build.repeats })
            .collect(),
        training: crate::train::REVISION,
        default_encoder: encoder::default_for,
    }
}
