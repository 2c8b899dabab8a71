//! OPM's forward and backward pass with given masks.

use crate::vectors::{Tensors, assert_close, autodiff, fusion, load, one_hot, tensor, values};
use burn::tensor::DType;
use counterpoise::device::sum;
use counterpoise::model::Model;
use counterpoise::model::objective::cross_entropy;
use counterpoise::model::parameters::{take_gradients, to_torch};
use counterpoise::strategy::coefficient::dropped_share;
use counterpoise::strategy::opm::{drop_features, select_rows};

const TOLERANCE: f64 = 1e-5;

#[test]
fn every_case() {
    let golden = Tensors::read("opm_step.safetensors");
    let mut cases: Vec<String> = golden
        .paths("case_")
        .into_iter()
        .map(|path| path.split('.').next().unwrap().to_string())
        .collect();
    cases.dedup();
    assert!(cases.len() >= 5);
    for case in cases {
        check(&golden, &case);
    }
}

fn check(golden: &Tensors, case: &str) {
    let place = autodiff(DType::F32);
    let get = |name: &str| golden.values(&format!("{case}.{name}"));
    let close = |what: &str, ours: &[f64], theirs: &[f64]| {
        assert_close(&format!("{case} {what}"), ours, theirs, TOLERANCE, 0.0);
    };
    let [modalities, batch, size] = golden.shape(&format!("{case}.features"))[..] else {
        panic!("features are not of rank 3")
    };
    let sizes: Vec<usize> = get("dims").iter().map(|d| *d as usize).collect();
    let inputs: Vec<_> = get("features")
        .chunks_exact(batch * size)
        .map(|x| tensor(x.to_vec(), [batch, size], &place).require_grad())
        .collect();
    let executed = case != "case_not_executed";
    let q = get("q");
    let mask: Vec<Vec<bool>> = get("mask")
        .chunks_exact(batch)
        .map(|row| row.iter().map(|kept| !executed || *kept == 1.0).collect())
        .collect();
    let q = if executed { q } else { vec![0.0; modalities] };
    close("theta", &[dropped_share(&sizes, &q)], &get("theta"));
    // The stored features are all of one size; `dims` stands for those of the real encoders, so
    // the share is passed through one modality's probability.
    let share = dropped_share(&sizes, &q);
    let dropped = drop_features(inputs.clone(), &mask, &vec![share; modalities], true);

    let flags: Vec<usize> = get("update_flag")
        .iter()
        .enumerate()
        .filter(|(_, flag)| **flag == 1.0)
        .map(|(i, _)| i)
        .collect();
    let rows = dropped.rows.clone().unwrap_or_else(|| (0..batch).collect());
    assert_eq!(rows, flags, "{case} rows");
    let cleaned: Vec<f64> = dropped.values.iter().flat_map(|x| values(x.clone())).collect();
    close("cleaned", &cleaned, &get("cleaned"));

    let upstream = get("upstream_grad");
    let loss = dropped
        .values
        .iter()
        .zip(upstream.chunks_exact(rows.len() * size))
        .map(|(x, g)| sum(x.clone() * tensor(g.to_vec(), [rows.len(), size], &place)))
        .reduce(|a, b| a + b)
        .unwrap();
    let mut grads = loss.backward();
    let ours: Vec<f64> =
        inputs.iter().flat_map(|x| values(x.grad_remove(&mut grads).unwrap())).collect();
    close("grad_features", &ours, &get("grad_features"));

    if golden.has(&format!("{case}.head.out")) {
        let n_classes = golden.shape(&format!("{case}.head.out"))[1];
        let head = fusion("concat", &[], &vec![size; modalities], n_classes, &place);
        let model = load(Model::new(vec![], head), &[], &place, |site| {
            Some(get(&site.path.replace("fusion.fc_out", "head.fxy")))
        });
        let inputs: Vec<_> = inputs.iter().map(|x| x.clone().detach().require_grad()).collect();
        let dropped = drop_features(inputs.clone(), &mask, &vec![share; modalities], true);
        let logits = model.fusion.forward(&dropped.values);
        let labels = select_rows(one_hot(&get("label"), n_classes, &place), &rows);
        let loss = cross_entropy(logits.clone(), &labels);
        close("head.out", &values(logits), &get("head.out"));
        close("head.loss", &values(loss.clone()), &get("head.loss"));
        let mut grads = loss.backward();
        let ours: Vec<f64> =
            inputs.iter().flat_map(|x| values(x.grad_remove(&mut grads).unwrap())).collect();
        close("head.grad_features", &ours, &get("head.grad_features"));
        for gradient in take_gradients(&model, &[], grads) {
            let name = gradient.site.path.replace("fusion.fc_out", "head.grad.fxy");
            close(&name, &values(to_torch(&gradient.site, gradient.value)), &get(&name));
        }
    }
}
