//! The suite language: parse, validate, expand.

pub mod run;
