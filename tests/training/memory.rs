//! What libtorch's kernels find in memory that was given to them.

use crate::made::{IMAGES, backend, dataset, spec};
use counterpoise::data::Shape;
use counterpoise::device::{self, Backend};
use counterpoise::model::fusion::FUSIONS;
use counterpoise::protocol::parts::OPTIMIZERS;
use counterpoise::record::Outcome;
use counterpoise::record::probe::Probe;
use counterpoise::registry::find;
use counterpoise::train;

/// The device under test where it is one of libtorch's.
fn libtorch() -> Backend {
    match backend() {
        backend if ["tch-cpu", "cuda"].contains(&backend.kind) => backend,
        _ => device::open("tch-cpu").unwrap(),
    }
}

/// Memory is not filled before it is written, since no kernel reads it before: filled, it would show.
#[test]
fn no_kernel_reads_memory_that_nothing_has_written() {
    let clip = Shape::Clip { channels: 3, frames: 2, height: 9, width: 8 };
    let sequence = Shape::Sequence { channels: 2, length: 9 };
    let vector = Shape::Vector { size: 6 };
    for shapes in [[IMAGES[0], IMAGES[1]], [sequence, vector], [clip, vector]] {
        let data = dataset(&shapes);
        for (strategy, rule) in [("ogm-ge", "sgd"), ("opm", "adam"), ("modality-dropout", "adam-w")]
        {
            let mut spec = spec(&data, "film", strategy, &[], 0);
            if shapes[0] == clip {
                spec.cell.fusion = find("fusion", FUSIONS, "sum").unwrap().defaults();
            }
            spec.cell.protocol.optimizer = find("optimizer", OPTIMIZERS, rule).unwrap().defaults();
            let backend = libtorch();
            let [plain, filled] = [false, true].map(|fill| {
                portable_torch::fill_memory(fill);
                let folder = tempfile::tempdir().unwrap();
                let probe = Probe::default();
                train::run(&spec, &data, &backend, folder.path(), &probe, &[], &mut |_| ()).unwrap()
            });
            portable_torch::fill_memory(false);
            assert_eq!(filled.outcome, Outcome::Finished, "{strategy} on {shapes:?}");
            assert_eq!(filled.root().unwrap(), plain.root().unwrap(), "{strategy} on {shapes:?}");
        }
    }
}
