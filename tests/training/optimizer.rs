//! Parameters that are stepped together.

use crate::made::backend;
use burn::tensor::{Device, Tensor, TensorData};
use counterpoise::device;
use counterpoise::model::parameters::{Gradient, Group, Kind, Site};
use counterpoise::protocol::Optimizer as Rule;
use counterpoise::train::optimizer::Optimizer;
use std::collections::BTreeMap;

const SIZES: [usize; 3] = [1, 40, 7];
const STEPS: usize = 4;

fn rules() -> [Rule; 4] {
    let (lr, beta1, beta2, eps) = (0.1, 0.9, 0.99, 1e-8);
    [
        Rule::Sgd { lr, momentum: 0.9, weight_decay: 0.01 },
        Rule::Sgd { lr, momentum: 0.0, weight_decay: 0.0 },
        Rule::Adam { lr, beta1, beta2, eps, weight_decay: 0.01 },
        Rule::AdamW { lr, beta1, beta2, eps, weight_decay: 0.01 },
    ]
}

fn made(n: usize, seed: usize, device: &Device) -> Tensor<1> {
    let values = (0..n).map(|i| ((i * 7 + seed * 5) % 31) as f64 / 31.0 - 0.4).collect::<Vec<_>>();
    Tensor::from_data(TensorData::new(values, [n]), (device, device::widest(device)))
}

/// The values of the parameters with the given indices after all steps, stepped together. The last
/// one's first step is the third.
fn values(rule: &Rule, which: &[usize], device: &Device) -> Vec<Vec<f64>> {
    let mut optimizer = Optimizer::new(rule);
    let path = |i: usize| format!("p{i}");
    let start = |i: &usize| (path(*i), made(SIZES[*i], *i, device));
    let mut values: BTreeMap<String, Tensor<1>> = which.iter().map(start).collect();
    for step in 0..STEPS {
        let late = |i: &&usize| **i + 1 < SIZES.len() || 2 <= step;
        let gradient = |i: &usize| Gradient {
            site: Site {
                path: path(*i),
                group: Group::Fusion,
                kind: Kind::Bias,
                shape: vec![SIZES[*i]],
            },
            parameter: values[&path(*i)].clone(),
            value: made(SIZES[*i], 10 * step + i, device),
        };
        let gradients = which.iter().filter(late).map(gradient).collect();
        values.extend(optimizer.step(0.1, gradients));
    }
    values.into_values().map(|x| x.into_data().iter::<f64>().collect()).collect()
}

#[test]
fn parameters_stepped_together_become_what_each_becomes_alone() {
    let device = backend().device;
    for rule in rules() {
        let together = values(&rule, &[0, 1, 2], &device);
        let alone: Vec<_> = (0..3).flat_map(|i| values(&rule, &[i], &device)).collect();
        assert_eq!(together, alone, "{rule:?}");
    }
}
