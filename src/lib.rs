//! Counterpoise.

pub mod checkpoint;
pub mod data;
pub mod environment;
pub mod error;
pub mod exec;
pub mod fusion;
pub mod hash;
pub mod model;
pub mod modulation;
pub mod protocol;
pub mod record;
pub mod registry;
pub mod spec;
pub mod store;
pub mod stream;
pub mod train;
