//! Counterpoise.

pub mod data;
pub mod error;
pub mod hash;
pub mod protocol;
pub mod record;
pub mod registry;
pub mod spec;
pub mod stream;
