//! OGM and OGM-GE: scale down the gradients of the dominant modality's encoder, and add noise.
//!
//! Source: conference paper Eqs. 8-12; OGM-GE_CVPR2022 `main.py` lines 82-148 (343dc1d).

use super::coefficient::{Rule, coefficients_of};
use super::window::{ENDS, STARTS, WARMUP, Window};
use super::{Build, Setting, StepContext, Strategy, Traced};
use crate::device::Draws;
use crate::device::lists::List;
use crate::model::parameters::{Gradient, Group, Kind, Site};
use crate::registry::{Domain, Entry, Fallback, Param, Params};
use crate::stream::Stream;
use crate::suite::catalog::Needs;
use burn::tensor::{Distribution, Tensor, TensorData};

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
    revision: 1,
    build: Build {
        needs: Needs::Nothing,
        make: |params, setting| Ok(Box::new(Ogm::new(params, setting, false)?)),
    },
};

pub(super) const OGM_GE: Entry<Build> = Entry {
    name: "ogm-ge",
    summary: "ogm, with noise added to the encoders' gradients",
    params: &[ALPHA, RULE, TARGETS, NOISE, WARMUP, STARTS, ENDS],
    // 2: deviations are summed in double precision.
    revision: 2,
    build: Build {
        needs: Needs::Nothing,
        make: |params, setting| Ok(Box::new(Ogm::new(params, setting, true)?)),
    },
};

/// Gradient modulation, with or without noise.
pub(super) struct Ogm {
    alpha: f64,
    rule: Rule,
    conv_only: bool,
    enhance: bool,
    window: Window,
    /// k of the last step, for the trace.
    k: Traced,
}

impl Ogm {
    pub(super) fn new(
        params: &Params,
        setting: &Setting<'_>,
        enhance: bool,
    ) -> Result<Self, String> {
        let ogm = Self {
            alpha: params.float("alpha"),
            rule: Rule::of(params.text("rule")),
            conv_only: params.text("targets") == "conv-only",
            enhance,
            window: Window::of(params),
            k: Traced::Known(Vec::new()),
        };
        let touched = |m| setting.sites.iter().any(|site| ogm.targets(site) == Some(m));
        match (0..setting.modalities.len()).find(|m| !touched(*m)) {
            None => Ok(ogm),
            Some(m) => Err(format!(
                "targets `conv-only` leaves encoder {m} untouched, since it has no convolution; \
                 use `all-encoder`"
            )),
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
    fn gradients(
        &mut self,
        context: &StepContext<'_>,
        mut per_loss: Vec<Vec<Gradient>>,
    ) -> Vec<Gradient> {
        let mut gradients = per_loss.swap_remove(0);
        if !self.window.is_open(context.epoch) {
            self.k = Traced::Known(vec![1.0; context.modalities.len()]);
            return gradients;
        }
        let k = coefficients_of(self.rule, self.alpha, context.scores);
        self.k = Traced::Pending(Box::new(k.clone()));
        let (owners, touched): (Vec<usize>, Vec<&mut Gradient>) = gradients
            .iter_mut()
            .filter_map(|gradient| Some((self.targets(&gradient.site)?, gradient)))
            .unzip();
        let values = List(touched.iter().map(|gradient| gradient.value.clone()).collect());
        let noise = self.enhance.then(|| noise(&touched, values.clone(), context));
        let values = values.scale_each(&k, &owners);
        let values = match noise {
            Some(noise) => values + &noise,
            None => values,
        };
        touched.into_iter().zip(values.0).for_each(|(gradient, value)| gradient.value = value);
        gradients
    }

    fn trace(&self) -> Vec<(&'static str, Traced)> {
        vec![("k", self.k.clone())]
    }
}

/// Normal noise with the deviation of the unmodulated gradients' own entries plus 1e-8
/// (`main.py` lines 137-147), from a stream of its own for each parameter and step.
fn noise(gradients: &[&mut Gradient], values: List, context: &StepContext<'_>) -> List {
    let draws = gradients.iter().map(|gradient| {
        let purpose = format!("ge/{}/{}", gradient.site.path, context.step);
        normals(Stream::new(context.seed, &purpose), context.draws, &gradient.value)
    });
    let draws = List(draws.collect());
    let each: Vec<usize> = (0..draws.0.len()).collect();
    match values.deviations() {
        Some(deviations) => draws.scale_each(&deviations.add_scalar(1e-8), &each),
        None => draws,
    }
}

/// Standard normal draws, as many as `like` has values.
fn normals(mut stream: Stream, draws: Draws, like: &Tensor<1>) -> Tensor<1> {
    let [n] = like.dims();
    let place = (&like.device(), like.dtype());
    match draws {
        Draws::Host => {
            let mut draws = vec![0.0_f32; n];
            stream.fill_normal(&mut draws, |x| x as f32);
            Tensor::from_data(TensorData::new(draws, [n]), place)
        }
        Draws::Device => {
            // libtorch keeps one generator for all; a seed of its own makes the draw keyed, and a
            // process trains one run at a time, so that nothing else draws in between.
            like.device().seed(stream.key());
            Tensor::random([n], Distribution::Normal(0.0, 1.0), place)
        }
    }
}

#[cfg(all(test, feature = "tch"))]
mod tests {
    use super::*;

    #[test]
    fn draws_on_a_device_are_keyed_and_standard_normal() {
        let n = 20_000;
        let device = crate::device::open("tch-cpu").unwrap().device;
        let like = Tensor::<1>::zeros([n], &device);
        let draw = |seed, purpose: &str| -> Vec<f64> {
            let draws = normals(Stream::new(seed, purpose), Draws::Device, &like);
            draws.into_data().iter::<f64>().collect()
        };
        let first = draw(0, "ge/a/0");
        assert_ne!(first, draw(0, "ge/a/1"));
        assert_ne!(first, draw(1, "ge/a/0"));
        assert_eq!(first, draw(0, "ge/a/0"), "whatever was drawn before");
        let mean = first.iter().sum::<f64>() / n as f64;
        let variance = first.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
