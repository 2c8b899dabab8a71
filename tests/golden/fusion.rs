//! Fusion heads: logits, loss and every gradient.

use crate::vectors::{Tensors, assert_close, autodiff, fusion, load, one_hot, tensor, values};
use burn::tensor::DType;
use counterpoise::model::Model;
use counterpoise::model::fusion::Fusion;
use counterpoise::model::objective::cross_entropy;
use counterpoise::model::parameters::{take_gradients, to_torch};

const TOLERANCE: f64 = 1e-5;

/// The reference's name of a parameter of ours.
fn reference_name(fusion: &str, path: &str) -> String {
    let name = path.strip_prefix("fusion.").unwrap();
    match fusion {
        "sum" => name.replace("heads.0", "fc_x").replace("heads.1", "fc_y"),
        _ => name.to_string(),
    }
}

fn check(name: &str, set: &[(&str, &str)], prefix: &str) {
    let golden = Tensors::read(&format!("fusion_{name}.safetensors"));
    let place = autodiff(DType::F32);
    let label = golden.values("in.label");
    let [batch, size] = golden.shape("in.x")[..] else { panic!("in.x is not a matrix") };
    let n_classes = golden.shape(&format!("{prefix}out.out"))[1];
    let model = Model::new(vec![], fusion(name, set, &[size, size], n_classes, &place));
    let model = load(model, &[], &place, |site| {
        Some(golden.values(&format!("weight.{}", reference_name(name, &site.path))))
    });
    let features: Vec<_> = ["in.x", "in.y"]
        .iter()
        .map(|path| tensor(golden.values(path), [batch, size], &place).require_grad())
        .collect();
    let logits = model.fusion.forward(&features);
    let loss = cross_entropy(logits.clone(), &one_hot(&label, n_classes, &place));
    let close = |what: &str, ours: Vec<f64>| {
        let theirs = golden.values(&format!("{prefix}{what}"));
        assert_close(&format!("{name} {prefix}{what}"), &ours, &theirs, TOLERANCE, 0.0);
    };
    let returned = match &model.fusion {
        Fusion::Gated(gated) => gated.project(&features).to_vec(),
        _ => features.clone(),
    };
    close("out.x", values(returned[0].clone()));
    close("out.y", values(returned[1].clone()));
    close("out.out", values(logits));
    close("loss", values(loss.clone()));
    let mut grads = loss.backward();
    close("grad.x", values(features[0].grad_remove(&mut grads).unwrap()));
    close("grad.y", values(features[1].grad_remove(&mut grads).unwrap()));
    let gradients = take_gradients(&model, &[], grads);
    assert_eq!(gradients.len(), golden.paths(&format!("{prefix}grad.weight.")).len());
    for gradient in gradients {
        let path = format!("grad.weight.{}", reference_name(name, &gradient.site.path));
        close(&path, values(to_torch(&gradient.site, gradient.value)));
    }
}

#[test]
fn sum() {
    check("sum", &[], "");
}

#[test]
fn concat() {
    check("concat", &[], "");
}

#[test]
fn film() {
    check("film", &[("conditioner", "first")], "");
    check("film", &[("conditioner", "second")], "flip.");
}

#[test]
fn gated() {
    check("gated", &[("gate", "first")], "");
    check("gated", &[("gate", "second")], "flip.");
}
