//! The stack that threads get, where the environment asks for another size than the usual.

use crate::error::{Error, Result};

/// Read by the standard library when it starts a thread.
const VARIABLE: &str = "RUST_MIN_STACK";

/// What the standard library gives to a thread by itself, and the most that makes sense.
const LEAST: usize = 2 << 20;
const MOST: usize = 1 << 30;

/// Refuses a size with which threads could not be started or would overrun their stack: the
/// libraries that start them then panic, or the process is killed.
///
/// # Errors
/// When the environment asks for such a size.
pub(super) fn check() -> Result<()> {
    let Some(value) = std::env::var_os(VARIABLE) else { return Ok(()) };
    let size = value.to_str().and_then(|text| text.parse::<usize>().ok());
    let refused = |why: &str| {
        Error::input(format!("{VARIABLE} is `{}`: {why}", value.to_string_lossy()))
            .with_hint(format!("unset it, or set it to a number of bytes from {LEAST} to {MOST}"))
    };
    match size {
        None => return Err(refused("that is no number of bytes")),
        Some(size) if size < LEAST => return Err(refused("threads need a larger stack")),
        Some(size) if MOST < size => return Err(refused("no thread gets so large a stack")),
        Some(_) => {}
    }
    let thread = std::thread::Builder::new().spawn(|| {});
    thread.map(drop).map_err(|e| refused(&format!("no thread can be started: {e}")))
}
