//! The program: parse, run, map the outcome to an exit code.

use std::process::ExitCode;

#[global_allocator]
static MEMORY: portable_memory::Memory = portable_memory::Memory;

fn main() -> ExitCode {
    // For the proof of determinism.
    if let Some(byte) = std::env::var("COUNTERPOISE_FILL_MEMORY").ok().and_then(|x| x.parse().ok())
    {
        portable_memory::fill(byte);
    }
    counterpoise::cli::main()
}
