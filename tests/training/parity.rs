//! The backends against each other: the same initial weights, and trajectories that stay close.

use crate::made::{IMAGES, dataset, spec};
use counterpoise::data::{Dataset, Shape};
use counterpoise::modulation::STRATEGIES;
use counterpoise::spec::run::RunSpec;
use counterpoise::train::device;
use counterpoise::train::parity::{Envelope, compare};

/// The first steps of a run on the default backend and on libtorch.
fn check(spec: &RunSpec, data: &Dataset) {
    let [ours, theirs] = ["cpu", "tch-cpu"].map(|name| device::open(name).unwrap());
    let parity = compare(spec, data, [&ours, &theirs], 8).unwrap();
    let name = format!("{} with {}", spec.fusion.name, spec.strategy.name);
    assert_eq!(parity.initial_roots[0], parity.initial_roots[1], "{name}");
    assert_eq!(parity.steps.len(), 8, "{name}");
    for step in &parity.steps {
        assert!(step.loss <= 1e-4, "{name}: {step:?}");
        assert!(step.is_within(&Envelope::STATED), "{name}: {step:?}");
    }
}

#[test]
fn every_strategy_starts_alike_and_stays_close() {
    let data = dataset(&IMAGES);
    for strategy in STRATEGIES {
        check(&spec(&data, "concat", strategy.name, &[], 0), &data);
    }
}

#[test]
fn every_kind_of_input_starts_alike_and_stays_close() {
    let clip = Shape::Clip { channels: 3, frames: 2, height: 8, width: 8 };
    for shapes in [
        [Shape::Vector { size: 6 }, Shape::Vector { size: 4 }],
        [Shape::Sequence { channels: 2, length: 9 }, clip],
    ] {
        let data = dataset(&shapes);
        check(&spec(&data, "concat", "ogm", &[], 0), &data);
    }
}

#[test]
fn a_difference_of_one_part_in_a_thousand_is_noticed() {
    let data = dataset(&IMAGES);
    let [ours, theirs] = ["cpu", "tch-cpu"].map(|name| device::open(name).unwrap());
    let spec = spec(&data, "concat", "joint", &[], 0);
    let mut parity = compare(&spec, &data, [&ours, &theirs], 1).unwrap();
    parity.steps[0].weights += 1e-3;
    assert!(!parity.steps[0].is_within(&Envelope::STATED));
}
