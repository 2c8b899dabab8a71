//! OPM: drop the dominant modality's features with a dynamic probability.
//!
//! Source: journal paper Eqs. 6-8 and Algorithm 1; BML_TPAMI2024 `code/models/Classifier.py`
//! lines 24-72 and 142-153 (4b3aa4f), which differs from the paper in three named ways: it drops
//! a whole batch or not (`p_exe`), takes q from the same batch (`timing`), and rescales.

use super::coefficient::{drop_probabilities, dropped_share, ratios};
use super::window::{ENDS, STARTS, WARMUP, Window};
use super::{Build, Features, StepContext, Strategy, Traced};
use crate::checkpoint::NamedTensor;
use crate::error::{Error, Result};
use crate::registry::{Domain, Entry, Fallback, Param, Params};
use crate::stream::Stream;
use crate::suite::catalog::Needs;
use burn::tensor::{Int, Tensor, TensorData};

pub(super) const Q_BASE: Param = Param {
    name: "q_base",
    summary: "drop probability of a modality that is barely dominant",
    domain: Domain::Float { min: 0.0, max: 1.0 },
    default: Fallback::Float(0.5),
};
pub(super) const LAMBDA: Param = Param {
    name: "lambda",
    summary: "how much the drop probability grows with rho",
    domain: Domain::Float { min: 0.0, max: f64::MAX },
    default: Fallback::Float(0.5),
};
pub(super) const P_EXE: Param = Param {
    name: "p_exe",
    summary: "probability that a batch is treated at all; the paper has 1, the code 0.7",
    domain: Domain::Float { min: 0.0, max: 1.0 },
    default: Fallback::Float(0.7),
};
pub(super) const RESCALE: Param = Param {
    name: "rescale",
    summary: "divide all features by the share that is kept on average, as the code does",
    domain: Domain::Bool,
    default: Fallback::Bool(true),
};
pub(super) const TIMING: Param = Param {
    name: "timing",
    summary: "q from the same batch (code) or from the one before (Algorithm 1)",
    domain: Domain::Choice(&["same-batch", "lagged"]),
    default: Fallback::Text("same-batch"),
};

pub(super) const OPM: Entry<Build> = Entry {
    name: "opm",
    summary: "drop the dominant modality's features with a dynamic probability",
    params: &[Q_BASE, LAMBDA, P_EXE, RESCALE, TIMING, WARMUP, STARTS, ENDS],
    revision: 1,
    build: Build { needs: Needs::Nothing, make: |params, _| Ok(Box::new(Opm::new(params))) },
};

/// Feature dropping by modality.
pub(super) struct Opm {
    q_base: f64,
    lambda: f64,
    p_exe: f64,
    rescale: bool,
    lagged: bool,
    window: Window,
    /// q as of the last batch; what a lagged step drops with, and what is traced.
    q: Vec<f64>,
}

impl Opm {
    pub(super) fn new(params: &Params) -> Self {
        Self {
            q_base: params.float("q_base"),
            lambda: params.float("lambda"),
            p_exe: params.float("p_exe"),
            rescale: params.flag("rescale"),
            lagged: params.text("timing") == "lagged",
            window: Window::of(params),
            q: Vec::new(),
        }
    }
}

const STATE: &str = "strategy.opm.q";

impl Strategy for Opm {
    fn features(&mut self, context: &StepContext<'_>, features: Vec<Tensor<2>>) -> Features {
        let modalities = features.len();
        if !self.window.is_open(context.epoch) {
            self.q = vec![0.0; modalities];
            return Features { values: features, rows: None };
        }
        let fresh = drop_probabilities(self.q_base, self.lambda, &ratios(context.scores.read()));
        let before = std::mem::replace(&mut self.q, fresh.clone());
        let q = match (self.lagged, before.len() == modalities) {
            (false, _) => fresh,
            (true, true) => before,
            (true, false) => vec![0.0; modalities],
        };
        let mut stream = Stream::new(context.seed, &format!("opm/{}", context.step));
        if stream.uniform() < 1.0 - self.p_exe {
            return Features { values: features, rows: None };
        }
        let batch = features[0].dims()[0];
        let mask: Vec<Vec<bool>> =
            q.iter().map(|q| (0..batch).map(|_| *q <= stream.uniform()).collect()).collect();
        drop_features(features, &mask, &q, self.rescale)
    }

    fn trace(&self) -> Vec<(&'static str, Traced)> {
        vec![("q", Traced::Known(self.q.clone()))]
    }

    fn state(&self) -> Vec<NamedTensor> {
        vec![NamedTensor::f64(STATE, vec![self.q.len()], &self.q)]
    }

    fn restore(&mut self, state: &[NamedTensor]) -> Result<()> {
        match state {
            [q] if q.path == STATE => {
                self.q = q.to_f64()?;
                Ok(())
            }
            _ => Err(Error::input("the checkpoint does not hold the state of `opm`")),
        }
    }
}

/// Sets the features of dropped modalities to zero, divides all by `1 - theta` where `rescale`,
/// and removes rows that have lost every modality. `mask[m][i]` is true where row i keeps
/// modality m; theta is the share dropped on average.
pub fn drop_features(
    features: Vec<Tensor<2>>,
    mask: &[Vec<bool>],
    q: &[f64],
    rescale: bool,
) -> Features {
    let sizes: Vec<usize> = features.iter().map(|x| x.dims()[1]).collect();
    let theta = dropped_share(&sizes, q);
    let scale = if rescale && theta < 1.0 { 1.0 / (1.0 - theta) } else { 1.0 };
    let batch = mask[0].len();
    let left: Vec<usize> = (0..batch).filter(|i| mask.iter().any(|kept| kept[*i])).collect();
    let rows = (left.len() < batch).then_some(left);
    let values = features
        .into_iter()
        .zip(mask)
        .map(|(x, kept)| {
            let place = (&x.device(), x.dtype());
            let factor: Vec<f64> = kept.iter().map(|k| if *k { scale } else { 0.0 }).collect();
            let factor = Tensor::<2>::from_data(TensorData::new(factor, [batch, 1]), place);
            let x = x * factor;
            match &rows {
                Some(rows) if !rows.is_empty() => select_rows(x, rows),
                _ => x,
            }
        })
        .collect();
    Features { values, rows }
}

/// The given rows of a matrix, in their order.
pub fn select_rows(x: Tensor<2>, rows: &[usize]) -> Tensor<2> {
    let indices: Vec<i64> = rows.iter().map(|i| *i as i64).collect();
    let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [rows.len()]), &x.device());
    x.select(0, indices)
}
