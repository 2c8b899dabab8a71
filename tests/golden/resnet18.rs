//! Two ResNet-18 encoders with a concat head through three OGM steps, in both float types, by the
//! training step that every run takes.

use crate::vectors::{
    Tensors, assert_close, assert_close_for, autodiff, fusion, has_f64, json, load, numbers,
    one_hot, tensor, values,
};
use burn::module::Module;
use burn::tensor::{DType, Tensor};
use counterpoise::data::Shape;
use counterpoise::device::{Draws, Place};
use counterpoise::model::batch::Batch;
use counterpoise::model::encoder::Encoder;
use counterpoise::model::encoder::resnet18::ResNet18;
use counterpoise::model::objective::{Objective, cross_entropy};
use counterpoise::model::parameters::{Gradient, Site, snapshot, to_torch};
use counterpoise::model::score::{Estimator, Phase};
use counterpoise::model::{Look, Model};
use counterpoise::protocol;
use counterpoise::registry::{Params, Part, Value as Param, find};
use counterpoise::strategy::{self, Outputs, Setting, StepContext, Strategy, Traced, Updates};
use counterpoise::task::CLASSIFICATION;
use counterpoise::train::optimizer::Optimizer;
use counterpoise::train::reading::Readings;
use counterpoise::train::step::{Position, step};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The tolerances of one float type: absolute for values near one, relative for norms.
struct Tolerance {
    first: f64,
    loss_later: f64,
    coefficient_later: f64,
    gradient_first: f64,
    gradient_later: f64,
    change: f64,
    buffers_later: f64,
    logits_later: f64,
}

const F32: Tolerance = Tolerance {
    first: 1e-4,
    loss_later: 5e-3,
    coefficient_later: 1e-2,
    gradient_first: 0.03,
    gradient_later: 0.25,
    change: 0.03,
    buffers_later: 0.01,
    logits_later: 2e-2,
};

const F64: Tolerance = Tolerance {
    first: 1e-8,
    loss_later: 1e-8,
    coefficient_later: 1e-8,
    gradient_first: 1e-8,
    gradient_later: 1e-8,
    change: 1e-8,
    buffers_later: 1e-8,
    logits_later: 1e-8,
};

#[test]
fn in_f32() {
    check(DType::F32, "float32", &F32);
}

#[test]
fn in_f64() {
    if !has_f64() {
        return;
    }
    check(DType::F64, "float64", &F64);
}

/// What the step hands the strategy and gets back, flattened in PyTorch's layout.
#[derive(Default)]
struct Seen {
    scores: Vec<f64>,
    features: Vec<Vec<f64>>,
    logits: Vec<f64>,
    unimodal: Vec<Vec<f64>>,
    unimodal_loss: Vec<f64>,
    raw: BTreeMap<String, Vec<f64>>,
    modulated: BTreeMap<String, Vec<f64>>,
    trace: BTreeMap<String, f64>,
}

/// A strategy that watches another.
struct Spy {
    inner: Box<dyn Strategy>,
    seen: Rc<RefCell<Seen>>,
}

fn by_path(gradients: &[Gradient]) -> BTreeMap<String, Vec<f64>> {
    gradients
        .iter()
        .map(|g| (reference_name(&g.site.path), values(to_torch(&g.site, g.value.clone()))))
        .collect()
}

impl Strategy for Spy {
    fn loss(&mut self, at: &StepContext<'_>, index: usize, outputs: &Outputs<'_>) -> Tensor<1> {
        let mut seen = self.seen.borrow_mut();
        seen.scores = at.scores.read().to_vec();
        seen.features = outputs.features.iter().map(|x| values(x.clone())).collect();
        seen.logits = values(outputs.logits.clone());
        let unimodal =
            at.estimator.logits(&at.model.fusion, outputs.features, Phase::Training).unwrap();
        seen.unimodal_loss = unimodal
            .iter()
            .map(|logits| values(outputs.objective.loss(logits.clone(), outputs.targets))[0])
            .collect();
        seen.unimodal = unimodal.into_iter().map(values).collect();
        self.inner.loss(at, index, outputs)
    }

    fn gradients(&mut self, at: &StepContext<'_>, per_loss: Vec<Vec<Gradient>>) -> Vec<Gradient> {
        let raw = by_path(&per_loss[0]);
        let gradients = self.inner.gradients(at, per_loss);
        let mut seen = self.seen.borrow_mut();
        seen.raw = raw;
        seen.modulated = by_path(&gradients);
        seen.trace = traced(at.modalities, self.inner.trace());
        gradients
    }
}

fn traced(modalities: &[String], all: Vec<(&str, Traced)>) -> BTreeMap<String, f64> {
    all.into_iter()
        .flat_map(|(prefix, scalars)| {
            let scalars = match scalars {
                Traced::Known(scalars) => scalars,
                Traced::Pending(tensor) => values(*tensor),
            };
            modalities.iter().map(move |name| format!("{prefix}.{name}")).zip(scalars)
        })
        .collect()
}

fn reference_name(path: &str) -> String {
    path.replace("encoder.", "").replacen("fusion.", "fusion_module.", 1)
}

/// The fill rule of the vectors' README: a counter-based generator over tensor and element.
fn fill(n: u64, len: usize, a: f64) -> Vec<f64> {
    (0..len as u64)
        .map(|i| {
            let mut z = n.wrapping_add((i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            let u = (z >> 11) as f64 * (1.0 / (1u64 << 53) as f64);
            f64::from(((2.0 * u - 1.0) * a) as f32)
        })
        .collect()
}

fn initial_weights(golden: &Value) -> BTreeMap<String, Vec<f64>> {
    let fill_rules = &golden["weight_fill"];
    let weights: BTreeMap<String, Vec<f64>> = fill_rules["tensors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| {
            let len = numbers(&t["shape"]).iter().product::<f64>() as usize;
            let values = match t["rule"].as_str().unwrap() {
                "uniform" => fill(t["index"].as_u64().unwrap(), len, t["a"].as_f64().unwrap()),
                "one" => vec![1.0; len],
                "zero" => vec![0.0; len],
                other => panic!("unknown rule {other}"),
            };
            (t["name"].as_str().unwrap().to_string(), values)
        })
        .collect();
    for check in fill_rules["check"].as_array().unwrap() {
        let values = &weights[check["name"].as_str().unwrap()];
        assert_close("first8", &values[..8], &numbers(&check["first8"]), 0.0, 1e-7);
        assert_close("l2", &[norm(values)], &[check["l2"].as_f64().unwrap()], 0.0, 1e-12);
    }
    weights
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// As the vectors' README states it: in double precision everything is relative, the numbers of a
/// vector to the largest of them; in single precision it is absolute.
#[track_caller]
fn assert_as_stated(what: &str, dtype: DType, ours: &[f64], theirs: &[f64], tolerance: f64) {
    let largest = theirs.iter().map(|x| x.abs()).fold(0.0, f64::max);
    let size = if dtype == DType::F64 { largest } else { 1.0 };
    assert_close_for(what, ours, theirs, &vec![size; theirs.len()], tolerance);
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn ogm(golden: &Value, model: &Model, names: &[String]) -> Box<dyn Strategy> {
    let declared = find("strategy", strategy::STRATEGIES, "ogm").unwrap().params;
    let given = BTreeMap::from([
        ("alpha".to_string(), Param::Float(golden["modulation"]["alpha"].as_f64().unwrap())),
        ("rule".to_string(), Param::Text("cvpr-code".into())),
        ("targets".to_string(), Param::Text("conv-only".into())),
    ]);
    let params = Params::resolve(declared, given).unwrap();
    let sites: Vec<Site> = snapshot(model, names).into_iter().map(|(site, _)| site).collect();
    let objective = Objective::of(&CLASSIFICATION.defaults()).unwrap();
    let setting = Setting {
        seed: 0,
        modalities: names,
        objective,
        outputs: 0,
        features: &[512, 512],
        between: false,
        sites: &sites,
        needed: &[],
    };
    strategy::build(&Part { name: "ogm".into(), params, revision: 1 }, &setting).unwrap()
}

fn check(dtype: DType, run: &str, tolerance: &Tolerance) {
    let golden = json("resnet18.json");
    let vectors = Tensors::read("resnet18.safetensors");
    let n_classes = golden["n_classes"].as_u64().unwrap() as usize;
    let weights = initial_weights(&golden);
    let run_name = run;
    let run = &golden["runs"][run];
    let names = ["audio_net".to_string(), "visual_net".to_string()];
    let place = autodiff(dtype);

    let audio = vectors.shape("in.audio");
    let visual = vectors.shape("in.visual");
    let batch_size = audio[0];
    let shapes = [
        Shape::Image { channels: audio[1], height: audio[2], width: audio[3] },
        Shape::Clip { channels: visual[1], frames: visual[2], height: visual[3], width: visual[4] },
    ];
    let encoders =
        shapes.map(|shape| Encoder::ResNet18(ResNet18::new(shape, &place))).into_iter().collect();
    let fusion = fusion("concat", &[], &[512, 512], n_classes, &place);
    let mut model = load(Model::new(encoders, fusion), &names, &place, |site| {
        let known = weights.get(&reference_name(&site.path)).cloned();
        assert!(known.is_some() || site.kind.is_buffer(), "no weights for {}", site.path);
        known
    });
    let inputs = |place: &Place| -> Vec<Tensor<2>> {
        ["in.audio", "in.visual"]
            .iter()
            .map(|path| {
                let values = vectors.values(path);
                let size = values.len() / batch_size;
                tensor(values, [batch_size, size], place)
            })
            .collect()
    };
    let label = vectors.values("in.label");
    let batch = Batch { inputs: inputs(&place), targets: one_hot(&label, n_classes, &place) };

    // Evaluation: logits and loss, and the features' norms.
    let evaluate = |model: &Model, golden: &Value, tolerance: f64, what: &str| {
        let plain = Place { device: place.device.clone().inner(), dtype };
        let model = model.valid();
        let features = model.encode(inputs(&plain), Look::all(2)).features;
        let logits = model.fusion.forward(&features);
        let loss = cross_entropy(logits.clone(), &one_hot(&label, n_classes, &plain));
        let close = |key: &str, ours: Vec<f64>| {
            let theirs = numbers(&serde_json::json!([golden[key]]));
            assert_as_stated(&format!("{what} {key}"), dtype, &ours, &theirs, tolerance);
        };
        close("logits", values(logits));
        close("loss", values(loss));
        features.into_iter().map(values).collect::<Vec<_>>()
    };
    let features =
        evaluate(&model, &run["eval_before"], tolerance.first, &format!("{run_name} before"));
    for (values, key) in features.iter().zip(["a_l2", "v_l2"]) {
        let theirs = run["eval_before"][key].as_f64().unwrap();
        assert_close(key, &[norm(values)], &[theirs], 0.0, tolerance.first);
    }
    if dtype == DType::F32 {
        for (values, path) in features.iter().zip(["eval_before.a", "eval_before.v"]) {
            assert_close(path, values, &vectors.values(path), tolerance.first, 0.0);
        }
    }

    let get = |key: &str| golden["optimizer"][key].as_f64().unwrap();
    let mut optimizer = Optimizer::new(&protocol::Optimizer::Sgd {
        lr: get("lr"),
        momentum: get("momentum"),
        weight_decay: get("weight_decay"),
    });
    let seen = Rc::new(RefCell::new(Seen::default()));
    let mut strategy = Spy { inner: ogm(&golden, &model, &names), seen: seen.clone() };
    for (index, theirs) in run["steps"].as_array().unwrap().iter().enumerate() {
        let first = index == 0;
        let at = Position {
            seed: 0,
            epoch: 0,
            step: index,
            pass: 0,
            turn: 0,
            lr: get("lr"),
            names: &names,
            objective: Objective::of(&CLASSIFICATION.defaults()).unwrap(),
            estimator: Estimator::SplitHead,
            draws: Draws::Host,
        };
        let stepped =
            step(model, &mut strategy, &mut optimizer, &batch, &Updates::All, &at).unwrap();
        model = stepped.model;
        let (_, _, scalars) = Readings::read(vec![stepped.readings.unwrap()]).remove(0);
        let seen = seen.borrow();
        let what = |name: &str| format!("{run_name} step {} {name}", index + 1);
        let close = |name: &str, ours: f64, tolerance: f64| {
            let theirs = [theirs[name].as_f64().unwrap()];
            assert_as_stated(&what(name), dtype, &[ours], &theirs, tolerance);
        };
        let losses = if first { tolerance.first } else { tolerance.loss_later };
        close("loss", scalars["loss"], losses);
        close("loss_a", seen.unimodal_loss[0], losses);
        close("loss_v", seen.unimodal_loss[1], losses);
        let ratios = if first { tolerance.first } else { tolerance.coefficient_later };
        close("score_a", seen.scores[0], ratios);
        close("score_v", seen.scores[1], ratios);
        close("ratio_a", scalars["rho.audio_net"], ratios);
        close("ratio_v", scalars["rho.visual_net"], ratios);
        close("coeff_a", seen.trace["k.audio_net"], ratios);
        close("coeff_v", seen.trace["k.visual_net"], ratios);
        // What the trace says of the gradients is their own norm, before modulation. A sum of
        // millions of squares in single precision, one after the other, is off by some 1e-4.
        let summed = if dtype == DType::F64 { 1e-8 } else { 1e-3 };
        for name in &names {
            let of_encoder = seen.raw.iter().filter(|(path, _)| path.starts_with(&**name));
            let all: Vec<f64> = of_encoder.flat_map(|(_, values)| values).copied().collect();
            let traced = scalars[&format!("grad-norm.{name}")];
            assert!(!all.is_empty(), "no gradient is called {name}");
            assert_close(&what("grad-norm"), &[traced], &[norm(&all)], 0.0, summed);
        }
        if first {
            let logits = [&seen.logits, &seen.unimodal[0], &seen.unimodal[1]];
            for (ours, key) in logits.into_iter().zip(["logits", "logits_a", "logits_v"]) {
                let theirs = numbers(&theirs[key]);
                assert_as_stated(&what(key), dtype, ours, &theirs, tolerance.first);
            }
            if dtype == DType::F32 {
                for (ours, path) in seen.features.iter().zip(["step1.forward.a", "step1.forward.v"])
                {
                    assert_close(path, ours, &vectors.values(path), tolerance.first, 0.0);
                }
                for path in vectors.paths("step1.grad_raw.") {
                    let theirs = vectors.values(&path);
                    let ours = &seen.raw[path.strip_prefix("step1.grad_raw.").unwrap()];
                    let off = norm(&difference(ours, &theirs)) / norm(&theirs);
                    assert!(off <= tolerance.gradient_first, "{path} is off by {off}");
                }
            }
        }

        // Norms of every tensor: gradients, change since the start, running statistics. The
        // vectors hold them for the first and the last step.
        let Some(tensors) = theirs.get("tensors").and_then(Value::as_object) else {
            assert!(!first && index + 1 < run["steps"].as_array().unwrap().len());
            let name = what("after");
            evaluate(&model, &theirs["eval_after"], tolerance.logits_later, &name);
            continue;
        };
        let now: BTreeMap<String, Vec<f64>> = snapshot(&model, &names)
            .into_iter()
            .map(|(site, tensor)| (reference_name(&site.path), tensor.to_f64().unwrap()))
            .collect();
        assert_eq!(tensors.len(), weights.len());
        let gradients = if first { tolerance.gradient_first } else { tolerance.gradient_later };
        for (name, theirs) in tensors {
            let close = |key: &str, ours: f64, tolerance: f64| {
                let what = what(&format!("{name} {key}"));
                let theirs = theirs[key].as_f64().unwrap();
                assert_close(&what, &[ours], &[theirs], 0.0, tolerance);
            };
            close("grad_raw_l2", norm(&seen.raw[name]), gradients);
            close("grad_modulated_l2", norm(&seen.modulated[name]), gradients);
            close("param_l2_after", norm(&now[name]), tolerance.change);
            let change = norm(&difference(&now[name], &weights[name]));
            close("total_change_l2", change, tolerance.change);
        }
        let buffers = if first { tolerance.first } else { tolerance.buffers_later };
        for (name, theirs) in theirs["buffers_l2_after"].as_object().unwrap() {
            let theirs = [theirs.as_f64().unwrap()];
            assert_close(&what(name), &[norm(&now[name])], &theirs, 0.0, buffers);
        }
        let name = what("after");
        evaluate(&model, &theirs["eval_after"], tolerance.logits_later, &name);
    }
}
