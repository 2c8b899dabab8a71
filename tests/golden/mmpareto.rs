//! MMPareto's gradients from the published ones of each loss.

use crate::vectors::{Tensors, assert_close, autodiff, fusion, tensor};
use burn::module::Module;
use burn::tensor::{DType, Tensor};
use counterpoise::device::{Draws, Place};
use counterpoise::model::Model;
use counterpoise::model::objective::Objective;
use counterpoise::model::parameters::{Gradient, Group, Kind, Site};
use counterpoise::model::score::Estimator;
use counterpoise::registry::{Params, Part, find};
use counterpoise::strategy::{self, STRATEGIES, Scores, Setting, StepContext, Strategy, Traced};
use counterpoise::task::CLASSIFICATION;
use std::collections::BTreeMap;

/// Of the largest value of each tensor.
const TOLERANCE: f64 = 1e-4;

const ENCODERS: [&str; 4] = ["m0.weight", "m0.bias", "m1.weight", "m1.bias"];
const FUSION: [&str; 2] = ["head.weight", "head.bias"];
const HEADS: [&str; 4] = ["head_m0.weight", "head_m0.bias", "head_m1.weight", "head_m1.bias"];

#[test]
fn every_sign_of_both_cosines() {
    let golden = Tensors::read("methods/mmpareto.safetensors");
    for case in ["pp", "np", "pn", "nn"] {
        check(&golden, case);
    }
}

fn check(golden: &Tensors, case: &str) {
    let place = Place { device: crate::vectors::device(), dtype: DType::F32 };
    let names = ["m0".to_string(), "m1".to_string()];
    let get = |name: &str| golden.values(&format!("{case}.{name}"));
    let gradient = |path: &str, values: Vec<f64>| {
        let group = match path {
            _ if path.starts_with("head.") => Group::Fusion,
            _ if path.starts_with("head_m0") => Group::Head(0),
            _ if path.starts_with("head_m1") => Group::Head(1),
            _ if path.starts_with("m0") => Group::Encoder(0),
            _ => Group::Encoder(1),
        };
        // In the reference's layout throughout: no sum depends on it.
        let site = Site { path: path.into(), group, kind: Kind::Bias, shape: vec![values.len()] };
        let value: Tensor<1> = tensor(values.clone(), [values.len()], &place);
        Gradient { site, parameter: value.zeros_like(), value }
    };
    let of = |names: &[&str], kind: &str| -> Vec<Gradient> {
        names.iter().map(|name| gradient(name, get(&format!("{kind}.{name}")))).collect()
    };
    let joint = [of(&ENCODERS, "official.g_multi"), of(&FUSION, "official.g_sum")].concat();
    let own = [of(&ENCODERS, "official.g_uni"), of(&HEADS, "official.g_sum")].concat();

    let mut strategy = mmpareto(&names);
    assert_eq!(strategy.losses(), 2);
    let head = fusion("concat", &[], &[1, 1], 2, &autodiff(DType::F32));
    let model = Model::new(vec![], head).valid();
    let context = StepContext {
        seed: 0,
        epoch: 0,
        step: 0,
        pass: 0,
        turn: 0,
        modalities: &names,
        model: &model,
        estimator: Estimator::SplitHead,
        inputs: &[],
        scores: &Scores::default(),
        draws: Draws::Host,
    };
    let found = strategy.gradients(&context, vec![joint, own]);
    assert_eq!(found.len(), ENCODERS.len() + FUSION.len() + HEADS.len());
    for Gradient { site, value, .. } in found {
        let theirs = get(&format!("formula.new.{}", site.path));
        let ours: Vec<f64> = value.into_data().iter::<f64>().collect();
        let most = theirs.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        assert_close(&format!("{case} {}", site.path), &ours, &theirs, TOLERANCE * most, 0.0);
    }
    let traced: BTreeMap<_, _> = strategy.trace().into_iter().collect();
    let known = |name: &str| match &traced[name] {
        Traced::Known(values) => values.clone(),
        Traced::Pending(_) => panic!("`{name}` is on the device"),
    };
    assert_close(&format!("{case} cosines"), &known("cosine"), &get("formula.cos"), TOLERANCE, 0.0);
    let weights: Vec<f64> = known("joint-weight").iter().flat_map(|w| [*w, 1.0 - w]).collect();
    assert_close(&format!("{case} weights"), &weights, &get("formula.weights"), TOLERANCE, 0.0);
}

fn mmpareto(names: &[String]) -> Box<dyn Strategy> {
    let params = Params::defaults(find("strategy", STRATEGIES, "mmpareto").unwrap().params);
    let objective = Objective::of(&CLASSIFICATION.defaults()).unwrap();
    let setting = Setting {
        seed: 0,
        modalities: names,
        objective,
        outputs: 2,
        features: &[1, 1],
        between: false,
        sites: &[],
        needed: &[],
    };
    strategy::build(&Part { name: "mmpareto".into(), params, revision: 1 }, &setting).unwrap()
}
