//! The default backend: the CPU, with kernels of our own for most of what a run computes.

use super::family::Family;
use super::name::Name;
use super::{Backend, Draws, Habits, Seat};
use crate::error::Result;
use burn::tensor::Device;
use std::collections::BTreeMap;

pub(super) struct Flex;

impl Family for Flex {
    fn gpu(&self) -> Option<Name> {
        None
    }

    fn seat(&self, name: Name) -> Result<Seat> {
        Ok(Seat { name: name.kind().into(), env: self.env(), room: None })
    }

    fn open(&self, name: Name) -> Result<Backend> {
        let class = BTreeMap::from([
            ("backend".to_string(), "burn-flex 0.22.1".to_string()),
            ("features".to_string(), "rayon".to_string()),
        ]);
        let habits = Habits { resident: false, read_every: 1, draws: Draws::Host };
        Ok(Backend {
            kind: name.kind(),
            device: Device::flex(),
            class,
            habits,
            largest_tensor: None,
            family: &Flex,
        })
    }
}
