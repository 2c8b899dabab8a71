//! Planted differences are found: the epoch, the step, the tensors, and by how much.

use crate::made::{IMAGES, dataset, spec};
use counterpoise::checkpoint::difference::Change;
use counterpoise::data::Dataset;
use counterpoise::record::RunRecord;
use counterpoise::record::probe::{Fault, Probe};
use counterpoise::registry::Value;
use counterpoise::suite::run::RunSpec;
use counterpoise::train::bisect::{After, Finding, Moment, Side, bisect};
use counterpoise::train::chain;
use counterpoise::{device, train};
use std::num::NonZeroUsize;
use tempfile::TempDir;

/// Five steps an epoch.
const EPOCHS: usize = 4;

struct Trained {
    record: RunRecord,
    folder: TempDir,
}

fn described(data: &Dataset) -> RunSpec {
    let mut spec = spec(data, "concat", "ogm-ge", &[], 3);
    spec.cell.protocol.epochs = EPOCHS;
    spec
}

fn train(spec: &RunSpec, data: &Dataset, every: usize, fault: Option<&str>) -> Trained {
    let fault = fault.map(|text| text.parse::<Fault>().unwrap());
    let probe = Probe { chain_every: NonZeroUsize::new(every), fault, ..Probe::default() };
    let folder = tempfile::tempdir().unwrap();
    let backend = device::open("cpu").unwrap();
    let record = train::run(spec, data, &backend, folder.path(), &probe, &[], &mut |_| ()).unwrap();
    Trained { record, folder }
}

fn find(data: &Dataset, a: &Trained, b: &Trained) -> Option<Finding> {
    let backend = device::open("cpu").unwrap();
    let sides = [a, b].map(|Trained { record, folder }| Side {
        needed: &[],
        record,
        folder: folder.path(),
        data,
        backend: &backend,
    });
    bisect([&sides[0], &sides[1]]).unwrap()
}

const FLIP: &str = "flip@12=encoder.m0.conv1.weight:2:20";

/// Every planted difference, and the step it strikes.
const PLANTED: [(&str, usize); 3] = [(FLIP, 12), ("lr@7=0.5", 7), ("reorder@16", 16)];

#[test]
fn equal_runs_do_not_part() {
    let data = dataset(&IMAGES);
    let spec = described(&data);
    assert_eq!(find(&data, &train(&spec, &data, 0, None), &train(&spec, &data, 1, None)), None);
}

#[test]
fn a_run_that_diverges_in_its_weights_alone_parts_where_it_does() {
    let data = dataset(&IMAGES);
    let spec = described(&data);
    // The last step of the second epoch; the loss before it is finite.
    let diverged = train(&spec, &data, 0, Some("lr@9=1e300"));
    let failure = diverged.record.outcome.failure().unwrap();
    assert!(failure.starts_with("diverged in epoch 2, step 9: encoder.m0."), "{failure}");
    assert_eq!(diverged.record.epochs.len(), 1);
    let found = find(&data, &train(&spec, &data, 0, None), &diverged).unwrap();
    assert_eq!((found.epoch, found.step), (Some(1), Some(9)), "{found:?}");
    let Change::Values { largest, .. } = found.tensors[0].change else { panic!("{found:?}") };
    assert!(largest.is_infinite(), "{found:?}");
}

#[test]
fn a_planted_difference_is_found_from_the_roots_of_epochs_alone() {
    let data = dataset(&IMAGES);
    let spec = described(&data);
    let whole = train(&spec, &data, 0, None);
    for (fault, step) in PLANTED {
        let found = find(&data, &whole, &train(&spec, &data, 0, Some(fault))).unwrap();
        let end = |epoch: usize| Moment { steps: 5 * epoch, after: After::Epoch };
        assert_eq!(found.first_different, end(step / 5 + 1), "{fault}");
        assert_eq!(found.last_equal, Some(end(step / 5)), "{fault}");
        assert_eq!((found.epoch, found.step), (Some(step / 5), Some(step)), "{fault}");
        assert_eq!(found.reproduced, [true, true], "{fault}");
        let Change::Values { differing, largest, .. } = found.tensors[0].change else {
            panic!("{found:?}");
        };
        assert!(0 < differing && 0.0 < largest, "{found:?}");
        if fault == FLIP {
            assert_eq!(found.tensors[0].path, "encoder.m0.conv1.weight");
        }
    }
}

#[test]
fn a_chain_narrows_the_stretch_that_is_trained_again() {
    let data = dataset(&IMAGES);
    let spec = described(&data);
    let whole = train(&spec, &data, 3, None);
    for (fault, step) in PLANTED {
        let found = find(&data, &whole, &train(&spec, &data, 3, Some(fault))).unwrap();
        let last = found.last_equal.unwrap();
        assert!(last.steps <= step && step < found.first_different.steps, "{found:?}");
        assert!(found.first_different.steps - last.steps <= 3, "{found:?}");
        assert_eq!((found.epoch, found.step), (Some(step / 5), Some(step)), "{fault}");
    }
}

#[test]
fn a_run_that_nobody_can_repeat_is_found_by_the_states_it_kept() {
    let data = dataset(&IMAGES);
    let spec = described(&data);
    let whole = train(&spec, &data, 1, None);
    for (fault, step) in PLANTED {
        // As if the fault were of another machine: the record does not tell of it.
        let mut strange = train(&spec, &data, 1, Some(fault));
        strange.record.fault = None;
        let found = find(&data, &whole, &strange).unwrap();
        assert_eq!((found.epoch, found.step), (Some(step / 5), Some(step)), "{fault}");
        assert_eq!(found.reproduced, [true, false], "{fault}");
        assert!(!found.tensors.is_empty(), "{fault}");

        // Without its states, the step is known and the tensors are not.
        std::fs::remove_dir_all(strange.folder.path().join("states")).unwrap();
        let found = find(&data, &whole, &strange).unwrap();
        assert_eq!(found.step, Some(step), "{fault}");
        assert!(found.tensors.is_empty(), "{fault}");
    }
}

#[test]
fn a_kept_state_that_was_changed_is_not_trusted() {
    let data = dataset(&IMAGES);
    let spec = described(&data);
    let whole = train(&spec, &data, 5, None);
    let other = train(&spec, &data, 5, Some("lr@12=2"));
    let path = chain::state_file(other.folder.path(), 10);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let found = find(&data, &whole, &other).unwrap();
    assert_eq!((found.step, found.reproduced), (Some(12), [true, true]));
}

#[test]
fn runs_of_other_settings_part_where_the_settings_first_matter() {
    let data = dataset(&IMAGES);
    let spec = described(&data);
    let whole = train(&spec, &data, 0, None);

    let mut later = spec.clone();
    later.cell.protocol.schedule.params.0.insert("gamma".into(), Value::Float(0.5));
    let found = find(&data, &whole, &train(&later, &data, 0, None)).unwrap();
    assert_eq!((found.epoch, found.step), (Some(2), Some(10)));

    let mut batches = spec.clone();
    batches.cell.protocol.batch_size = 20;
    let found = find(&data, &whole, &train(&batches, &data, 0, None)).unwrap();
    assert_eq!((found.epoch, found.step), (Some(0), Some(0)));

    let mut seed = spec.clone();
    seed.seed += 1;
    let found = find(&data, &whole, &train(&seed, &data, 0, None)).unwrap();
    assert_eq!((found.epoch, found.step), (None, None));
    assert!(found.tensors.iter().any(|tensor| tensor.path.starts_with("fusion.")));

    let mut longer = spec.clone();
    longer.cell.protocol.epochs += 1;
    let found = find(&data, &whole, &train(&longer, &data, 0, None)).unwrap();
    assert_eq!(found.first_different, Moment { steps: 20, after: After::Run });
}
