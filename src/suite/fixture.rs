//! A catalog for tests: the names and parameters of the real parts, without what trains them.

use super::catalog::{Catalog, EncoderInfo, FusionInfo, Needs, PartInfo, Sizes, StrategyInfo};
use crate::data::{DATASETS, Shape};
use crate::registry::{Domain, Fallback, Param, Params};

const fn float(name: &'static str, max: f64, default: f64) -> Param {
    Param {
        name,
        summary: "a number",
        domain: Domain::Float { min: 0.0, max },
        default: Fallback::Float(default),
    }
}

const fn count(name: &'static str, min: i64, default: i64) -> Param {
    Param {
        name,
        summary: "a count",
        domain: Domain::Int { min, max: 1_000_000 },
        default: Fallback::Int(default),
    }
}

const fn choice(name: &'static str, names: &'static [&'static str]) -> Param {
    Param {
        name,
        summary: "a choice",
        domain: Domain::Choice(names),
        default: Fallback::Text(names[0]),
    }
}

const ALPHA: Param = float("alpha", f64::MAX, 0.8);
const RULE: Param = choice("rule", &["cvpr-eq10", "journal-eq11"]);
const Q_BASE: Param = float("q_base", 1.0, 0.5);
const WARMUP: Param = count("warmup", 0, 0);
const FEATURES: Param = count("features", 1, 64);

const fn part(name: &'static str, params: &'static [Param]) -> PartInfo {
    PartInfo { name, summary: "a part", params, revision: 1 }
}

fn two(sizes: &[Sizes]) -> Result<(), String> {
    match sizes.len() {
        2 => Ok(()),
        n => Err(format!("joins two modalities, not {n}")),
    }
}

/// A catalog with the real data sets and made-up parts to train.
pub(super) fn catalog() -> Catalog {
    let encoder = |name, accepts| EncoderInfo {
        part: part(name, &[FEATURES]),
        accepts,
        sizes: |params: &Params| Sizes { features: params.count("features"), stages: vec![] },
    };
    let fusion = |name, splits: bool| FusionInfo {
        part: part(name, &[]),
        joins: if splits { |_| Ok(()) } else { two },
        default_scores: if splits { "split-head" } else { "zero-out-feature" },
        splits,
    };
    let strategy = |name, params, needs| StrategyInfo { part: part(name, params), needs };
    Catalog {
        datasets: DATASETS.iter().map(PartInfo::of).collect(),
        encoders: vec![
            encoder("mlp", |_| Ok(())),
            encoder("cnn", |shape| match shape {
                Shape::Image { .. } => Ok(()),
                _ => Err("it reads images only".into()),
            }),
        ],
        fusions: vec![
            fusion("sum", true),
            fusion("concat", true),
            fusion("film", false),
            fusion("gated", false),
        ],
        strategies: vec![
            strategy("joint", &[], Needs::Nothing),
            strategy("ogm", &[ALPHA, RULE, WARMUP], Needs::Nothing),
            strategy("opm", &[Q_BASE, WARMUP], Needs::Nothing),
            strategy("unimodal", &[], Needs::Nothing),
            strategy("taught", &[WARMUP], Needs::Unimodal),
        ],
        estimators: vec![part("split-head", &[]), part("zero-out-feature", &[])],
        observers: Vec::new(),
        training: 1,
        default_encoder: |_| "mlp",
    }
}
