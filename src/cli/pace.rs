//! `pace`: how fast the runs of a suite take their steps on a device.

use super::output::{self, Align, Table};
use super::rehearsal::Rehearsal;
use super::worker::as_a_worker;
use super::{Format, print_json};
use crate::device;
use crate::error::Result;
use crate::train::pace::{Pace, pace};
use clap::Args;
use std::num::NonZeroUsize;

/// Measure the training steps per second of a suite's runs on a device
///
/// Of every cell the run of the first seed takes steps, alone on the device and with the settings
/// that runs have; nothing is evaluated or written.
#[derive(Args)]
#[command(after_help = "Example: counterpoise pace smoke --filter fusion=concat")]
pub(super) struct Arguments {
    #[command(flatten)]
    rehearsal: Rehearsal,
    /// The device
    #[arg(long, value_name = "NAME", default_value = "auto")]
    device: String,
    /// Steps to time of each run
    #[arg(long, value_name = "N", default_value = "200")]
    steps: NonZeroUsize,
    /// Steps before those, which are not timed
    #[arg(long, value_name = "N", default_value_t = 20)]
    warmup: usize,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    as_a_worker(&[&arguments.device])?;
    let backend = device::open(&arguments.device)?;
    let steps = arguments.steps.get();
    let mut rows = Vec::new();
    arguments.rehearsal.visit(&backend, |cell, spec, data, needed| {
        let Pace { time, kernels } = pace(spec, data, &backend, needed, arguments.warmup, steps)?;
        let a_step = |n: u64| n as f64 / steps as f64;
        rows.push((cell.label(), time.as_secs_f64() / steps as f64, kernels.map(a_step)));
        Ok(())
    })?;
    if arguments.format == Format::Json {
        let cells: Vec<_> = rows
            .iter()
            .map(|(label, seconds, kernels)| {
                serde_json::json!({ "cell": label, "seconds": seconds, "kernels": kernels })
            })
            .collect();
        return print_json(&serde_json::json!({
            "device": arguments.device, "steps": steps, "warmup": arguments.warmup, "cells": cells,
        }));
    }
    let mut columns =
        vec![("cell", Align::Left), ("ms/step", Align::Right), ("steps/s", Align::Right)];
    let tells = rows.iter().any(|(.., kernels)| kernels.is_some());
    columns.extend(tells.then_some(("kernels/step", Align::Right)));
    let mut table = Table::new(&columns);
    for (label, seconds, kernels) in rows {
        let mut row = vec![label, format!("{:.3}", seconds * 1e3), format!("{:.0}", 1.0 / seconds)];
        row.extend(kernels.map(|kernels| format!("{kernels:.0}")));
        table.row(row);
    }
    output::table(&table)
}
