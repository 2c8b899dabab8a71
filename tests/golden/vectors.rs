//! Reading the vectors, comparing numbers, loading weights.

use burn::tensor::{DType, Device, Tensor, TensorData};
use counterpoise::checkpoint::{self, NamedTensor};
use counterpoise::device::Place;
use counterpoise::model::Model;
use counterpoise::model::fusion::Fusion;
use counterpoise::model::parameters::{Site, from_torch, update};
use counterpoise::registry::{Params, Part, Value, find};
use counterpoise::suite::catalog::Sizes;
use std::collections::BTreeMap;
use std::path::PathBuf;

fn folder() -> PathBuf {
    match std::env::var_os("COUNTERPOISE_GOLDEN") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden"),
    }
}

/// The tensors of a safetensors file, by path.
pub(crate) struct Tensors(BTreeMap<String, NamedTensor>);

impl Tensors {
    pub(crate) fn read(name: &str) -> Self {
        let tensors = checkpoint::read(&folder().join(name)).unwrap_or_else(|e| panic!("{e}"));
        Self(tensors.into_iter().map(|t| (t.path.clone(), t)).collect())
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    pub(crate) fn shape(&self, path: &str) -> Vec<usize> {
        self.get(path).shape.clone()
    }

    pub(crate) fn values(&self, path: &str) -> Vec<f64> {
        self.get(path).to_f64().unwrap()
    }

    pub(crate) fn paths(&self, prefix: &str) -> Vec<String> {
        self.0.keys().filter(|path| path.starts_with(prefix)).cloned().collect()
    }

    fn get(&self, path: &str) -> &NamedTensor {
        self.0.get(path).unwrap_or_else(|| panic!("no tensor `{path}`"))
    }
}

pub(crate) fn json(name: &str) -> serde_json::Value {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// All numbers in a JSON value, in order.
pub(crate) fn numbers(value: &serde_json::Value) -> Vec<f64> {
    match value {
        serde_json::Value::Array(items) => items.iter().flat_map(numbers).collect(),
        serde_json::Value::Number(x) => vec![x.as_f64().unwrap()],
        other => panic!("not numbers: {other}"),
    }
}

#[track_caller]
pub(crate) fn assert_close(what: &str, ours: &[f64], theirs: &[f64], absolute: f64, relative: f64) {
    assert_eq!(ours.len(), theirs.len(), "{what}: lengths");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        let tolerance = absolute + relative * b.abs();
        assert!((a - b).abs() <= tolerance, "{what}[{i}]: ours {a}, reference {b}");
    }
}

/// As [`assert_close`], relative to each value or to the size of what it was computed from,
/// whichever is larger.
#[track_caller]
pub(crate) fn assert_close_for(
    what: &str,
    ours: &[f64],
    theirs: &[f64],
    sizes: &[f64],
    tolerance: f64,
) {
    assert_eq!(ours.len(), sizes.len(), "{what}: lengths");
    assert_eq!(ours.len(), theirs.len(), "{what}: lengths");
    for (i, ((a, b), size)) in ours.iter().zip(theirs).zip(sizes).enumerate() {
        let off = (a - b).abs();
        assert!(off <= tolerance * b.abs().max(*size), "{what}[{i}]: ours {a}, reference {b}");
    }
}

/// The device under test: `cpu`, or that which `COUNTERPOISE_DEVICE` names.
pub(crate) fn device() -> Device {
    let name = std::env::var("COUNTERPOISE_DEVICE").unwrap_or_else(|_| "cpu".into());
    counterpoise::device::open(&name).unwrap_or_else(|e| panic!("{e}")).device
}

/// Whether the device under test has f64, without which vectors in it are no test of it.
pub(crate) fn has_f64() -> bool {
    counterpoise::device::widest(&device()) == DType::F64
}

pub(crate) fn autodiff(dtype: DType) -> Place {
    Place { device: device().autodiff(), dtype }
}

pub(crate) fn tensor<const D: usize>(
    values: Vec<f64>,
    shape: [usize; D],
    place: &Place,
) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), (&place.device, place.dtype))
}

pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

pub(crate) fn one_hot(labels: &[f64], n_classes: usize, place: &Place) -> Tensor<2> {
    let mut rows = vec![0.0; labels.len() * n_classes];
    for (i, label) in labels.iter().enumerate() {
        rows[i * n_classes + *label as usize] = 1.0;
    }
    tensor(rows, [labels.len(), n_classes], place)
}

/// A named fusion with some parameters set.
pub(crate) fn fusion(
    name: &str,
    set: &[(&str, &str)],
    sizes: &[usize],
    n_classes: usize,
    place: &Place,
) -> Fusion {
    let declared = find("fusion", counterpoise::model::fusion::FUSIONS, name).unwrap().params;
    let given = set.iter().map(|(k, v)| ((*k).into(), Value::Text((*v).into()))).collect();
    let params = Params::resolve(declared, given).unwrap();
    let sizes: Vec<Sizes> =
        sizes.iter().map(|size| Sizes { features: *size, stages: vec![] }).collect();
    Fusion::build(&Part { name: name.into(), params, revision: 1 }, &sizes, n_classes, place)
        .unwrap()
}

/// The model with every tensor replaced for which `value` knows one, in PyTorch's layout.
pub(crate) fn load(
    model: Model,
    names: &[String],
    place: &Place,
    value: impl Fn(&Site) -> Option<Vec<f64>>,
) -> Model {
    let inner = Place { device: place.device.clone().inner(), dtype: place.dtype };
    update(model, names, |site, _| {
        let values = value(site)?;
        let n = values.len();
        Some(from_torch(site, tensor(values, [n], &inner)))
    })
}
