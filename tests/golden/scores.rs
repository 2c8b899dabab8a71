//! Unimodal logits, score sums, ratios, coefficients and drop probabilities.

use crate::vectors::{
    assert_close, autodiff, fusion, has_f64, json, load, numbers, one_hot, tensor, values,
};
use burn::tensor::DType;
use counterpoise::model::Model;
use counterpoise::model::objective::Objective;
use counterpoise::model::score::{Estimator, Phase};
use counterpoise::strategy::coefficient::{
    Rule, coefficients, drop_probabilities, dropped_share, ratios,
};
use counterpoise::task::CLASSIFICATION;
use serde_json::Value;

fn items(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

#[test]
fn two_modalities_as_published() {
    let golden = json("scores.json");
    let place = autodiff(DType::F32);
    let objective = Objective::of(&CLASSIFICATION.defaults()).unwrap();
    for case in items(&golden["two_modality"]) {
        let name = case["name"].as_str().unwrap();
        let get = |key: &str| case[key].as_u64().unwrap() as usize;
        let (batch, size, n_classes) = (get("batch"), get("dim"), get("classes"));
        let head = case["fusion"].as_str().unwrap();
        let model = Model::new(vec![], fusion(head, &[], &[size, size], n_classes, &place));
        let model = load(model, &[], &place, |site| {
            let path = site.path.strip_prefix("fusion.").unwrap();
            let path = path.replace("heads.0", "fc_x").replace("heads.1", "fc_y");
            Some(numbers(&case["head"][path]))
        });
        let features: Vec<_> = ["features_a", "features_v"]
            .map(|key| tensor(numbers(&case[key]), [batch, size], &place))
            .to_vec();
        let official = &case["official"];
        let close = |what: &str, ours: &[f64], absolute: f64, relative: f64| {
            let theirs = numbers(&serde_json::json!([official[what]]));
            assert_close(&format!("{name} {what}"), ours, &theirs, absolute, relative);
        };
        close("fused_logits", &values(model.fusion.forward(&features)), 1e-5, 0.0);
        let estimator = Estimator::SplitHeadOfficial;
        let logits = estimator.logits(&model.fusion, &features, Phase::Training).unwrap();
        close("logits_a", &values(logits[0].clone()), 1e-5, 0.0);
        close("logits_v", &values(logits[1].clone()), 1e-5, 0.0);
        if official.get("eval_logits_a").is_some() {
            let logits = estimator.logits(&model.fusion, &features, Phase::Evaluation).unwrap();
            close("eval_logits_a", &values(logits[0].clone()), 1e-5, 0.0);
            close("eval_logits_v", &values(logits[1].clone()), 1e-5, 0.0);
        }
        let labels = one_hot(&numbers(&case["label"]), n_classes, &place);
        let scores = values(objective.score_sums(logits, &labels));
        close("score_a", &scores[..1], 0.0, 2e-5);
        close("score_v", &scores[1..], 0.0, 2e-5);
        let rho = ratios(&scores);
        close("ratio_a", &rho[..1], 0.0, 2e-5);
        close("ratio_v", &rho[1..], 0.0, 2e-5);

        // Coefficients from the published sums: on the exact tie our own rounding must not decide.
        let sums = [&official["score_a"], &official["score_v"]].map(|x| x.as_f64().unwrap());
        let rho = ratios(&sums);
        for row in items(&official["ogm_cvpr"]) {
            let k = coefficients(Rule::CvprCode, row["alpha"].as_f64().unwrap(), &rho);
            let theirs = numbers(&serde_json::json!([row["coeff_a"], row["coeff_v"]]));
            assert_close(&format!("{name} ogm_cvpr"), &k, &theirs, 1e-5, 0.0);
        }
        for row in items(&official["opm"]) {
            let get = |key: &str| row[key].as_f64().unwrap();
            let q = drop_probabilities(get("q_base"), get("lambda"), &rho);
            assert_close(&format!("{name} q"), &q, &[get("q_a"), get("q_v")], 1e-5, 0.0);
            check_theta(name, row, &q, 1e-5, 0.0);
        }
        let formula = &case["formula"];
        let theirs = numbers(&serde_json::json!([formula["rho_a"], formula["rho_v"]]));
        assert_close(&format!("{name} rho"), &rho, &theirs, 0.0, 1e-10);
        for (key, rule) in [("ogm_cvpr_strict", Rule::CvprEq10), ("ogm_journal", Rule::JournalEq11)]
        {
            for row in items(&formula[key]) {
                let k = coefficients(rule, row["alpha"].as_f64().unwrap(), &rho);
                let theirs = numbers(&serde_json::json!([row["coeff_a"], row["coeff_v"]]));
                assert_close(&format!("{name} {key}"), &k, &theirs, 1e-15, 1e-10);
            }
        }
    }
}

#[test]
fn three_modalities_by_formula() {
    if !has_f64() {
        return;
    }
    let golden = json("scores.json");
    let place = autodiff(DType::F64);
    let objective = Objective::of(&CLASSIFICATION.defaults()).unwrap();
    for case in items(&golden["three_modality"]) {
        let name = case["name"].as_str().unwrap();
        let get = |key: &str| case[key].as_u64().unwrap() as usize;
        let labels = one_hot(&numbers(&case["label"]), get("classes"), &place);
        let scores: Vec<f64> = items(&case["logits"])
            .iter()
            .map(|logits| {
                let logits = tensor(numbers(logits), [get("batch"), get("classes")], &place);
                values(objective.score_sum(logits, &labels))[0]
            })
            .collect();
        let formula = &case["formula"];
        let rho = ratios(&scores);
        assert_close(name, &scores, &numbers(&formula["score"]), 0.0, 1e-10);
        assert_close(name, &rho, &numbers(&formula["rho"]), 0.0, 1e-10);
        for (key, rule) in [("ogm_cvpr_strict", Rule::CvprEq10), ("ogm_journal", Rule::JournalEq11)]
        {
            for row in items(&formula[key]) {
                let k = coefficients(rule, row["alpha"].as_f64().unwrap(), &rho);
                assert_close(name, &k, &numbers(&row["coeff"]), 1e-15, 1e-10);
            }
        }
        for row in items(&formula["opm"]) {
            let get = |key: &str| row[key].as_f64().unwrap();
            let q = drop_probabilities(get("q_base"), get("lambda"), &rho);
            assert_close(name, &q, &numbers(&row["q"]), 1e-15, 1e-10);
            check_theta(name, row, &q, 1e-15, 1e-10);
        }
    }
}

fn check_theta(name: &str, row: &Value, q: &[f64], absolute: f64, relative: f64) {
    for theta in items(&row["theta"]) {
        let sizes: Vec<usize> = numbers(&theta["dims"]).iter().map(|d| *d as usize).collect();
        let ours = dropped_share(&sizes, q);
        let theirs = theta["theta"].as_f64().unwrap();
        assert_close(&format!("{name} theta"), &[ours], &[theirs], absolute, relative);
        if let Some(rescale) = theta["rescale"].as_f64() {
            let what = format!("{name} rescale");
            let tolerance = relative.max(absolute * rescale);
            assert_close(&what, &[1.0 / (1.0 - ours)], &[rescale], absolute, tolerance);
        }
    }
}
