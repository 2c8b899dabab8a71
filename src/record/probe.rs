//! What a run is asked to do beside its spec: to keep its chain, and to go wrong on purpose.

use crate::error::{Error, Result};
use crate::hash::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

/// Requests that are no part of a run's identity. The default asks for a row of every step, and no
/// more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// A row of the step trace every so many steps.
    pub trace_every: NonZeroUsize,
    /// Hash and keep the whole state after every so many steps.
    pub chain_every: Option<NonZeroUsize>,
    pub fault: Option<Fault>,
}

impl Default for Probe {
    fn default() -> Self {
        Self { trace_every: NonZeroUsize::MIN, chain_every: None, fault: None }
    }
}

/// The state after some steps: a link of the chain that `bisect` follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The number of steps taken.
    pub steps: usize,
    /// The root of the whole state: weights, buffers, optimizer, strategy, position.
    pub root: Digest,
}

/// A fault planted in a run, to see that `bisect` finds it and that `check` does not pass it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Fault {
    /// The step it strikes, from 0.
    pub step: usize,
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// Before the step, one bit of one value of a weight is turned over.
    Flip { path: String, index: usize, bit: u32 },
    /// From the step on, the learning rate is multiplied.
    LearningRate(f64),
    /// The examples of the step's batch come in the opposite order.
    Reorder,
}

/// How faults are written, for messages.
pub const FAULTS: &str = "`flip@STEP=PATH:INDEX:BIT`, `lr@STEP=FACTOR` or `reorder@STEP`";

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = self.step;
        match &self.kind {
            FaultKind::Flip { path, index, bit } => write!(f, "flip@{step}={path}:{index}:{bit}"),
            FaultKind::LearningRate(factor) => write!(f, "lr@{step}={factor}"),
            FaultKind::Reorder => write!(f, "reorder@{step}"),
        }
    }
}

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse(text).ok_or_else(|| {
            Error::input(format!("`{text}` is not a fault"))
                .with_hint(format!("a fault is written {FAULTS}"))
        })
    }
}

fn parse(text: &str) -> Option<Fault> {
    let (place, what) = match text.split_once('=') {
        Some((place, what)) => (place, Some(what)),
        None => (text, None),
    };
    let (name, step) = place.split_once('@')?;
    let kind = match (name, what) {
        ("flip", Some(what)) => {
            let mut parts = what.rsplitn(3, ':');
            let bit = parts.next()?.parse().ok().filter(|bit| *bit < f32::MANTISSA_DIGITS + 8)?;
            let index = parts.next()?.parse().ok()?;
            FaultKind::Flip { path: parts.next()?.to_string(), index, bit }
        }
        ("lr", Some(factor)) => {
            FaultKind::LearningRate(factor.parse().ok().filter(|x: &f64| x.is_finite())?)
        }
        ("reorder", None) => FaultKind::Reorder,
        _ => return None,
    };
    Some(Fault { step: step.parse().ok()?, kind })
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.to_string()
    }
}

impl TryFrom<String> for Fault {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_back_as_they_are_written() {
        for text in ["flip@33=encoder.audio.0.weight:5:12", "lr@40=0.5", "reorder@0"] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.to_string(), text);
            let json = serde_json::to_string(&fault).unwrap();
            assert_eq!(serde_json::from_str::<Fault>(&json).unwrap(), fault);
        }
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for text in ["", "flip", "flip@3", "flip@3=w:1:32", "lr@3=inf", "lr@x=1", "reorder@3=1"] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
