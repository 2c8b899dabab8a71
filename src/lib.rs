//! Counterpoise: a reproducibility benchmark for balanced multimodal learning.
//!
//! ```text
//! suites/*.yaml -> spec (parse, check, expand) -> runs with content-addressed ids
//!   -> exec (worker processes, one run at a time each)
//!   -> train (data, model, modulation, optimizer, hashes)
//!   -> runs/<run-id>/ (record, trace, checkpoints)
//!   -> report (statistics, tables, figures, pages) -> reports/<suite>/vN/
//!   -> gate (roots, then statistics, against ci/baselines/<suite>.json) -> verdicts
//! ```
//!
//! Invariants, most of them held by `tests/tidy.rs`:
//!
//! - Data flow one way. What trains ([`model`], [`fusion`], [`modulation`], [`train`]) and what
//!   reports ([`stats`], [`figure`], [`report`], [`gate`]) never import each other; they meet in the
//!   [`record`]. [`exec`] knows neither tensors nor tables.
//! - Only what trains mentions burn, and only `train::device` opens a device.
//! - Every random number comes from a [`stream`] keyed by seed and purpose. No clock, hash order,
//!   global generator or thread count reaches a number, a file or a report.
//! - A [`spec::run::RunSpec`] holds all that can change the weights and nothing that cannot; its
//!   hash is the run's id. Checkpoints are hashed by content, never by file.
//! - A strategy sees hooks, never the loop, and never the test split.
//! - Files appear whole or not at all, and no bad input is a panic.

pub mod atomic;
pub mod error;
pub mod hash;
pub mod registry;
pub mod stream;

pub mod environment;
pub mod protocol;
pub mod task;

pub mod data;
pub mod spec;

pub mod lint;

pub mod checkpoint;
pub mod record;
pub mod store;

pub mod exec;

pub mod fusion;
pub mod model;
pub mod modulation;
pub mod train;

pub mod figure;
pub mod gate;
pub mod report;
pub mod stats;

pub mod cli;
