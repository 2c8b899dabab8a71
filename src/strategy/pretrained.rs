//! Strategies that begin from encoders that were trained alone: for each modality that of the
//! finished unimodal run of the same seed, at the epoch that the protocol selects.
//!
//! With the encoders frozen only the fusion is trained, which shows what it makes of features that
//! no other modality has kept from being learned. With everything trained on it shows what joint
//! training adds to such a start, or takes from it.

use super::{Build, Made, Setting, Strategy};
use crate::checkpoint::NamedTensor;
use crate::error::Result;
use crate::model::Model;
use crate::model::parameters::{Group, from_torch, update};
use crate::registry::Entry;
use crate::suite::catalog::Needs;
use burn::tensor::{Tensor, TensorData};
use std::collections::BTreeMap;

pub(super) const FROZEN: Entry<Build> = Entry {
    name: "frozen-encoders",
    summary: "encoders of the unimodal runs, frozen; only the fusion is trained",
    params: &[],
    revision: 1,
    build: Build { needs: Needs::Unimodal, make: |_, setting| Pretrained::make(setting, true) },
};

pub(super) const FINE_TUNED: Entry<Build> = Entry {
    name: "fine-tuned-encoders",
    summary: "encoders of the unimodal runs as the start; everything is trained",
    params: &[],
    revision: 1,
    build: Build { needs: Needs::Unimodal, make: |_, setting| Pretrained::make(setting, false) },
};

struct Pretrained {
    frozen: bool,
    modalities: Vec<String>,
    /// Weights and buffers of all encoders by path, until the model has them.
    encoders: BTreeMap<String, NamedTensor>,
}

impl Pretrained {
    fn make(setting: &Setting<'_>, frozen: bool) -> Made {
        if frozen && setting.between {
            return Err(
                "the fusion acts between the encoders, which are frozen; use one that does \
                        not, such as `concat`"
                    .into(),
            );
        }
        let (n, given) = (setting.modalities.len(), setting.needed.len());
        if given != n {
            return Err(format!("it needs a run of each of {n} modalities alone, and has {given}"));
        }
        let mut encoders = BTreeMap::new();
        for site in setting.sites {
            let Group::Encoder(m) = site.group else { continue };
            let fits = |found: &&NamedTensor| found.path == site.path && found.shape == site.shape;
            let found = setting.needed[m].iter().find(fits).ok_or_else(|| {
                let name = &setting.modalities[m];
                format!(
                    "the run of `{name}` alone has no `{}` of shape {:?}",
                    site.path, site.shape
                )
            })?;
            encoders.insert(site.path.clone(), found.clone());
        }
        Ok(Box::new(Self { frozen, modalities: setting.modalities.to_vec(), encoders }))
    }
}

impl Strategy for Pretrained {
    fn initial(&mut self, model: Model) -> Result<Model> {
        let mut values = BTreeMap::new();
        for (path, tensor) in std::mem::take(&mut self.encoders) {
            values.insert(path, tensor.to_f64()?);
        }
        Ok(update(model, &self.modalities, |site, drawn| {
            let values = values.remove(&site.path)?;
            let data = TensorData::new(values, drawn.dims());
            Some(from_torch(site, Tensor::from_data(data, (&drawn.device(), drawn.dtype()))))
        }))
    }

    fn freezes(&self, _modality: usize) -> bool {
        self.frozen
    }
}
