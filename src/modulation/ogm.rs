//! OGM and OGM-GE: scale down the gradients of the dominant modality's encoder, and add noise.
//!
//! Source: conference paper Eqs. 8-12; OGM-GE_CVPR2022 `main.py` lines 82-148 (343dc1d).

use super::coefficient::{Rule, coefficients, ratios};
use super::window::{ENDS, STARTS, WARMUP, Window};
use super::{Build, StepContext, Strategy, per_modality};
use crate::model::parameters::{Gradient, Group, Kind, Site};
use crate::registry::{Domain, Entry, Fallback, Param, Params};
use crate::stream::Stream;
use burn::tensor::{Tensor, TensorData};

pub(super) const ALPHA: Param = Param {
    name: "alpha",
    summary: "strength of the gradient modulation",
    domain: Domain::Float { min: 0.0, max: f64::MAX },
    default: Fallback::Float(0.8),
};
pub(super) const RULE: Param = Param {
    name: "rule",
    summary: "how k follows from rho: a paper's formula, or the published code with its tie",
    domain: Domain::Choice(Rule::NAMES),
    default: Fallback::Text("cvpr-eq10"),
};
pub(super) const TARGETS: Param = Param {
    name: "targets",
    summary: "which encoder gradients are modulated; the published code takes convolutions only",
    domain: Domain::Choice(&["all-encoder", "conv-only"]),
    default: Fallback::Text("all-encoder"),
};
pub(super) const NOISE: Param = Param {
    name: "noise",
    summary: "tensor-std: normal, with the deviation of the entries of the gradient tensor",
    domain: Domain::Choice(&["tensor-std"]),
    default: Fallback::Text("tensor-std"),
};

pub(super) const OGM: Entry<Build> = Entry {
    name: "ogm",
    summary: "scale down the gradients of the dominant modality's encoder",
    params: &[ALPHA, RULE, TARGETS, WARMUP, STARTS, ENDS],
    build: |params| Box::new(Ogm::new(params, false)),
};

pub(super) const OGM_GE: Entry<Build> = Entry {
    name: "ogm-ge",
    summary: "ogm, with noise added to the encoders' gradients",
    params: &[ALPHA, RULE, TARGETS, NOISE, WARMUP, STARTS, ENDS],
    build: |params| Box::new(Ogm::new(params, true)),
};

/// Gradient modulation, with or without noise.
pub(super) struct Ogm {
    alpha: f64,
    rule: Rule,
    conv_only: bool,
    enhance: bool,
    window: Window,
    /// k of the last step, for the trace.
    k: Vec<f64>,
}

impl Ogm {
    pub(super) fn new(params: &Params, enhance: bool) -> Self {
        Self {
            alpha: params.float("alpha"),
            rule: Rule::of(params.text("rule")),
            conv_only: params.text("targets") == "conv-only",
            enhance,
            window: Window::of(params),
            k: Vec::new(),
        }
    }

    fn targets(&self, site: &Site) -> Option<usize> {
        match site.group {
            Group::Encoder(m) if !self.conv_only || site.kind == Kind::ConvWeight => Some(m),
            _ => None,
        }
    }
}

impl Strategy for Ogm {
    fn check(&self, sites: &[Site]) -> Result<(), String> {
        let encoders = 1 + sites
            .iter()
            .filter_map(|site| match site.group {
                Group::Encoder(m) => Some(m),
                Group::Fusion => None,
            })
            .max()
            .unwrap_or(0);
        match (0..encoders).find(|m| !sites.iter().any(|site| self.targets(site) == Some(*m))) {
            None => Ok(()),
            Some(m) => Err(format!(
                "targets `conv-only` leaves encoder {m} untouched, since it has no convolution; \
                 use `all-encoder`"
            )),
        }
    }

    fn gradients(
        &mut self,
        context: &StepContext<'_>,
        mut per_loss: Vec<Vec<Gradient>>,
    ) -> Vec<Gradient> {
        let mut gradients = per_loss.swap_remove(0);
        self.k = vec![1.0; context.scores.len()];
        if !self.window.is_open(context.epoch) {
            return gradients;
        }
        self.k = coefficients(self.rule, self.alpha, &ratios(context.scores));
        for gradient in &mut gradients {
            let Some(m) = self.targets(&gradient.site) else { continue };
            let noise = self.enhance.then(|| noise(gradient, context));
            let mut value = gradient.value.clone();
            if self.k[m] != 1.0 {
                value = value.mul_scalar(self.k[m]);
            }
            gradient.value = match noise {
                Some(noise) => value + noise,
                None => value,
            };
        }
        gradients
    }

    fn trace(&self, modalities: &[String]) -> Vec<(String, f64)> {
        per_modality("k", modalities, &self.k)
    }
}

/// Normal noise with the deviation of the unmodulated gradient's own entries plus 1e-8
/// (`main.py` lines 137-147), from a stream of its own for each parameter and step.
fn noise(gradient: &Gradient, context: &StepContext<'_>) -> Tensor<1> {
    let value = &gradient.value;
    let n = value.dims()[0];
    let purpose = format!("ge/{}/{}", gradient.site.path, context.step);
    let mut stream = Stream::new(context.seed, &purpose);
    let draws: Vec<f32> = (0..n).map(|_| stream.normal() as f32).collect();
    let draws = Tensor::from_data(TensorData::new(draws, [n]), (&value.device(), value.dtype()));
    let deviation = if n > 1 { value.clone().var(0).sqrt() } else { value.zeros_like() };
    draws * deviation.add_scalar(1e-8)
}
