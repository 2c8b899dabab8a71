//! Whether a run can begin: what the store holds of the runs that it needs.

use crate::error::Result;
use crate::record::probe::Probe;
use crate::store::failure::{Failure, FailureKind};
use crate::store::{State, Store};
use crate::suite::run::RunSpec;

/// Why a run cannot begin, where one that it needs has left nothing to begin from.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn obstacle(spec: &RunSpec, probe: &Probe, store: &Store) -> Result<Option<Failure>> {
    for need in spec.needs() {
        let id = need.id()?;
        let why = match store.state(&id)? {
            State::Done => match store.record(&id) {
                Ok(record) => record.unusable(probe.fault.is_some()),
                Err(error) => Some(format!("cannot be used: {error}")),
            },
            State::Failed(failure) => Some(failure.to_string()),
            State::Pending => Some("is not done".into()),
        };
        if let Some(why) = why {
            let kind = FailureKind::Blocked;
            let message = format!("run {id} ({}), which it needs, {why}", need.cell.in_words());
            return Ok(Some(Failure {
                kind,
                message,
                status: None,
                signal: None,
                log: Vec::new(),
            }));
        }
    }
    Ok(None)
}
