//! Named protocols. All select on the validation split, whatever their source did: selection on
//! the test split is asked for by name or not at all.

use super::{Optimizer, Protocol, Schedule, Selection};

/// A preset and where it comes from.
pub struct Preset {
    pub name: &'static str,
    pub summary: &'static str,
    optimizer: Optimizer,
    schedule: Schedule,
    epochs: usize,
    batch_size: usize,
}

/// Every preset, in the order shown to users.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "small",
        summary: "for small encoders on a CPU: SGD, 20 epochs, one tenth of the rate after 15",
        optimizer: Optimizer::Sgd { lr: 0.02, momentum: 0.9, weight_decay: 1e-4 },
        schedule: Schedule { every: 15, gamma: 0.1 },
        epochs: 20,
        batch_size: 64,
    },
    Preset {
        name: "ogm-cvpr",
        summary: "the conference code's defaults (OGM-GE_CVPR2022 main.py)",
        optimizer: Optimizer::Sgd { lr: 1e-3, momentum: 0.9, weight_decay: 1e-4 },
        schedule: Schedule { every: 70, gamma: 0.1 },
        epochs: 100,
        batch_size: 64,
    },
    Preset {
        name: "bml-journal",
        summary: "the journal code's defaults (BML_TPAMI2024 config.py)",
        optimizer: Optimizer::AdamW {
            lr: 5e-5,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.01,
        },
        schedule: Schedule { every: 40, gamma: 0.1 },
        epochs: 100,
        batch_size: 32,
    },
];

impl Preset {
    /// The protocol with everything written out.
    pub fn protocol(&self) -> Protocol {
        Protocol {
            optimizer: self.optimizer.part(),
            schedule: self.schedule.part(),
            epochs: self.epochs,
            batch_size: self.batch_size,
            drop_last: false,
            selection: Selection::BestVal,
        }
    }
}
