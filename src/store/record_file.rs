//! `record.json`: written so that it reads back to the bit, read with every doubt checked.

use crate::atomic;
use crate::error::{Error, Kind, Result};
use crate::plain;
use crate::record::RunRecord;
use crate::store::Header;
use crate::suite::run::{CellSpec, RunId};
use std::path::Path;

pub(super) const NAME: &str = "record.json";

/// Reads `folder/record.json`, which must be the record of the run `id`.
///
/// # Errors
/// When the file cannot be read, is of another run or of another format, or holds a number that no
/// training leaves; of kind [`Kind::Mismatch`] when its cost was changed.
pub(crate) fn read(folder: &Path, id: &RunId) -> Result<RunRecord> {
    let path = folder.join(NAME);
    let bytes = plain::RECORD.read(&path)?;
    let wrong = |what: String| Error::input(format!("{}: {what}", path.display()));
    let no_record = |e: serde_json::Error| wrong(format!("not a run record: {e}"));
    // The version first: another one would fail on its fields with a confusing message.
    let header: Header = serde_json::from_slice(&bytes).map_err(no_record)?;
    if header.format != RunRecord::FORMAT {
        return Err(wrong(other_format(header.format)).with_hint(writer(header.format)));
    }
    let record: RunRecord = serde_json::from_slice(&bytes).map_err(no_record)?;
    check(&record, id).map_err(wrong)?;
    if record.cost.digest()? != record.cost_digest {
        let message = format!("{}: the cost is not what its digest says", path.display());
        return Err(Error::new(Kind::Mismatch, message));
    }
    Ok(record)
}

/// Writes `folder/record.json`.
///
/// # Errors
/// When the file cannot be written, or the record could not be read back as it is.
pub(crate) fn write(folder: &Path, record: &RunRecord) -> Result<()> {
    let path = folder.join(NAME);
    let mut text = crate::hash::canonical_json(record)?;
    // A loss that is not a number has no JSON, and would only be found missing by the reader.
    match serde_json::from_str::<RunRecord>(&text) {
        Ok(back) if back == *record => {}
        Ok(_) => return Err(unfaithful(&path, "a number changes on the way")),
        Err(e) => {
            return Err(unfaithful(&path, &e.to_string())
                .with_hint("every number in a record must be finite"));
        }
    }
    record.check_values().map_err(|why| unfaithful(&path, &why))?;
    text.push('\n');
    atomic::write(&path, text.as_bytes())
}

fn unfaithful(path: &Path, why: &str) -> Error {
    Error::unexpected(format!("cannot write {} so that it reads back: {why}", path.display()))
}

/// What is wrong with taking `record` for that of the run `id`.
pub(crate) fn check(record: &RunRecord, id: &RunId) -> std::result::Result<(), String> {
    if record.format != RunRecord::FORMAT {
        return Err(other_format(record.format));
    }
    if record.id != *id {
        return Err(format!("the record is of run {}, not of {id}", record.id));
    }
    if record.spec.cell.format != CellSpec::FORMAT {
        return Err(format!("the run is described in format {}", record.spec.cell.format));
    }
    match record.spec.id() {
        Ok(of_spec) if of_spec == *id => record.check_needs().and_then(|()| record.check_values()),
        Ok(of_spec) => Err(format!("the run described has the id {of_spec}, not {id}")),
        Err(e) => Err(e.to_string()),
    }
}

fn other_format(format: u32) -> String {
    format!("the record has format {format}, this program reads format {}", RunRecord::FORMAT)
}

/// Which program reads records of a format.
fn writer(format: u32) -> &'static str {
    match format {
        1 => "release 0.1 wrote it and reads it",
        2 => "release 0.2 wrote it and reads it",
        _ => "use the release that wrote it",
    }
}
