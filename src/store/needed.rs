//! The runs that others began from.

use crate::error::Result;
use crate::record::RunRecord;
use crate::store::{State, Store};

impl Store {
    /// What is wrong with the runs that the run of `record` began from, as far as they are here: the
    /// first that is another than it was then.
    ///
    /// # Errors
    /// When the store cannot be read, or such a run is damaged.
    pub fn unlike_needed(&self, record: &RunRecord) -> Result<Option<String>> {
        for needed in &record.needs {
            if self.state(&needed.run)? != State::Done {
                continue;
            }
            let root = self.root(&needed.run)?;
            if root != needed.root {
                return Ok(Some(format!("it began from {needed}, which is {root} here")));
            }
        }
        Ok(None)
    }
}
