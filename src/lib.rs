//! Counterpoise: a reproducibility benchmark for balanced multimodal learning.
//!
//! ```text
//! suites/*.yaml -> suite (parse, check, expand) -> runs with content-addressed ids
//!   -> exec (worker processes, one run at a time each)
//!   -> train (data, model, strategy, optimizer, hashes)
//!   -> runs/<run-id>/ (record, trace, checkpoints, logits)
//!   -> results (cells, comparisons, sheets) -> report (tables, figures, pages) -> reports/<suite>/vN/
//!                                           -> verify (a report against itself, runs, training)
//!                                           -> gate (against ci/baselines/<suite>.json)
//! ```
//!
//! Invariants, most of them held by `tests/tidy/`:
//!
//! - Data flow one way, and no two files import each other but parent and child. What trains
//!   ([`device`], [`model`], [`strategy`], [`train`]) and what reads records ([`stats`], [`figure`],
//!   [`document`], [`results`], [`report`], [`verify`], [`gate`]) never import each other; they meet
//!   in the [`record`]. [`exec`] knows neither tensors nor tables.
//! - Only what trains mentions burn, and only [`device`] opens a device.
//! - Every random number comes from a [`stream`] keyed by seed and purpose. No clock, hash order,
//!   global generator or thread count reaches a number, a file or a report.
//! - A [`suite::run::RunSpec`] holds all that can change the weights and nothing that cannot; its
//!   hash is the run's id. Checkpoints are hashed by content, never by file.
//! - A strategy sees hooks, never the loop, and never the test split.
//! - Files appear whole or not at all, and no bad input is a panic.

pub mod atomic;
pub mod error;
pub mod hash;
pub mod plain;
pub mod registry;
pub mod stream;
pub mod text;

pub mod environment;
pub mod protocol;
pub mod task;

pub mod data;
pub mod suite;

pub mod lint;

pub mod checkpoint;
pub mod record;
pub mod store;

pub mod exec;

pub mod device;
pub mod model;
pub mod strategy;
pub mod train;

pub mod document;
pub mod figure;
pub mod gate;
pub mod report;
pub mod results;
pub mod stats;
pub mod verify;

pub mod cli;
