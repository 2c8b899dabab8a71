//! `export`: the first steps of a suite's runs as plain files, for another program to repeat.

use super::output;
use super::rehearsal::Rehearsal;
use super::worker::as_a_worker;
use crate::atomic;
use crate::checkpoint::{self, NamedTensor};
use crate::data::{Dataset, Split};
use crate::device;
use crate::error::{Error, Result};
use crate::suite::run::{RunId, RunSpec};
use crate::train::first_steps::{Taken, first_steps};
use crate::train::logits;
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Write the first steps of a suite's runs as plain files, for another program to repeat
///
/// Of every cell the run of the first seed is told in full: its description, initial weights under
/// PyTorch's names, the data as the model sees them, and the rows and the loss of each step. Noise
/// and masks are not written: they are drawn from the streams that src/stream.rs defines.
/// `runs.json` names the other files, which are safetensors.
#[derive(Args)]
#[command(after_help = "Example: counterpoise export smoke --out first-steps")]
pub(super) struct Arguments {
    #[command(flatten)]
    rehearsal: Rehearsal,
    /// The device that takes the steps
    #[arg(long, value_name = "NAME", default_value = "auto")]
    device: String,
    /// Steps to tell of each run
    #[arg(long, value_name = "N", default_value_t = 20)]
    steps: usize,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// The content of `runs.json`.
#[derive(Serialize)]
struct Export {
    /// The version of this layout. Version 1: the first.
    format: u32,
    device: String,
    runs: Vec<Exported>,
}

#[derive(Serialize)]
struct Exported {
    cell: String,
    run: RunId,
    spec: RunSpec,
    /// How many seeds the cell has.
    seeds: usize,
    /// Weights and buffers before the first step, by path in the exported folder.
    initial: String,
    /// `<split>.<modality>` of shape `[example, value]`, and `<split>.labels` or `<split>.values`.
    data: String,
    steps: Vec<Taken>,
}

const FORMAT: u32 = 1;

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    as_a_worker(&[&arguments.device])?;
    let backend = device::open(&arguments.device)?;
    let out = &arguments.out;
    if out.exists() {
        return Err(Error::input(format!("{} exists already", out.display()))
            .with_hint("give a folder by --out that is not there yet"));
    }
    let mut runs = Vec::new();
    atomic::folder(out, |folder| {
        arguments.rehearsal.visit(&backend, |cell, spec, data, needed| {
            let first = first_steps(spec, data, &backend, needed, arguments.steps)?;
            let run = spec.id()?;
            let initial = format!("initial-{run}.safetensors");
            checkpoint::write_unsynced(&folder.join(&initial), &first.initial)?;
            runs.push(Exported {
                cell: cell.label(),
                run,
                spec: spec.clone(),
                seeds: cell.runs.len(),
                initial,
                data: write_data(data, folder)?,
                steps: first.steps,
            });
            Ok(())
        })?;
        let export = Export { format: FORMAT, device: arguments.device.clone(), runs };
        atomic::write(&folder.join("runs.json"), super::json(&export)?.as_bytes())
    })?;
    output::note(&format!("the first steps are in {}", out.display()));
    Ok(())
}

/// Writes a data set where its file is not there yet. Gives the name of the file.
fn write_data(data: &Dataset, folder: &Path) -> Result<String> {
    let name = format!("data-{}.safetensors", data.content.short());
    let path = folder.join(&name);
    if !path.exists() {
        let splits =
            [("train", &data.train), ("validation", &data.validation), ("test", &data.test)];
        let further = data.further.iter().map(|(name, split)| (name.as_str(), split));
        let mut tensors = Vec::new();
        for (name, split) in splits.into_iter().chain(further) {
            tensors.extend(of_split(data, name, split)?);
        }
        checkpoint::write_unsynced(&path, &tensors)?;
    }
    Ok(name)
}

fn of_split(data: &Dataset, name: &str, split: &Split) -> Result<Vec<NamedTensor>> {
    let features = data.modalities.iter().zip(&split.features).map(|(modality, column)| {
        let shape = vec![split.len(), modality.shape.size()];
        Ok(NamedTensor::f32(format!("{name}.{}", modality.name), shape, &column.values()?))
    });
    features.chain([Ok(logits::targets(name, split))]).collect()
}
