//! `parity`: the same runs on two devices, step by step.

use super::output::{self, Align, Table};
use super::rehearsal::Rehearsal;
use super::worker::as_a_worker;
use super::{Format, print_json};
use crate::device;
use crate::error::{Error, Kind, Result};
use crate::train::parity::{Apart, Envelope, Parity, compare};
use clap::Args;

/// Compare the first steps of a suite's runs on two devices: losses and weights
///
/// Of every cell the run of the first seed is trained on both devices in lockstep. Initial weights
/// must be the same to the bit, and relative differences stay within an envelope that allows for
/// rounding. Noise is drawn by the host on both devices. Writes nothing.
#[derive(Args)]
#[command(after_help = "Example: counterpoise parity smoke --devices cpu tch-cpu")]
pub(super) struct Arguments {
    #[command(flatten)]
    rehearsal: Rehearsal,
    /// The two devices
    #[arg(long, num_args = 2, value_names = ["A", "B"], required = true)]
    devices: Vec<String>,
    /// Steps to compare of each run
    #[arg(long, value_name = "N", default_value_t = 20)]
    steps: usize,
    /// How to print; `json` has every step
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let names: Vec<&str> = arguments.devices.iter().map(String::as_str).collect();
    as_a_worker(&names)?;
    let [a, b] = [device::open(names[0])?, device::open(names[1])?];
    let mut rows: Vec<(String, Parity)> = Vec::new();
    arguments.rehearsal.visit(&a, |cell, spec, data, needed| {
        let parity = compare(spec, data, [&a, &b], needed, arguments.steps)?;
        rows.push((cell.label(), parity));
        Ok(())
    })?;
    let envelope = Envelope::STATED;
    match arguments.format {
        Format::Json => print_json(&json(&names, &envelope, &rows))?,
        Format::Text => {
            output::table(&table(&rows))?;
            output::note(&format!(
                "largest relative differences between {} and {}; the envelope is {:.0e} in the \
                 first step and grows tenfold in {} steps",
                names[0], names[1], envelope.first, envelope.decade
            ));
        }
    }
    conclude(&rows, &envelope)
}

fn json(devices: &[&str], envelope: &Envelope, rows: &[(String, Parity)]) -> serde_json::Value {
    let cells: Vec<_> = rows
        .iter()
        .map(|(label, parity)| serde_json::json!({ "cell": label, "parity": parity }))
        .collect();
    serde_json::json!({ "devices": devices, "envelope": envelope, "cells": cells })
}

fn table(rows: &[(String, Parity)]) -> Table {
    let mut table = Table::new(&[
        ("cell", Align::Left),
        ("steps", Align::Right),
        ("loss", Align::Right),
        ("weights", Align::Right),
    ]);
    for (label, parity) in rows {
        let largest = |of: fn(&Apart) -> f64| {
            // `f64::max` would pass over what is no number.
            let larger = |a: f64, b: f64| if a.is_nan() || b < a { a } else { b };
            format!("{:.1e}", parity.steps.iter().map(of).fold(0.0, larger))
        };
        let steps = parity.steps.len().to_string();
        table.row([label.clone(), steps, largest(|step| step.loss), largest(|step| step.weights)]);
    }
    table
}

/// An error where two trajectories begin or drift apart.
fn conclude(rows: &[(String, Parity)], envelope: &Envelope) -> Result<()> {
    let mut wrong = Vec::new();
    for (label, parity) in rows {
        let [a, b] = &parity.initial_roots;
        if a != b {
            wrong.push(format!("\n  {label}: the initial weights differ"));
        } else if let Some(out) = parity.steps.iter().find(|step| !step.is_within(envelope)) {
            wrong.push(format!(
                "\n  {label}: in step {} the loss is off by {:.1e} and the weights by {:.1e}, more \
                 than {:.1e}",
                out.step,
                out.loss,
                out.weights,
                envelope.at(out.step)
            ));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let message = format!("{} of {} trajectories part{}", wrong.len(), rows.len(), wrong.concat());
    Err(Error::new(Kind::Mismatch, message))
}
