//! The execution of runs by worker processes.
//!
//! ```text
//! scheduler::run -> queue -> lane (one per worker) -- Job --> worker::serve, in a child process
//!                              |     <-- Event, log lines --
//!                              +-> Claim::commit or Claim::fail
//! ```
//!
//! The parent plans, claims and commits; children train. A crash, an out-of-memory kill or a
//! divergence ends one run. This layer knows specs and records, neither tensors nor tables.

mod estimate;
pub mod image;
mod lane;
pub mod launch;
mod lines;
mod log;
pub mod message;
mod needed;
mod queue;
pub mod scheduler;
pub mod task;
pub mod worker;
