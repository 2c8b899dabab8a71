//! Observers and the count of work: what a record has beside the metrics of the task.

use crate::made::{IMAGES, backend, dataset, part, spec};
use counterpoise::data::Dataset;
use counterpoise::record::RunRecord;
use counterpoise::record::probe::Probe;
use counterpoise::registry::{Value, find};
use counterpoise::suite::run::RunSpec;
use counterpoise::train;
use counterpoise::train::observer::OBSERVERS;

fn train(spec: &RunSpec, data: &Dataset) -> RunRecord {
    let folder = tempfile::tempdir().unwrap();
    let probe = Probe::default();
    train::run(spec, data, &backend(), folder.path(), &probe, &[], &mut |_| ()).unwrap()
}

/// The spec with every observer.
fn observed(spec: &RunSpec) -> RunSpec {
    let mut spec = spec.clone();
    let of =
        |name: &str, set: &[(&str, Value)]| part(find("observer", OBSERVERS, name).unwrap(), set);
    spec.cell.observe = vec![
        of("linear-probe", &[]),
        of("gradients", &[("examples", Value::Int(40))]),
        of("noise", &[("sd", Value::Float(0.5))]),
        of("noise", &[("sd", Value::Float(50.0))]),
    ];
    spec
}

#[test]
fn observers_add_to_the_record_and_move_no_weight() {
    let data = dataset(&IMAGES);
    for (fusion, strategy) in
        [("concat", "joint"), ("concat", "opm"), ("mmtm", "ogm-ge"), ("concat", "late-ensemble")]
    {
        let plain = spec(&data, fusion, strategy, &[], 0);
        let (without, with) = (train(&plain, &data), train(&observed(&plain), &data));
        assert_ne!(with.id, without.id);
        assert_eq!(with.final_root, without.final_root, "{fusion}, {strategy}");
        assert_eq!(with.logits_root, without.logits_root);
        assert_eq!(with.work, without.work);
        for (seen, not) in with.epochs.iter().zip(&without.epochs) {
            assert_eq!(seen.root, not.root);
            for (name, value) in not.test.iter() {
                assert_eq!(seen.test.get(name), Some(value), "{name}");
            }
            for name in ["m0", "m1"] {
                for measured in ["probe-accuracy", "noisy-accuracy"] {
                    let name = match measured {
                        "noisy-accuracy" => format!("{measured}.{name}.0.5"),
                        _ => format!("{measured}.{name}"),
                    };
                    for split in [&seen.validation, &seen.test, &seen.further["shifted"]] {
                        let value = split.get(&name).unwrap_or_else(|| panic!("{name}"));
                        assert!((0.0..=1.0).contains(&value), "{name}: {value}");
                    }
                }
                let of = |what: &str| seen.train[&format!("{what}.{name}")];
                assert!(0.0 < of("joint-gradient") && 0.0 < of("unimodal-gradient"));
                assert!((-1.0..=1.0).contains(&of("gradient-cosine")));
            }
        }
        with.check_values().unwrap();
    }
}

#[test]
fn noise_that_drowns_a_modality_leaves_what_the_other_knows() {
    let data = dataset(&IMAGES);
    let record = train(&observed(&spec(&data, "concat", "joint", &[], 0)), &data);
    let test = &record.selected().unwrap().test;
    let noisy = |sd: &str| test.get(&format!("noisy-accuracy.m0.{sd}")).unwrap();
    assert!(noisy("50") < noisy("0.5"), "{test:?}");
    // The first modality is the easy one.
    let without = |name: &str| test.get(&format!("without-accuracy.{name}")).unwrap();
    assert!(without("m0") < without("m1"), "{test:?}");
    let probe = |name: &str| test.get(&format!("probe-accuracy.{name}")).unwrap();
    assert!(probe("m1") < probe("m0"), "{test:?}");
}

#[test]
fn the_work_is_that_of_the_layers() {
    let data = dataset(&IMAGES);
    let joint = train(&spec(&data, "concat", "joint", &[], 0), &data).work;
    // Two epochs of 70 examples by 16.
    assert_eq!((joint.steps, joint.forward, joint.backward), (10, 140, 140));
    assert!(joint.multiply_adds > 3 * 140 * (joint.inference - 1), "{joint:?}");
    // Scores are a forward pass of the head beside it.
    assert!(joint.multiply_adds < 3 * 140 * joint.inference + 140 * 1000, "{joint:?}");
    // The joint loss, and that of all modalities by heads of their own.
    let several = train(&spec(&data, "concat", "mmpareto", &[], 0), &data).work;
    assert_eq!((several.steps, several.forward, several.backward), (10, 280, 280));
    assert!(19 * joint.multiply_adds < 10 * several.multiply_adds, "{several:?}");
    assert_eq!(several.inference, joint.inference);
}
