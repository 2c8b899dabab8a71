//! SGD, Adam and AdamW on flattened parameters, with state by path.
//!
//! They follow PyTorch's definitions in the parameters' own float type. burn's optimizers keep
//! their constants in f32 and their state under random ids, so neither their results in f64 nor
//! a hash of their state would be those of the reference.

use crate::checkpoint::NamedTensor;
use crate::model::parameters::{Site, from_torch, named, to_torch};
use crate::protocol::{self, Schedule};
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::BTreeMap;

/// An optimizer with the state of every parameter it has stepped.
pub struct Optimizer {
    rule: protocol::Optimizer,
    state: BTreeMap<String, State>,
}

struct State {
    site: Site,
    /// Steps taken on this parameter.
    time: u64,
    /// Momentum buffer, or first moment.
    first: Tensor<1>,
    /// Second moment, for Adam and AdamW.
    second: Option<Tensor<1>>,
}

impl Optimizer {
    pub fn new(rule: &protocol::Optimizer) -> Self {
        Self { rule: rule.clone(), state: BTreeMap::new() }
    }

    /// The learning rate of an epoch under a step schedule.
    pub fn learning_rate(&self, schedule: Schedule, epoch: usize) -> f64 {
        use protocol::Optimizer as Rule;
        let (Rule::Sgd { lr, .. } | Rule::Adam { lr, .. } | Rule::AdamW { lr, .. }) = self.rule;
        // Multiplied step by step, as StepLR does, so that the roundings agree.
        (0..epoch / schedule.every).fold(lr, |lr, _| lr * schedule.gamma)
    }

    /// The parameter's value after one step against `gradient`.
    pub fn step(
        &mut self,
        lr: f64,
        site: &Site,
        value: &Tensor<1>,
        gradient: Tensor<1>,
    ) -> Tensor<1> {
        use protocol::Optimizer as Rule;
        let value = value.clone();
        match self.rule {
            Rule::Sgd { momentum, weight_decay, .. } => {
                let gradient = decayed(gradient, &value, weight_decay);
                if momentum == 0.0 {
                    return value - gradient.mul_scalar(lr);
                }
                let buffer = match self.state.remove(&site.path) {
                    Some(state) => state.first.mul_scalar(momentum) + gradient,
                    None => gradient,
                };
                self.keep(site, 0, buffer.clone(), None);
                value - buffer.mul_scalar(lr)
            }
            Rule::Adam { beta1, beta2, eps, weight_decay, .. } => {
                let gradient = decayed(gradient, &value, weight_decay);
                self.adaptive(lr, site, value, gradient, [beta1, beta2, eps])
            }
            Rule::AdamW { beta1, beta2, eps, weight_decay, .. } => {
                let value = value.mul_scalar(1.0 - lr * weight_decay);
                self.adaptive(lr, site, value, gradient, [beta1, beta2, eps])
            }
        }
    }

    fn adaptive(
        &mut self,
        lr: f64,
        site: &Site,
        value: Tensor<1>,
        gradient: Tensor<1>,
        [beta1, beta2, eps]: [f64; 3],
    ) -> Tensor<1> {
        let (time, first, second) = match self.state.remove(&site.path) {
            Some(State { time, first, second: Some(second), .. }) => (time, first, second),
            _ => (0, gradient.zeros_like(), gradient.zeros_like()),
        };
        let time = time + 1;
        let first = first.mul_scalar(beta1) + gradient.clone().mul_scalar(1.0 - beta1);
        let square = gradient.clone() * gradient;
        let second = second.mul_scalar(beta2) + square.mul_scalar(1.0 - beta2);
        let correction = |beta: f64| 1.0 - libm::pow(beta, time as f64);
        let denominator =
            second.clone().sqrt().mul_scalar(1.0 / libm::sqrt(correction(beta2))).add_scalar(eps);
        let step = first.clone().mul_scalar(lr / correction(beta1)) / denominator;
        self.keep(site, time, first, Some(second));
        value - step
    }

    fn keep(&mut self, site: &Site, time: u64, first: Tensor<1>, second: Option<Tensor<1>>) {
        let state = State { site: site.clone(), time, first, second };
        self.state.insert(site.path.clone(), state);
    }

    /// The state as tensors named as in PyTorch: `optimizer.<path>.momentum_buffer`, or
    /// `exp_avg`, `exp_avg_sq` and `step`.
    pub fn snapshot(&self) -> Vec<NamedTensor> {
        let mut tensors = Vec::new();
        for (path, state) in &self.state {
            let mut push = |slot: &str, value: &Tensor<1>| {
                let data = to_torch(&state.site, value.clone()).into_data();
                let path = format!("optimizer.{path}.{slot}");
                tensors.push(named(path, state.site.shape.clone(), &data));
            };
            match &state.second {
                None => push("momentum_buffer", &state.first),
                Some(second) => {
                    push("exp_avg", &state.first);
                    push("exp_avg_sq", second);
                    let path = format!("optimizer.{path}.step");
                    tensors.push(NamedTensor::i64(path, vec![], &[state.time as i64]));
                }
            }
        }
        tensors
    }

    /// Takes back what [`Optimizer::snapshot`] gave, for the parameters at `sites`.
    ///
    /// # Errors
    /// When a tensor is of a float type that no training uses.
    pub fn restore(
        &mut self,
        sites: &[Site],
        tensors: &[NamedTensor],
        device: &Device,
    ) -> crate::error::Result<()> {
        let find = |site: &Site, slot: &str| {
            let path = format!("optimizer.{}.{slot}", site.path);
            tensors.iter().find(|tensor| tensor.path == path)
        };
        let load = |site: &Site, tensor: &NamedTensor| -> crate::error::Result<Tensor<1>> {
            let values = tensor.to_f64()?;
            let n = values.len();
            let place = (device, super::device::DTYPE);
            Ok(from_torch(site, Tensor::from_data(TensorData::new(values, [n]), place)))
        };
        for site in sites {
            if let Some(buffer) = find(site, "momentum_buffer") {
                self.keep(site, 0, load(site, buffer)?, None);
            }
            if let (Some(first), Some(second), Some(time)) =
                (find(site, "exp_avg"), find(site, "exp_avg_sq"), find(site, "step"))
            {
                let time = time.to_f64()?.first().copied().unwrap_or(0.0) as u64;
                self.keep(site, time, load(site, first)?, Some(load(site, second)?));
            }
        }
        Ok(())
    }
}

fn decayed(gradient: Tensor<1>, value: &Tensor<1>, weight_decay: f64) -> Tensor<1> {
    if weight_decay == 0.0 { gradient } else { gradient + value.clone().mul_scalar(weight_decay) }
}
