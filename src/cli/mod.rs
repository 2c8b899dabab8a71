//! The command line: one file per command; no logic that a user of the library would miss.

mod accept;
mod afresh;
mod answer;
mod bisect;
mod candidate;
pub mod catalog;
mod check;
mod ci;
mod data;
mod diff;
mod docs;
mod doctor;
mod estimate;
mod export;
mod fill;
mod interrupt;
mod lint;
mod list;
mod manual;
pub mod output;
mod pace;
mod parity;
mod progress;
mod rehearsal;
mod report;
mod results;
mod runs;
mod show;
mod stack;
mod suite;
mod training;
mod verdict;
mod verify;
mod width;
mod worker;

use crate::environment::PROGRAM;
use crate::error::{Error, Kind, Result};
use crate::report::publish;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// A reproducibility benchmark for balanced multimodal learning.
///
/// Suites define data sets x fusion methods x modulation strategies x seeds. A run is trained
/// once, its checkpoint hashed, and a versioned report written.
#[derive(Parser)]
#[command(version = PROGRAM, after_help = after_help(), max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// The exit codes and an example.
fn after_help() -> String {
    let codes = Kind::ALL.map(|kind| format!("; {} {}", kind.exit_code(), kind.meaning()));
    format!("Exit codes: 0 success{}\n\nExample: counterpoise suite smoke", codes.concat())
}

/// The help of `--filter`, after what it is for.
const FILTER: &str = "\
such as `dataset=mfeat,strategy=ogm*|opm`.

A filter is KEY=PATTERN, or several joined by commas of which all must hold. KEY is dataset, fusion, \
strategy, seed or id (of a run or a cell, or its first digits). PATTERN is a label, or several joined \
by `|` of which one must match; * stands for any characters, and the name of a part for all its \
variants. A label with a comma, a bar, a star or a quote stands between double quotes, a quote in it \
doubled: `dataset=\"noise, high\"|digits`";

#[derive(Subcommand)]
enum Command {
    Suite(suite::Arguments),
    Report(report::Arguments),
    Runs(runs::Arguments),
    Show(show::Arguments),
    List(list::Arguments),
    Bisect(bisect::Arguments),
    Verify(verify::Arguments),
    Diff(diff::Arguments),
    Check(check::Arguments),
    Accept(accept::Arguments),
    Data(data::Arguments),
    Doctor(doctor::Arguments),
    Docs(docs::Arguments),
    Parity(parity::Arguments),
    Pace(pace::Arguments),
    Export(export::Arguments),
    Manual(manual::Arguments),
    #[command(hide = true)]
    Worker,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Where a suite is found and what becomes of it.
#[derive(Args, Clone, Debug)]
struct Places {
    /// Folder of the suites
    #[arg(long, value_name = "DIR", default_value = "suites")]
    suites: PathBuf,
    /// Folder of the run store
    #[arg(long, value_name = "DIR", default_value = "runs")]
    store: PathBuf,
    /// Folder of the reports
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
}

impl Places {
    /// Refuses a place where no report of a suite can be written, before anything is trained for it.
    fn check_reports(&self, suite: &str) -> Result<()> {
        if self.reports.exists() && !self.reports.is_dir() {
            let message = format!("{} is not a folder", self.reports.display());
            return Err(Error::input(message).with_hint("give another folder by --reports"));
        }
        publish::check(suite, &self.reports)
    }
}

/// Parses the command line, runs the command and maps its outcome to an exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version are output, everything else is bad usage.
            output::parser(&e, std::env::args_os(), Cli::try_parse_from::<_, String>);
            if !e.use_stderr() {
                return ExitCode::SUCCESS;
            }
            verdict::fail_refused(&Error::input(e.render().to_string().trim_end()));
            return Kind::Input.exit_code().into();
        }
    };
    let ready = stack::check().and_then(|()| fill::set()).inspect_err(verdict::fail_refused);
    let result = ready.and_then(|()| match cli.command {
        Command::Suite(arguments) => suite::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Runs(arguments) => runs::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Bisect(arguments) => bisect::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Accept(arguments) => accept::run(&arguments),
        Command::Data(arguments) => data::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Docs(arguments) => docs::run(&arguments),
        Command::Parity(arguments) => parity::run(&arguments),
        Command::Pace(arguments) => pace::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Manual(arguments) => manual::run(&arguments),
        Command::Worker => worker::run(),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            error.kind.exit_code().into()
        }
    }
}

/// Prints a value for a script to read.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    output::data(&json(value)?)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string_pretty(value)
        .map_err(|e| Error::unexpected(format!("cannot encode as JSON: {e}")))
}
