//! Losses, scores and gradients of every task against formulas in double precision.

use crate::vectors::{assert_close, autodiff, tensor, values};
use burn::tensor::{DType, Tensor};
use counterpoise::device;
use counterpoise::model::objective::{Objective, cross_entropy};
use counterpoise::registry::Value;
use counterpoise::task::{CLASSIFICATION, MULTI_LABEL, REGRESSION, segments_of};

const SHAPE: [usize; 2] = [2, 4];
const LOGITS: [f64; 8] = [0.5, -1.5, 0.0, 2.0, -0.25, 3.0, 1.0, -2.0];
const LABELS: [f64; 8] = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
/// Also two segments of two classes.
const ONE_HOT: [f64; 8] = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];

/// The loss, the sum of scores, the gradient of the loss and the predictions.
fn shown(
    objective: Objective,
    logits: &[f64],
    targets: &[f64],
    shape: [usize; 2],
) -> [Vec<f64>; 4] {
    let place = autodiff(DType::F32);
    let logits = tensor(logits.to_vec(), shape, &place).require_grad();
    let targets = tensor(targets.to_vec(), shape, &place);
    let loss = objective.loss(logits.clone(), &targets);
    let scores = objective.score_sum(logits.clone(), &targets);
    let predictions = objective.predictions(logits.clone());
    let gradient: Tensor<2> = logits.grad(&loss.backward()).unwrap();
    [values(loss), values(scores), values(gradient), values(predictions)]
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// The probabilities of every group of `classes` logits.
fn softmax(logits: &[f64], classes: usize) -> Vec<f64> {
    let of = |row: &[f64]| {
        let sum: f64 = row.iter().map(|x| libm::exp(*x)).sum();
        row.iter().map(|x| libm::exp(*x) / sum).collect::<Vec<_>>()
    };
    logits.chunks_exact(classes).flat_map(of).collect()
}

fn close(what: &str, ours: &[f64], theirs: &[f64]) {
    assert_close(what, ours, theirs, 1e-6, 1e-5);
}

#[test]
fn classification_is_the_product_that_it_was_to_the_bit() {
    let objective = Objective::of(&CLASSIFICATION.defaults()).unwrap();
    let one_hot = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let [loss, scores, _, predictions] = shown(objective, &LOGITS, &one_hot, SHAPE);
    let place = autodiff(DType::F32);
    let (x, y) = (tensor(LOGITS.to_vec(), SHAPE, &place), tensor(one_hot.to_vec(), SHAPE, &place));
    assert_eq!(loss, values(cross_entropy(x.clone(), &y)));
    let softmaxed = burn::tensor::activation::softmax(x, 1);
    assert_eq!(scores, values(device::sum(softmaxed.clone() * y)));
    assert_eq!(predictions, values(softmaxed));
    let p = softmax(&LOGITS, 4);
    close("loss", &loss, &[-(libm::log(p[1]) + libm::log(p[7])) / 2.0]);
    close("score", &scores, &[p[1] + p[7]]);
}

#[test]
fn multi_label_is_binary_cross_entropy_and_the_probability_of_the_right_decision() {
    let objective = Objective::of(&MULTI_LABEL.defaults()).unwrap();
    let [loss, scores, gradient, predictions] = shown(objective, &LOGITS, &LABELS, SHAPE);
    let pairs = || LOGITS.iter().zip(LABELS);
    let right = |(x, y): (&f64, f64)| sigmoid(if y == 1.0 { *x } else { -x });
    let expected: f64 = pairs().map(|pair| -libm::log(right(pair))).sum();
    close("loss", &loss, &[expected / 8.0]);
    close("score", &scores, &[pairs().map(right).sum::<f64>() / 4.0]);
    // Also where a logit is 0, as the features of a dropped modality make it.
    let expected: Vec<f64> = pairs().map(|(x, y)| (sigmoid(*x) - y) / 8.0).collect();
    close("gradient", &gradient, &expected);
    close("predictions", &predictions, &LOGITS);
}

#[test]
fn multi_label_is_stable_where_a_probability_rounds_to_0_or_1() {
    let objective = Objective::of(&MULTI_LABEL.defaults()).unwrap();
    let (logits, labels) = ([1000.0, -1000.0, 1000.0, -1000.0], [1.0, 0.0, 0.0, 1.0]);
    let [loss, scores, gradient, _] = shown(objective, &logits, &labels, [1, 4]);
    close("loss", &loss, &[500.0]);
    close("score", &scores, &[0.5]);
    close("gradient", &gradient, &[0.0, 0.0, 0.25, -0.25]);
}

#[test]
fn regression_is_the_squared_error_and_a_score_that_no_error_makes_0() {
    let mut task = REGRESSION.defaults();
    task.params.0.insert("scale".into(), Value::Float(2.0));
    let objective = Objective::of(&task).unwrap();
    let (x, y) = ([1.0, -3.0, 0.5], [1.0, 1.0, 0.0]);
    let [loss, scores, gradient, predictions] = shown(objective, &x, &y, [3, 1]);
    close("loss", &loss, &[(16.0 + 0.25) / 3.0]);
    close("score", &scores, &[1.0 + 2.0 / 6.0 + 2.0 / 2.5]);
    close("gradient", &gradient, &[0.0, -8.0 / 3.0, 1.0 / 3.0]);
    close("predictions", &predictions, &x);
    let [_, far, _, _] = shown(objective, &[1e30], &[0.0], [1, 1]);
    assert!(0.0 < far[0] && far[0] < 1e-29, "{far:?}");
}

#[test]
fn segments_are_the_mean_over_segments() {
    let objective = Objective::of(&segments_of(2)).unwrap();
    let [loss, scores, gradient, predictions] = shown(objective, &LOGITS, &ONE_HOT, SHAPE);
    let p = softmax(&LOGITS, 2);
    let truth: Vec<f64> =
        p.iter().zip(ONE_HOT).filter(|(_, y)| *y == 1.0).map(|(p, _)| *p).collect();
    close("loss", &loss, &[-truth.iter().map(|p| libm::log(*p)).sum::<f64>() / 4.0]);
    close("score", &scores, &[truth.iter().sum::<f64>() / 2.0]);
    let expected: Vec<f64> = p.iter().zip(ONE_HOT).map(|(p, y)| (p - y) / 4.0).collect();
    close("gradient", &gradient, &expected);
    close("predictions", &predictions, &p);
}
