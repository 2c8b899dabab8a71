//! Ctrl-C and the request to end that batch systems send, while runs are trained.
//!
//! The first asks to stop in order; a second one ends the process at once, and with it its workers,
//! whose input is then closed. So does the first when nothing is trained any more.

use crate::error::{Error, Kind, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// What signals set. Neither a process nor a library gives the handlers of signals back, so that
/// they are registered once.
static FLAGS: OnceLock<std::result::Result<Flags, String>> = OnceLock::new();

#[derive(Clone)]
struct Flags {
    stop: Arc<AtomicBool>,
    /// Whether a signal ends the process at once.
    at_once: Arc<AtomicBool>,
}

impl Flags {
    fn register() -> std::io::Result<Self> {
        let flags = Self { stop: Arc::default(), at_once: Arc::default() };
        let status = i32::from(Kind::Interrupted.exit_code());
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds that it need not end the process, and sees to
            // it that the second does.
            register_conditional_shutdown(signal, status, Arc::clone(&flags.at_once))?;
            register(signal, Arc::clone(&flags.at_once))?;
            register(signal, Arc::clone(&flags.stop))?;
        }
        Ok(flags)
    }
}

/// The flag that a signal sets from now on.
///
/// # Errors
/// When the system refuses the handlers.
pub(super) fn watch() -> Result<Arc<AtomicBool>> {
    let flags = FLAGS
        .get_or_init(|| Flags::register().map_err(|e| e.to_string()))
        .as_ref()
        .map_err(|e| Error::unexpected(format!("cannot watch for signals: {e}")))?;
    for flag in [&flags.stop, &flags.at_once] {
        flag.store(false, Ordering::SeqCst);
    }
    Ok(Arc::clone(&flags.stop))
}

/// Lets the next signal end the process at once, as it would if none had been watched for.
pub(super) fn unwatch() {
    if let Some(Ok(flags)) = FLAGS.get() {
        flags.at_once.store(true, Ordering::SeqCst);
    }
}
