//! SGD, Adam and AdamW on flattened parameters, with state by path.
//!
//! They follow PyTorch's definitions in the parameters' own float type. burn's optimizers keep
//! their constants in f32 and their state under random ids, so neither their results in f64 nor
//! a hash of their state would be those of the reference.

use crate::checkpoint::NamedTensor;
use crate::device::lists::List;
use crate::model::parameters::{Gradient, Site, from_torch, named, to_torch};
use crate::protocol::{self, Schedule};
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::BTreeMap;
use std::slice::from_ref;

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
        // Multiplied step by step, as StepLR does, so that the roundings agree.
        (0..epoch / schedule.every).fold(self.rule.lr(), |lr, _| lr * schedule.gamma)
    }

    /// The values of parameters after one step against their gradients, by path.
    pub fn step(&mut self, lr: f64, gradients: Vec<Gradient>) -> BTreeMap<String, Tensor<1>> {
        // Parameters that have taken equally many steps have equal factors.
        let mut groups: BTreeMap<Option<u64>, Vec<Gradient>> = BTreeMap::new();
        for gradient in gradients {
            let time = self.state.get(&gradient.site.path).map(|state| state.time);
            groups.entry(time).or_default().push(gradient);
        }
        let mut stepped = BTreeMap::new();
        for (time, group) in groups {
            let (mut sites, mut values, mut gradients) = (Vec::new(), Vec::new(), Vec::new());
            for Gradient { site, parameter, value } in group {
                sites.push(site);
                values.push(parameter);
                gradients.push(value);
            }
            let values = self.step_group(lr, time, &sites, List(values), List(gradients));
            stepped.extend(sites.into_iter().map(|site| site.path).zip(values.0));
        }
        stepped
    }

    /// Steps parameters of which all have a state of the same time, or none has one.
    fn step_group(
        &mut self,
        lr: f64,
        time: Option<u64>,
        sites: &[Site],
        values: List,
        gradients: List,
    ) -> List {
        use protocol::Optimizer as Rule;
        match self.rule {
            Rule::Sgd { momentum, weight_decay, .. } => {
                let gradients = decayed(gradients, &values, weight_decay);
                if momentum == 0.0 {
                    return values.add_scaled(&gradients, -lr);
                }
                let buffers = match time {
                    Some(_) => self.take(sites).0.scale(momentum) + &gradients,
                    None => gradients,
                };
                self.keep(sites, 0, buffers.clone(), None);
                values.add_scaled(&buffers, -lr)
            }
            Rule::Adam { beta1, beta2, eps, weight_decay, .. } => {
                let gradients = decayed(gradients, &values, weight_decay);
                self.adaptive(lr, time, sites, values, gradients, [beta1, beta2, eps])
            }
            Rule::AdamW { beta1, beta2, eps, weight_decay, .. } => {
                let values = values.scale(1.0 - lr * weight_decay);
                self.adaptive(lr, time, sites, values, gradients, [beta1, beta2, eps])
            }
        }
    }

    fn adaptive(
        &mut self,
        lr: f64,
        time: Option<u64>,
        sites: &[Site],
        values: List,
        gradients: List,
        [beta1, beta2, eps]: [f64; 3],
    ) -> List {
        let (first, second) = match time {
            Some(_) => self.take(sites),
            None => {
                let zeros = List(gradients.0.iter().map(Tensor::zeros_like).collect());
                (zeros.clone(), zeros)
            }
        };
        let time = time.unwrap_or(0) + 1;
        let correction = |beta: f64| 1.0 - libm::pow(beta, time as f64);
        let first = first.scale(beta1).add_scaled(&gradients, 1.0 - beta1);
        let squares = gradients.clone() * &gradients;
        let second = second.scale(beta2).add_scaled(&squares, 1.0 - beta2);
        let denominator =
            second.clone().sqrt().scale(1.0 / libm::sqrt(correction(beta2))).add_scalar(eps);
        let steps = first.clone().scale(-lr / correction(beta1)) / &denominator;
        self.keep(sites, time, first, Some(second));
        values + &steps
    }

    /// Takes the first and second moments out of the state. The second ones are an empty list
    /// where the rule has none.
    fn take(&mut self, sites: &[Site]) -> (List, List) {
        let mut take = |site: &Site| {
            let state = self.state.remove(&site.path).expect("the caller has found a state");
            (state.first, state.second)
        };
        let (first, second): (Vec<_>, Vec<_>) = sites.iter().map(&mut take).unzip();
        (List(first), List(second.into_iter().flatten().collect()))
    }

    fn keep(&mut self, sites: &[Site], time: u64, first: List, second: Option<List>) {
        let seconds = second.map(|list| list.0).unwrap_or_default();
        let mut seconds = seconds.into_iter();
        for (site, first) in sites.iter().zip(first.0) {
            let state = State { site: site.clone(), time, first, second: seconds.next() };
            self.state.insert(site.path.clone(), state);
        }
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
            let place = (device, crate::device::DTYPE);
            Ok(from_torch(site, Tensor::from_data(TensorData::new(values, [n]), place)))
        };
        for site in sites {
            if let Some(buffer) = find(site, "momentum_buffer") {
                self.keep(from_ref(site), 0, List(vec![load(site, buffer)?]), None);
            }
            if let (Some(first), Some(second), Some(time)) =
                (find(site, "exp_avg"), find(site, "exp_avg_sq"), find(site, "step"))
            {
                let time = time.to_f64()?.first().copied().unwrap_or(0.0) as u64;
                let [first, second] = [load(site, first)?, load(site, second)?];
                self.keep(from_ref(site), time, List(vec![first]), Some(List(vec![second])));
            }
        }
        Ok(())
    }
}

fn decayed(gradients: List, values: &List, weight_decay: f64) -> List {
    if weight_decay == 0.0 { gradients } else { gradients.add_scaled(values, weight_decay) }
}
