//! What fills memory that is allocated, for the proof of determinism.

use crate::error::{Error, Result};
use std::env::VarError;

/// The environment variable that holds the byte.
const VARIABLE: &str = "COUNTERPOISE_FILL_MEMORY";

/// Fills memory from now on with the byte that the environment asks for, if it does.
///
/// # Errors
/// When the variable holds no byte.
pub(super) fn set() -> Result<()> {
    let value = match std::env::var(VARIABLE) {
        Err(VarError::NotPresent) => return Ok(()),
        Ok(value) => value,
        Err(VarError::NotUnicode(value)) => value.to_string_lossy().into_owned(),
    };
    let byte = value.parse().map_err(|_| {
        Error::input(format!("{VARIABLE} is `{value}`, which is no byte"))
            .with_hint("give a number from 0 to 255, or unset it")
    })?;
    portable_memory::fill(byte);
    Ok(())
}
