//! The optimizers and schedules, each a named part like any other: their ranges stand here once.

use super::{Optimizer, Schedule};
use crate::error::Result;
use crate::registry::{
    ABOVE_ZERO, BELOW_ONE, Domain, Entry, Fallback, Param, Params, Part, Value, find_part,
};

/// Makes an optimizer or a schedule from resolved parameters.
pub type Build<T> = fn(&Params) -> T;

/// The optimizers, in the order shown to users. Defaults are those of PyTorch.
pub const OPTIMIZERS: &[Entry<Build<Optimizer>>] = &[
    Entry {
        name: "sgd",
        summary: "stochastic gradient descent with momentum; weight decay is added to the gradient",
        params: &[LR, MOMENTUM, weight_decay(0.0)],
        revision: 1,
        build: |params| Optimizer::Sgd {
            lr: params.float("lr"),
            momentum: params.float("momentum"),
            weight_decay: params.float("weight_decay"),
        },
    },
    Entry {
        name: "adam",
        summary: "Adam; weight decay is added to the gradient",
        params: &[LR, BETA1, BETA2, EPS, weight_decay(0.0)],
        revision: 1,
        build: |params| Optimizer::Adam {
            lr: params.float("lr"),
            beta1: params.float("beta1"),
            beta2: params.float("beta2"),
            eps: params.float("eps"),
            weight_decay: params.float("weight_decay"),
        },
    },
    Entry {
        name: "adam-w",
        summary: "Adam with weight decay that is decoupled from the gradient",
        params: &[LR, BETA1, BETA2, EPS, weight_decay(0.01)],
        revision: 1,
        build: |params| Optimizer::AdamW {
            lr: params.float("lr"),
            beta1: params.float("beta1"),
            beta2: params.float("beta2"),
            eps: params.float("eps"),
            weight_decay: params.float("weight_decay"),
        },
    },
];

/// The schedules of the learning rate, in the order shown to users.
pub const SCHEDULES: &[Entry<Build<Schedule>>] = &[Entry {
    name: "step",
    summary: "the rate is multiplied by `gamma` after every `every` epochs",
    params: &[
        Param {
            name: "every",
            summary: "epochs between two changes of the rate",
            domain: Domain::Int { min: 1, max: i64::MAX },
            default: Fallback::Int(70),
        },
        Param {
            name: "gamma",
            summary: "factor of each change",
            domain: Domain::Float { min: ABOVE_ZERO, max: 1.0 },
            default: Fallback::Float(0.1),
        },
    ],
    revision: 1,
    build: |params| Schedule { every: params.count("every"), gamma: params.float("gamma") },
}];

const LR: Param = Param {
    name: "lr",
    summary: "learning rate",
    domain: Domain::Float { min: ABOVE_ZERO, max: f64::MAX },
    default: Fallback::Float(1e-3),
};

const MOMENTUM: Param = share("momentum", "share of the last step that the next one keeps", 0.0);
const BETA1: Param = share("beta1", "decay of the mean of gradients", 0.9);
const BETA2: Param = share("beta2", "decay of the mean of squared gradients", 0.999);

const EPS: Param = Param {
    name: "eps",
    summary: "added to the root of the mean of squares",
    domain: Domain::Float { min: ABOVE_ZERO, max: f64::MAX },
    default: Fallback::Float(1e-8),
};

const fn weight_decay(default: f64) -> Param {
    Param {
        name: "weight_decay",
        summary: "strength of weight decay",
        domain: Domain::Float { min: 0.0, max: f64::MAX },
        default: Fallback::Float(default),
    }
}

const fn share(name: &'static str, summary: &'static str, default: f64) -> Param {
    let domain = Domain::Float { min: 0.0, max: BELOW_ONE };
    Param { name, summary, domain, default: Fallback::Float(default) }
}

impl Optimizer {
    /// The optimizer that a part describes.
    ///
    /// # Errors
    /// When there is none of its name and revision, or its parameters are not those declared.
    pub fn of(part: &Part) -> Result<Self> {
        let entry = find_part("optimizer", OPTIMIZERS, part)?;
        Ok((entry.build)(&entry.checked(part)?))
    }

    /// The part that describes it.
    pub fn part(&self) -> Part {
        match *self {
            Self::Sgd { lr, momentum, weight_decay } => described(
                &OPTIMIZERS[0],
                &[("lr", lr), ("momentum", momentum), ("weight_decay", weight_decay)],
            ),
            Self::Adam { lr, beta1, beta2, eps, weight_decay } => {
                described(&OPTIMIZERS[1], &adaptive(lr, beta1, beta2, eps, weight_decay))
            }
            Self::AdamW { lr, beta1, beta2, eps, weight_decay } => {
                described(&OPTIMIZERS[2], &adaptive(lr, beta1, beta2, eps, weight_decay))
            }
        }
    }

    /// The learning rate of the first epoch.
    pub fn lr(&self) -> f64 {
        let (Self::Sgd { lr, .. } | Self::Adam { lr, .. } | Self::AdamW { lr, .. }) = self;
        *lr
    }
}

impl Schedule {
    /// The schedule that a part describes.
    ///
    /// # Errors
    /// When there is none of its name and revision, or its parameters are not those declared.
    pub fn of(part: &Part) -> Result<Self> {
        let entry = find_part("schedule", SCHEDULES, part)?;
        Ok((entry.build)(&entry.checked(part)?))
    }

    /// The part that describes it.
    pub fn part(&self) -> Part {
        let mut part = described(&SCHEDULES[0], &[("gamma", self.gamma)]);
        let every = i64::try_from(self.every).unwrap_or(i64::MAX);
        part.params.0.insert("every".into(), Value::Int(every));
        part
    }
}

fn adaptive(
    lr: f64,
    beta1: f64,
    beta2: f64,
    eps: f64,
    weight_decay: f64,
) -> [(&'static str, f64); 5] {
    [("lr", lr), ("beta1", beta1), ("beta2", beta2), ("eps", eps), ("weight_decay", weight_decay)]
}

fn described<B>(entry: &Entry<B>, numbers: &[(&str, f64)]) -> Part {
    let mut part = entry.defaults();
    part.params
        .0
        .extend(numbers.iter().map(|(name, value)| ((*name).to_string(), Value::Float(*value))));
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_optimizer_and_schedule_is_what_its_part_describes() {
        for entry in OPTIMIZERS {
            let optimizer = Optimizer::of(&entry.defaults()).unwrap();
            assert_eq!(optimizer.part(), entry.defaults());
        }
        for entry in SCHEDULES {
            let schedule = Schedule::of(&entry.defaults()).unwrap();
            assert_eq!(schedule.part(), entry.defaults());
        }
    }

    #[test]
    fn another_revision_or_a_parameter_that_is_missing_is_refused() {
        let mut part = OPTIMIZERS[0].defaults();
        part.revision = 7;
        assert!(Optimizer::of(&part).unwrap_err().message.contains("revision 7"));
        let mut part = OPTIMIZERS[0].defaults();
        part.params.0.remove("lr");
        assert!(Optimizer::of(&part).unwrap_err().message.contains("lacks `lr`"));
    }
}
