//! Optimizers: parameters after every step and the final state, in both float types.

use crate::vectors::{
    assert_close, assert_close_for, device, has_f64, json, numbers, tensor, values,
};
use burn::tensor::DType;
use counterpoise::device::Place;
use counterpoise::model::parameters::{Gradient, Group, Kind, Site};
use counterpoise::protocol::{Optimizer as Rule, Schedule};
use counterpoise::train::optimizer::Optimizer;
use serde_json::Value;

fn rule(name: &str, options: &Value) -> Rule {
    let get = |key: &str| options[key].as_f64().unwrap_or(0.0);
    let (lr, weight_decay) = (get("lr"), get("weight_decay"));
    let (beta1, beta2) =
        (options["betas"][0].as_f64().unwrap_or(0.0), options["betas"][1].as_f64().unwrap_or(0.0));
    let eps = get("eps");
    if name.starts_with("sgd") {
        Rule::Sgd { lr, momentum: get("momentum"), weight_decay }
    } else if name.starts_with("adamw") {
        Rule::AdamW { lr, beta1, beta2, eps, weight_decay }
    } else {
        Rule::Adam { lr, beta1, beta2, eps, weight_decay }
    }
}

/// Tolerances are those of the vectors' README for values near one, and relative to what is larger.
fn check(dtype: DType, suffix: &str, tolerance: f64) {
    let golden = json("optim.json");
    let place = Place { device: device(), dtype };
    let schedule = Schedule {
        every: golden["schedule"]["step_size"].as_u64().unwrap() as usize,
        gamma: golden["schedule"]["gamma"].as_f64().unwrap(),
    };
    let initial = numbers(&golden["initial"]);
    let n = initial.len();
    let gradients: Vec<Vec<f64>> =
        golden["gradients"].as_array().unwrap().iter().map(numbers).collect();
    let site = Site { path: "p".into(), group: Group::Fusion, kind: Kind::Bias, shape: vec![n] };
    let optimizers = golden["optimizers"].as_object().unwrap();
    assert_eq!(optimizers.len(), 5);
    for (name, case) in optimizers {
        let mut optimizer = Optimizer::new(&rule(name, &case["options"]));
        let mut value = tensor(initial.clone(), [n], &place);
        for (step, gradient) in gradients.iter().enumerate() {
            let lr = optimizer.learning_rate(schedule, step);
            let lr_used = case["lr_used"][step].as_f64().unwrap();
            assert_close(&format!("{name} lr"), &[lr], &[lr_used], 0.0, 1e-12);
            let gradient = tensor(gradient.clone(), [n], &place);
            let gradient = Gradient { site: site.clone(), parameter: value, value: gradient };
            value = optimizer.step(lr, vec![gradient]).remove("p").unwrap();
            let theirs = numbers(&case[format!("params_after_{suffix}")][step]);
            let what = format!("{name} {suffix} step {step}");
            let sizes: Vec<f64> = initial.iter().map(|p| p.abs().max(1.0)).collect();
            assert_close_for(&what, &values(value.clone()), &theirs, &sizes, tolerance);
        }
        // The state is a mean or a sum of gradients, or of their squares, that may cancel: its
        // rounding errors are those of the largest. The reference holds it in f32 alone.
        let decay = case["options"]["weight_decay"].as_f64().unwrap_or(0.0);
        let largest: Vec<f64> = (0..n)
            .map(|i| gradients.iter().map(|g| g[i].abs()).fold(0.0, f64::max))
            .zip(&initial)
            .map(|(gradient, p)| gradient + decay * p.abs())
            .collect();
        for tensor in optimizer.snapshot() {
            let slot = tensor.path.rsplit('.').next().unwrap();
            if let Some(theirs) = case["final_state_f32"].get(slot) {
                let theirs = numbers(theirs);
                let ours = tensor.to_f64().unwrap();
                let power = if slot == "exp_avg_sq" { 2 } else { 1 };
                let sizes: Vec<f64> = largest.iter().map(|g| g.powi(power)).collect();
                assert_close_for(&format!("{name} {slot}"), &ours, &theirs, &sizes, 1e-6);
            }
        }
    }
}

#[test]
fn in_f32() {
    check(DType::F32, "f32", 1e-6);
}

#[test]
fn in_f64() {
    if !has_f64() {
        return;
    }
    check(DType::F64, "f64", 1e-12);
}
