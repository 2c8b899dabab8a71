//! An interrupted run ends with the record of an uninterrupted one.

use crate::made::{IMAGES, backend, dataset, spec};
use counterpoise::data::Dataset;
use counterpoise::protocol::Optimizer;
use counterpoise::record::RunRecord;
use counterpoise::record::probe::Probe;
use counterpoise::registry::Value;
use counterpoise::suite::run::RunSpec;
use counterpoise::train::{self, Progress};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Trains in `folder`, and is torn away after `stop` epochs of this attempt if that is given.
/// Tells what was heard of an earlier attempt.
fn attempt(
    spec: &RunSpec,
    data: &Dataset,
    folder: &Path,
    stop: Option<usize>,
) -> (Option<RunRecord>, Vec<String>) {
    attempt_with(&Probe::default(), spec, data, folder, stop)
}

/// As [`attempt`], with requests.
fn attempt_with(
    probe: &Probe,
    spec: &RunSpec,
    data: &Dataset,
    folder: &Path,
    stop: Option<usize>,
) -> (Option<RunRecord>, Vec<String>) {
    let backend = backend();
    let mut heard = Vec::new();
    let mut epochs = 0;
    // The state after an epoch is kept once the epoch was told, so the tear comes an epoch later.
    let result = catch_unwind(AssertUnwindSafe(|| {
        train::run(spec, data, &backend, folder, probe, &[], &mut |progress| match progress {
            Progress::Resumed(n) => heard.push(format!("resumed after {n}")),
            Progress::StartedOver(why) => heard.push(why),
            Progress::Epoch(_) => {
                assert!(stop != Some(epochs), "torn away");
                epochs += 1;
            }
        })
    }));
    (result.ok().map(Result::unwrap), heard)
}

fn long(data: &Dataset, strategy: &str, set: &[(&str, Value)], optimizer: Optimizer) -> RunSpec {
    let mut spec = spec(data, "film", strategy, set, 3);
    spec.cell.protocol.epochs = 4;
    spec.cell.protocol.optimizer = optimizer.part();
    spec
}

#[test]
fn a_run_torn_away_after_any_epoch_ends_with_the_same_root() {
    let data = dataset(&IMAGES);
    let lagged = [("timing", Value::Text("lagged".into())), ("p_exe", Value::Float(1.0))];
    let sgd = Optimizer::Sgd { lr: 0.05, momentum: 0.9, weight_decay: 1e-4 };
    let adam =
        Optimizer::Adam { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 1e-4 };
    let cases = [
        long(&data, "ogm-ge", &[], sgd.clone()),
        long(&data, "opm", &lagged, adam),
        long(&data, "ogm-ge+opm", &lagged, sgd),
    ];
    for spec in &cases {
        let whole = tempfile::tempdir().unwrap();
        let (expected, _) = attempt(spec, &data, whole.path(), None);
        let expected = expected.unwrap();
        for stop in 1..4 {
            let folder = tempfile::tempdir().unwrap();
            assert!(attempt(spec, &data, folder.path(), Some(stop)).0.is_none());
            let (record, heard) = attempt(spec, &data, folder.path(), None);
            let record = record.unwrap();
            assert_eq!(heard, [format!("resumed after {stop}")]);
            assert_eq!(record.root().unwrap(), expected.root().unwrap());
            let tensors = ["final", "selected", "logits"].map(|name| format!("{name}.safetensors"));
            for file in tensors.into_iter().chain(["steps.csv".to_string()]) {
                let read = |folder: &Path| std::fs::read(folder.join(&file)).unwrap();
                assert_eq!(read(folder.path()), read(whole.path()), "{file}");
            }
        }
    }
}

#[test]
fn the_chain_of_a_run_torn_away_is_that_of_a_whole_one_and_not_part_of_its_root() {
    let data = dataset(&IMAGES);
    let optimizer = Optimizer::Sgd { lr: 0.05, momentum: 0.9, weight_decay: 1e-4 };
    let spec = long(&data, "ogm", &[], optimizer);
    let probe = Probe { chain_every: NonZeroUsize::new(3), ..Probe::default() };
    let [whole, torn, plain] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let expected = attempt_with(&probe, &spec, &data, whole.path(), None).0.unwrap();
    assert!(attempt_with(&probe, &spec, &data, torn.path(), Some(2)).0.is_none());
    let record = attempt_with(&probe, &spec, &data, torn.path(), None).0.unwrap();
    assert_eq!(record.links, expected.links);
    // Five steps an epoch, four epochs.
    let steps: Vec<usize> = record.links.iter().map(|link| link.steps).collect();
    assert_eq!(steps, [3, 6, 9, 12, 15, 18]);
    let plain = attempt(&spec, &data, plain.path(), None).0.unwrap();
    assert!(plain.links.is_empty());
    assert_eq!(plain.root().unwrap(), expected.root().unwrap());
}

#[test]
fn a_damaged_checkpoint_is_told_and_the_run_begins_anew() {
    let data = dataset(&IMAGES);
    let optimizer = Optimizer::Sgd { lr: 0.05, momentum: 0.9, weight_decay: 1e-4 };
    let spec = long(&data, "ogm", &[], optimizer);
    let whole = tempfile::tempdir().unwrap();
    let expected = attempt(&spec, &data, whole.path(), None).0.unwrap().root().unwrap();
    let damage: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes.truncate(bytes.len() / 2),
        // A bit of a weight: the last bytes of the file are those of a tensor.
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        // A digit of a loss, in the notes: they would still be well formed.
        |bytes| {
            let loss = b"\"loss\":";
            let at = bytes.windows(loss.len()).position(|window| window == loss).unwrap();
            bytes[at + loss.len()] ^= 1;
        },
    ];
    for damage in damage {
        let folder = tempfile::tempdir().unwrap();
        assert!(attempt(&spec, &data, folder.path(), Some(2)).0.is_none());
        let path = folder.path().join(".resume.safetensors");
        let mut bytes = std::fs::read(&path).unwrap();
        damage(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        let (record, heard) = attempt(&spec, &data, folder.path(), None);
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].contains(".resume.safetensors"), "{heard:?}");
        assert_eq!(record.unwrap().root().unwrap(), expected);
    }
}
