//! `verify`: compute everything in a published report again, and train a sample of its runs.

mod show;

use super::afresh::Afresh;
use super::catalog::catalog;
use super::training::{Training, Wishes};
use super::worker::as_a_worker;
use super::{Format, print_json};
use crate::atomic;
use crate::device;
use crate::environment;
use crate::error::{Error, Kind, Result};
use crate::hash::Digest;
use crate::plain;
use crate::results::manifest::Manifest;
use crate::results::rows;
use crate::store::{State, Store};
use crate::suite::{Suite, folder};
use crate::verify::attest::{Conclusion, Retraining, Verification};
use crate::verify::records::{self, Records};
use crate::verify::retrained::{self, Choice, TOLERANCE};
use crate::verify::{self, Files, attest, claims, files, rendering};
use clap::Args;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Compute every hash of a report again, and train a sample of its runs to compare
#[derive(Args)]
#[command(after_help = "\
Roots are compared to the bit where the determinism class is that of the report. In another class \
runs with other bits are held to the tolerance instead, or to what two seeds of the cell differ by \
(2√2 standard deviations) where that is more.

Example: counterpoise verify reports/full/v4 --retrain 5 --attest verified.json")]
pub(super) struct Arguments {
    /// The folder of the report, such as `reports/full/v4`
    report: PathBuf,
    /// Check the records and checkpoints in this run store too, and render the report from them
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Train this many runs of the report again and compare their roots
    #[arg(long, value_name = "N")]
    retrain: Option<NonZeroUsize>,
    /// Keep the runs that are trained again in this new store, for `bisect`
    #[arg(long, value_name = "DIR", requires = "retrain")]
    keep: Option<PathBuf>,
    /// Chooses the runs that are trained again
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,
    /// How far the primary metric may differ in another determinism class: percentage points of a
    /// fraction, else percent of the report's value
    #[arg(long, value_name = "POINTS", default_value_t = 100.0 * TOLERANCE)]
    tolerance: f64,
    /// Write what was verified to this file, as JSON
    #[arg(long, value_name = "FILE")]
    attest: Option<PathBuf>,
    #[command(flatten)]
    training: Training,
    /// Folder of the suites
    #[arg(long, value_name = "DIR", default_value = "suites")]
    suites: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    arguments.check()?;
    as_a_worker(&[&arguments.training.device])?;
    let manifest = Manifest::load(&arguments.report)?;
    let files = files::read(&arguments.report)?;
    let backend = device::open_first(&arguments.training.device)?;
    let mut found = Verification {
        checks: verify::report(&files, &manifest)?,
        notes: Vec::new(),
        retraining: None,
        class: environment::class(&backend.class),
    };
    let suite = arguments.suite(&manifest, &mut found)?;
    let records = match arguments.open_store()? {
        None => Records::new(),
        Some(store) => {
            let (checks, records) = records::check(&manifest, &store)?;
            found.checks.extend(checks);
            match &suite {
                Some(suite) if found.verdict() == Conclusion::Verified => {
                    found.checks.push(rendering::check(
                        &files,
                        &manifest,
                        suite,
                        &records,
                        Some(&store),
                    )?);
                }
                Some(_) => found.notes.push("not rendered again, since something differs".into()),
                None => found.notes.push("not rendered again, for want of the suite's text".into()),
            }
            records
        }
    };
    if let Some(n) = arguments.retrain {
        if found.verdict() == Conclusion::Verified {
            let choices = retrained::choose(&manifest, n.get(), arguments.seed, backend.kind)?;
            found.retraining = Some(arguments.train(&files, &manifest, &records, &choices)?);
        } else {
            found.notes.push("nothing was trained, since the report already differs".into());
        }
    }
    let statement = found.statement(&files, &manifest)?;
    if let Some(path) = &arguments.attest {
        atomic::write(path, &attest::to_bytes(&statement)?)?;
    }
    match arguments.format {
        Format::Json => print_json(&statement)?,
        Format::Text => show::show(&found, &manifest)?,
    }
    arguments.conclude(&found)
}

impl Arguments {
    /// Refuses what could only fail later, after runs have been trained.
    fn check(&self) -> Result<()> {
        if !(self.tolerance.is_finite() && 0.0 <= self.tolerance) {
            let message = format!("a tolerance of {} points is none", self.tolerance);
            return Err(Error::input(message).with_hint("give a number of points, such as 2"));
        }
        let Some(path) = &self.attest else { return Ok(()) };
        let parent = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new("."));
        let canonical =
            |path: &Path| path.canonicalize().map_err(|e| Error::io("find the folder", path, &e));
        if path.is_dir() {
            return Err(Error::input(format!("{} is a folder, not a file", path.display())));
        }
        // With one more file the report itself would no longer verify.
        if self.report.is_dir() && canonical(folder)?.starts_with(canonical(&self.report)?) {
            let message = format!("{} would be written into the report", path.display());
            return Err(Error::input(message).with_hint("write it beside the report"));
        }
        canonical(folder).map(|_| ())
    }

    /// The suite of the report, where it is still the one that the report was written for, and
    /// the check of its cells.
    fn suite(&self, manifest: &Manifest, found: &mut Verification) -> Result<Option<Suite>> {
        let path = match folder::file(&self.suites, &manifest.suite) {
            Ok(Some(path)) => path,
            Ok(None) => {
                let path = self.suites.join(format!("{}.yaml", manifest.suite));
                let note = format!("there is no {} to compare the cells with", path.display());
                found.notes.push(note);
                return Ok(None);
            }
            Err(error) => {
                found.notes.push(format!("the cells are not compared: {}", error.message));
                return Ok(None);
            }
        };
        let text = Digest::of(&plain::SUITE.read(&path)?);
        if text != manifest.suite_text {
            found.notes.push(format!("{} has changed since the report", path.display()));
            return Ok(None);
        }
        let kind = manifest.cells.first().map_or("cpu", |cell| cell.spec.backend());
        match Suite::load(&path, &catalog(), kind) {
            Ok(suite) => {
                found.checks.push(claims::suite(manifest, &suite)?);
                Ok(Some(suite))
            }
            Err(error) => {
                let why = error.message.lines().next().unwrap_or_default();
                found.notes.push(format!("this program cannot read the suite: {why}"));
                Ok(None)
            }
        }
    }

    /// The store that was given. Opening would make one that is not there.
    fn open_store(&self) -> Result<Option<Store>> {
        let Some(path) = &self.store else { return Ok(None) };
        if !path.is_dir() {
            return Err(Error::input(format!("{} is not a run store", path.display()))
                .with_hint("give the folder of the runs, such as `runs`"));
        }
        Store::open(path).map(Some)
    }

    /// Trains the chosen runs in a store of their own, and compares.
    fn train(
        &self,
        files: &Files,
        manifest: &Manifest,
        records: &Records,
        choices: &[Choice<'_>],
    ) -> Result<Retraining> {
        let bytes = files.get(rows::RESULTS).map_or(&[][..], Vec::as_slice);
        let rows = rows::read(rows::RESULTS, bytes)?;
        let Afresh { store, .. } = &Afresh::open(self.keep.as_deref())?;
        let cells = choices.iter().map(Choice::cell).collect::<Result<Vec<_>>>()?;
        let trained = self.training.run(&cells, store, Wishes::default());
        let (_, blocked) = trained.map_err(Afresh::explain)?;
        let tolerance = self.tolerance / 100.0;
        let (mut runs, mut failed) = (Vec::new(), BTreeMap::new());
        for choice in choices {
            let id = choice.spec.id()?;
            let why = match store.state(&id)? {
                State::Done => {
                    let here = store.record(&id)?;
                    let stored = records.get(&choice.entry.id);
                    runs.push(retrained::compare(
                        manifest, choice, &rows, stored, &here, tolerance,
                    )?);
                    continue;
                }
                State::Failed(failure) => failure.message,
                State::Pending => blocked.get(&id).cloned().unwrap_or("not trained".into()),
            };
            failed.insert(choice.entry.id.clone(), why);
        }
        Ok(Retraining { seed: self.seed, tolerance, runs, failed })
    }

    fn conclude(&self, found: &Verification) -> Result<()> {
        let report = self.report.display();
        let failed = found.retraining.iter().flat_map(|retraining| &retraining.failed);
        match found.verdict() {
            Conclusion::Verified => Ok(()),
            Conclusion::Mismatch => {
                let mut mismatches = found.mismatches();
                let first = mismatches.next().map_or(String::new(), |first| first.to_string());
                let more = match mismatches.count() {
                    0 => String::new(),
                    n => format!("\n  and {n} more"),
                };
                let error = Error::new(Kind::Mismatch, format!("{report}: {first}{more}"));
                Err(match found.retraining {
                    None => error,
                    Some(_) => error.with_hint(
                        "keep what is trained here by --keep DIR, and `bisect` finds the step at \
                         which it parts from the run of the report",
                    ),
                })
            }
            Conclusion::Incomplete => {
                let reasons: Vec<String> =
                    failed.map(|(id, why)| format!("\n  run {id}: {why}")).collect();
                let message = format!("{report}: runs could not be trained{}", reasons.concat());
                Err(Error::new(Kind::Runs, message))
            }
        }
    }
}
