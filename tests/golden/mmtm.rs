//! MMTM's gates and their gradients, from the module of `greedy` where it does not curate.

use crate::vectors::{Tensors, assert_close, autodiff, load, tensor, values};
use burn::tensor::{DType, Tensor};
use counterpoise::device::Place;
use counterpoise::device::sum;
use counterpoise::model::Model;
use counterpoise::model::fusion::Fusion;
use counterpoise::model::fusion::mmtm::{Exchange, Mmtm};
use counterpoise::model::hidden::Hidden;
use counterpoise::model::mask::Mask;
use counterpoise::model::parameters::{Gradient, take_gradients, to_torch};

/// Of the largest value of each array.
const TOLERANCE: f64 = 1e-4;

#[test]
fn the_plain_block() {
    let golden = Tensors::read("methods/greedy.safetensors");
    let place = autodiff(DType::F32);
    let model = model(&golden, &place);
    let [x, y] = ["x", "y"].map(|name| map(&golden, &format!("mmtm.original.in.{name}"), &place));
    for (ours, name) in gated(&model, [x, y]).into_iter().zip(["x", "y"]) {
        close(&golden, &format!("mmtm.original.formula.{name}"), &values(ours));
    }
}

#[test]
fn steps_without_curation_with_their_gradients() {
    let golden = Tensors::read("methods/greedy.safetensors");
    let place = autodiff(DType::F32);
    let model = model(&golden, &place);
    for step in ["mmtm.step0", "mmtm.step1", "mmtm.step4"] {
        let of = |name: &str| map(&golden, &format!("{step}.{name}"), &place);
        let inputs = ["in.x", "in.y"].map(|name| of(name).require_grad());
        let outputs = gated(&model, inputs.clone());
        for (ours, name) in outputs.iter().zip(["x", "y"]) {
            close(&golden, &format!("{step}.formula.{name}"), &values(ours.clone()));
        }
        let upstream = [of("in.up_x"), of("in.up_y")];
        let [x, y]: [Tensor<4>; 2] = outputs.try_into().unwrap();
        let [up_x, up_y] = upstream;
        let gradients = (sum(x * up_x) + sum(y * up_y)).backward();
        for (input, name) in inputs.iter().zip(["grad_x", "grad_y"]) {
            let ours = values(input.grad(&gradients).unwrap());
            close(&golden, &format!("{step}.formula.{name}"), &ours);
        }
        let found = take_gradients(&model, &[], gradients);
        assert_eq!(found.len(), 6);
        for Gradient { site, value, .. } in found {
            let path = format!("{step}.formula.grad.{}", reference_name(&site.path));
            close(&golden, &path, &values(to_torch(&site, value)));
        }
    }
}

/// The module alone, with the published weights.
fn model(golden: &Tensors, place: &Place) -> Model {
    let exchange = Exchange::new(&[6, 6], 4, false, place);
    let fusion = Fusion::Mmtm(Mmtm { exchanges: vec![exchange], heads: vec![] });
    load(Model::new(vec![], fusion), &[], place, |site| {
        Some(golden.values(&format!("mmtm.param.{}", reference_name(&site.path))))
    })
}

/// The reference calls the second modality a skeleton.
fn reference_name(path: &str) -> String {
    let path = path.strip_prefix("fusion.exchanges.0.").unwrap();
    path.replace("fc_excite.0", "fc_visual").replace("fc_excite.1", "fc_skeleton")
}

fn gated(model: &Model, maps: [Tensor<4>; 2]) -> Vec<Tensor<4>> {
    let hidden = maps.map(|maps| Hidden::Map { maps, frames: 1 }).to_vec();
    let outputs = model.fusion.between(1, hidden, Mask::all(2)).into_iter();
    outputs
        .map(|hidden| match hidden {
            Hidden::Map { maps, .. } => maps,
            other => panic!("maps became {other:?}"),
        })
        .collect()
}

fn map(golden: &Tensors, path: &str, place: &Place) -> Tensor<4> {
    let shape: [usize; 4] = golden.shape(path).try_into().unwrap();
    tensor(golden.values(path), shape, place)
}

#[track_caller]
fn close(golden: &Tensors, path: &str, ours: &[f64]) {
    let theirs = golden.values(path);
    let most = theirs.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    assert_close(path, ours, &theirs, TOLERANCE * most, 0.0);
}
