//! What a backend of burn's is to this project.

use super::name::Name;
use super::{Backend, Listed, Seat};
use crate::error::Result;
use std::collections::BTreeMap;

/// One of burn's backends as this project uses it.
pub(super) trait Family: Sync {
    /// Whether this build can open a device of the name's kind.
    fn has(&self, _: Name) -> bool {
        true
    }

    /// The first GPU of this machine that it serves, for `auto`.
    fn gpu(&self) -> Option<Name>;

    /// What the environment of a process must hold before it starts, for libraries that read it
    /// then.
    fn environment(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// [`Family::environment`] by name.
    fn env(&self) -> BTreeMap<String, String> {
        let owned = |(key, value): &(&str, &str)| (key.to_string(), value.to_string());
        self.environment().iter().map(owned).collect()
    }

    /// A device as a worker process of its own sees it.
    ///
    /// # Errors
    /// When this machine lacks the device.
    fn seat(&self, name: Name) -> Result<Seat>;

    /// # Errors
    /// When this machine lacks the device.
    fn open(&self, name: Name) -> Result<Backend>;

    /// See [`Backend::check_memory`].
    fn check_memory(&self, _: &Backend) -> Result<()> {
        Ok(())
    }

    /// See [`Backend::give_back_memory`].
    fn give_back_memory(&self, _: &Backend) -> Result<()> {
        Ok(())
    }

    /// Its GPUs on this machine, where it can tell them apart.
    fn listed(&self) -> Vec<Listed> {
        Vec::new()
    }

    /// See [`Backend::count_launches`].
    fn count_launches(&self) -> Option<Box<dyn Fn() -> u64>> {
        None
    }
}
