//! What the pages say of the program itself, of suites and of the newest report.

use super::parts;
use crate::cli::Cli;
use crate::cli::catalog::catalog;
use crate::document::number::count;
use crate::document::splice::table;
use crate::error::{Error, Kind, Result};
use crate::lint::RULES;
use crate::plain;
use crate::report::{index, publish};
use crate::results::manifest::Manifest;
use crate::results::rows::{self, EFFECTS, FINISHED, RESULTS, Row};
use crate::results::verdict::Verdict;
use crate::suite::{Suite, folder};
use clap::CommandFactory;
use std::path::{Component, Path};

/// The suite whose newest report the pages quote.
const QUOTED: &str = "full";

/// What stands in the block called `name`.
///
/// # Errors
/// When there is no such block, and when what it needs of the repository cannot be read.
pub(super) fn block(root: &Path, name: &str) -> std::result::Result<String, String> {
    let made = match name.split_once(' ') {
        Some(("file", path)) => file(root, path),
        _ => match name {
            "commands" => Ok(commands()),
            "exit-codes" => Ok(exit_codes()),
            "lint-rules" => Ok(rules()),
            "suites" => suites(root),
            "report" => report(root),
            index::BLOCK => index::reports(&root.join("reports")),
            _ => parts::block(name).ok_or_else(|| {
                Error::input(format!("no block is called `{name}`; see src/cli/docs/"))
            }),
        },
    };
    made.map_err(|error| format!("block `{name}`: {error}"))
}

fn commands() -> String {
    let cli = Cli::command();
    let shown = cli.get_subcommands().filter(|command| !command.is_hide_set());
    let rows = shown.map(|command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        vec![format!("`{}`", command.get_name()), about]
    });
    table(&["command", "what it does"], rows)
}

fn exit_codes() -> String {
    let success = vec!["0".to_string(), "success".to_string()];
    let kinds =
        Kind::ALL.iter().map(|kind| vec![kind.exit_code().to_string(), kind.meaning().to_string()]);
    table(&["exit code", "meaning"], [success].into_iter().chain(kinds))
}

fn rules() -> String {
    let rows = RULES
        .iter()
        .map(|rule| vec![format!("`{}`", rule.name), rule.finds.to_string(), rule.why.to_string()]);
    table(&["rule", "finds", "why it matters"], rows)
}

fn suites(root: &Path) -> Result<String> {
    let mut rows = Vec::new();
    for path in folder::list(&root.join("suites"))? {
        let suite = Suite::load(&path, &catalog(), "cpu")?;
        let (cells, runs) = (suite.cells.len().to_string(), suite.len().to_string());
        rows.push(vec![format!("`{}`", suite.name), suite.title, cells, runs]);
    }
    Ok(table(&["suite", "what it asks", "cells", "runs"], rows))
}

/// A file's text but for its unit tests, as a block of code.
fn file(root: &Path, path: &str) -> Result<String> {
    if Path::new(path).components().any(|part| !matches!(part, Component::Normal(_))) {
        return Err(Error::input(format!("`{path}` is no path inside the repository")));
    }
    let bytes = plain::PAGE.read(&root.join(path))?;
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    let code = text.split("\n#[cfg(test)]\n").next().unwrap_or_default().trim_end();
    let language = if path.ends_with(".yaml") { "yaml" } else { "rust" };
    Ok(format!("```{language}\n{code}\n```"))
}

/// The figure and the findings of the newest report of the quoted suite.
fn report(root: &Path) -> Result<String> {
    let reports = root.join("reports").join(QUOTED);
    let version = publish::newest_version(&reports)?
        .ok_or_else(|| Error::input(format!("{} holds no report", reports.display())))?;
    let folder = reports.join(format!("v{version}"));
    let manifest = Manifest::load(&folder)?;
    let sheet = |name: &str| rows::read(name, &plain::REPORT.read(&folder.join(name))?);
    let (runs, effects) = (sheet(RESULTS)?, sheet(EFFECTS)?);
    let finished = runs.iter().filter(|run| run.text("status") == FINISHED).count();
    let mut seconds = 0.0;
    for run in &runs {
        seconds += run.number("wall_seconds")?.unwrap_or(0.0);
    }
    let place = format!("reports/{QUOTED}/v{version}");
    let beats = |row: &&Row| {
        row.text("verdict") == Verdict::Better.words()
            && row.text("alone_verdict") == Verdict::Better.words()
    };
    let found = Verdict::ALL.map(|verdict| found(&effects, verdict));
    Ok(format!(
        "![Differences to joint training on every data set]({place}/figures/effects-double.png)\n\n\
         *Accuracy of each strategy less that of joint training, averaged over fusion methods, with \
         95 % t intervals; from [version {version} of the report]({place}/README.md) of the suite \
         `{QUOTED}`.*\n\n\
         It has {}, {finished} of {} finished, in {:.0} minutes one after another. Of {} of strategies \
         on data sets, averaged over fusion methods, {}, at 5 % after Holm's correction over all of \
         them. Better than the best modality alone too: {}.",
        count(manifest.cells.len(), "cell"),
        count(runs.len(), "run"),
        seconds / 60.0,
        count(effects.len(), "effect"),
        found.into_iter().flatten().collect::<Vec<_>>().join(", "),
        effects.iter().filter(beats).count(),
    ))
}

/// How many effects have a verdict, and on which data sets if it is one of a difference.
fn found(effects: &[Row], verdict: Verdict) -> Option<String> {
    let of: Vec<&str> = effects
        .iter()
        .filter(|effect| effect.text("verdict") == verdict.words())
        .map(|effect| effect.text("dataset"))
        .collect();
    let verb = if of.len() == 1 { "is" } else { "are" };
    let said = format!("{} {verb} {}", of.len(), verdict.words());
    if of.is_empty() {
        return verdict.differs().then_some(said);
    }
    if !verdict.differs() {
        return Some(said);
    }
    let mut by_dataset: Vec<(&str, usize)> = Vec::new();
    for dataset in of {
        match by_dataset.iter_mut().find(|(name, _)| *name == dataset) {
            Some((_, n)) => *n += 1,
            None => by_dataset.push((dataset, 1)),
        }
    }
    let listed = by_dataset.iter().map(|(name, n)| format!("{n} on `{name}`"));
    Some(format!("{said} ({})", listed.collect::<Vec<_>>().join(", ")))
}
