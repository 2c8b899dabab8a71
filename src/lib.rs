//! Counterpoise.

pub mod checkpoint;
pub mod cli;
pub mod data;
pub mod environment;
pub mod error;
pub mod exec;
pub mod figure;
pub mod fusion;
pub mod hash;
pub mod model;
pub mod modulation;
pub mod protocol;
pub mod record;
pub mod registry;
pub mod report;
pub mod spec;
pub mod stats;
pub mod store;
pub mod stream;
pub mod train;
