//! The program: parse, run, map the outcome to an exit code.

use std::process::ExitCode;

#[global_allocator]
static MEMORY: portable_memory::Memory = portable_memory::Memory;

fn main() -> ExitCode {
    counterpoise::cli::main()
}
