//! `list`: what a suite can name.

use super::catalog::catalog;
use super::output::{self, Align, Table};
use super::{Format, print_json};
use crate::error::Result;
use crate::protocol::presets::PRESETS;
use crate::registry::{Params, Value};
use crate::suite::catalog::PartInfo;
use clap::{Args, ValueEnum};

/// List the parts that suites name, with their parameters and defaults
#[derive(Args)]
#[command(after_help = "Example: counterpoise list strategies")]
pub(super) struct Arguments {
    /// What to list
    kind: Kind,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Strategies,
    Fusions,
    Encoders,
    Datasets,
    Estimators,
    Observers,
    Protocols,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let catalog = catalog();
    let parts: Vec<PartInfo> = match arguments.kind {
        Kind::Strategies => catalog.strategies.iter().map(|info| info.part).collect(),
        Kind::Fusions => catalog.fusions.iter().map(|info| info.part).collect(),
        Kind::Encoders => catalog.encoders.iter().map(|info| info.part).collect(),
        Kind::Datasets => catalog.datasets,
        Kind::Estimators => catalog.estimators,
        Kind::Observers => catalog.observers.iter().map(|info| info.part).collect(),
        Kind::Protocols => return protocols(arguments.format),
    };
    if arguments.format == Format::Json {
        let described = parts.iter().map(|part| {
            let parameters = part.params.iter().map(|param| {
                serde_json::json!({
                    "name": param.name, "summary": param.summary,
                    "values": param.domain.to_string(), "default": Value::from(param.default),
                })
            });
            serde_json::json!({
                "name": part.name, "summary": part.summary, "revision": part.revision,
                "parameters": parameters.collect::<Vec<_>>(),
            })
        });
        return print_json(&described.collect::<Vec<_>>());
    }
    let lines = parts.iter().map(|part| {
        let parameters = part.params.iter().map(|param| {
            let default = Value::from(param.default);
            format!("\n    {} = {default}: {} ({})", param.name, param.summary, param.domain)
        });
        format!("{}: {}{}", part.name, part.summary, parameters.collect::<String>())
    });
    output::data(&lines.collect::<Vec<_>>().join("\n"))
}

fn protocols(format: Format) -> Result<()> {
    if format == Format::Json {
        let described = PRESETS.iter().map(|preset| {
            let protocol = preset.protocol();
            serde_json::json!({ "name": preset.name, "summary": preset.summary, "protocol": protocol })
        });
        return print_json(&described.collect::<Vec<_>>());
    }
    let mut table = Table::new(&[
        ("preset", Align::Left),
        ("optimizer", Align::Left),
        ("schedule", Align::Left),
        ("epochs", Align::Right),
        ("batch", Align::Right),
        ("selection", Align::Left),
        ("what it is", Align::Left),
    ]);
    for preset in PRESETS {
        let protocol = preset.protocol();
        table.row([
            preset.name.to_string(),
            protocol.optimizer.label(&Params::default()),
            protocol.schedule.label(&Params::default()),
            protocol.epochs.to_string(),
            protocol.batch_size.to_string(),
            protocol.selection.name().to_string(),
            preset.summary.to_string(),
        ]);
    }
    output::table(&table)
}
