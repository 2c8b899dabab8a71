//! Training on rows: from shards as from memory, and augmented alike after an interruption.

use crate::made::{IMAGES, backend, dataset, spec};
use counterpoise::data::column::{Change, Column};
use counterpoise::data::store::element::Element;
use counterpoise::data::store::make::make;
use counterpoise::data::store::shards::{Layout, Shards};
use counterpoise::data::{Dataset, Split};
use counterpoise::error::{Error, Kind};
use counterpoise::hash::Digest;
use counterpoise::record::RunRecord;
use counterpoise::record::probe::Probe;
use counterpoise::suite::run::RunSpec;
use counterpoise::train::{self, Progress};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn splits(data: &mut Dataset) -> Vec<&mut Split> {
    let further = data.further.iter_mut().map(|(_, split)| split);
    [&mut data.train, &mut data.validation, &mut data.test].into_iter().chain(further).collect()
}

/// The same data in shards below `folder`, each split in an order of its own.
fn in_shards(mut data: Dataset, folder: &Path) -> Dataset {
    for (s, split) in splits(&mut data).into_iter().enumerate() {
        for (m, column) in split.features.iter_mut().enumerate() {
            let (size, rows) = (column.size(), column.len());
            let values = column.values().unwrap();
            // Backwards, so that a row of the split is another row of the array.
            let row = |at: usize| Ok(values[(rows - 1 - at) * size..][..size].to_vec());
            let layout = Layout { element: Element::F32, size, rows, rows_per_shard: 8 };
            let name = format!("{s}-{m}");
            make(folder, &name, &layout, Digest::of(b"made"), &row, &mut |_| {}).unwrap();
            let shards = Arc::new(Shards::open(folder, &name).unwrap());
            *column = Column::in_shards(shards, (0..rows).rev().collect());
        }
    }
    data
}

/// Trains, and calls `on_epoch` after every epoch, before its state is kept.
fn train(
    spec: &RunSpec,
    data: &Dataset,
    folder: &Path,
    on_epoch: &mut dyn FnMut(),
) -> Result<RunRecord, Error> {
    let probe = Probe::default();
    train::run(spec, data, &backend(), folder, &probe, &[], &mut |progress| {
        if matches!(progress, Progress::Epoch(_)) {
            on_epoch();
        }
    })
}

fn root(record: &RunRecord) -> Digest {
    record.root().unwrap()
}

fn three_epochs(data: &Dataset) -> RunSpec {
    let mut spec = spec(data, "concat", "ogm", &[], 1);
    spec.cell.protocol.epochs = 3;
    spec
}

#[test]
fn a_run_on_shards_is_the_run_on_memory() {
    let [store, a, b] = [0; 3].map(|_| tempfile::tempdir().unwrap());
    let memory = dataset(&IMAGES);
    let shards = in_shards(memory.clone(), store.path());
    let spec = three_epochs(&memory);
    let expected = train(&spec, &memory, a.path(), &mut || ()).unwrap();
    let found = train(&spec, &shards, b.path(), &mut || ()).unwrap();
    assert_eq!(root(&found), root(&expected));
}

#[test]
fn a_row_that_is_damaged_under_a_run_ends_it_with_an_error_that_names_it() {
    if backend().habits.resident {
        // Such a device has its copy from before.
        return;
    }
    let [store, runs] = [0; 2].map(|_| tempfile::tempdir().unwrap());
    let data = in_shards(dataset(&IMAGES), store.path());
    let flip_all = || {
        let shards = std::fs::read_dir(store.path().join("shards")).unwrap();
        for path in shards.map(|entry| entry.unwrap().path()).collect::<Vec<PathBuf>>() {
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[0] ^= 1;
            std::fs::write(&path, bytes).unwrap();
        }
    };
    let mut epochs = 0;
    let mut on_epoch = || {
        epochs += 1;
        if epochs == 2 {
            flip_all();
        }
    };
    let error = train(&three_epochs(&data), &data, runs.path(), &mut on_epoch).unwrap_err();
    assert_eq!(error.kind, Kind::Input);
    assert!(error.message.contains("row ") && error.message.contains("is damaged"), "{error}");
    // With the data mended, the run goes on: two epochs were kept.
    flip_all();
    let mut left = 0;
    let resumed = train(&three_epochs(&data), &data, runs.path(), &mut || left += 1).unwrap();
    assert_eq!(left, 1);
    let afresh = tempfile::tempdir().unwrap();
    let expected = train(&three_epochs(&data), &data, afresh.path(), &mut || ()).unwrap();
    assert_eq!(root(&resumed), root(&expected));
}

#[test]
fn an_augmented_run_repeats_and_goes_on_alike_and_is_another_run() {
    let flip: Arc<Change> = Arc::new(|values, stream| {
        if stream.below(2) == 0 {
            values.reverse();
        }
    });
    let plain = dataset(&IMAGES);
    let store = tempfile::tempdir().unwrap();
    let augment = |mut data: Dataset| {
        let features = std::mem::take(&mut data.train.features).into_iter().zip(["m0", "m1"]);
        data.train.features =
            features.map(|(column, name)| column.augmented(name, Arc::clone(&flip))).collect();
        data
    };
    let augmented = augment(plain.clone());
    let spec = three_epochs(&plain);
    let run = |data: &Dataset, folder: &Path| train(&spec, data, folder, &mut || ()).unwrap();
    let [a, b, c, d] = [0; 4].map(|_| tempfile::tempdir().unwrap());
    let expected = root(&run(&augmented, a.path()));
    assert_ne!(expected, root(&run(&plain, b.path())));
    assert_eq!(expected, root(&run(&augment(in_shards(plain, store.path())), c.path())));
    // Torn away in the third epoch.
    let mut epochs = 0;
    let mut tear = || {
        epochs += 1;
        assert!(epochs < 3, "torn away");
    };
    let torn = std::panic::AssertUnwindSafe(|| train(&spec, &augmented, d.path(), &mut tear));
    assert!(std::panic::catch_unwind(torn).is_err());
    let mut left = 0;
    let resumed = train(&spec, &augmented, d.path(), &mut || left += 1).unwrap();
    assert_eq!((left, root(&resumed)), (1, expected));
}
