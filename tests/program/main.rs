//! The program as a person meets it: real processes in a folder of their own, on made data, with
//! no network.

mod bench;
mod diff;
mod disasters;
mod docs;
mod effects;
mod failures;
mod first_steps;
mod formats;
mod gate;
mod interruptions;
mod kills;
mod missing_data;
mod plans;
mod processes;
mod questions;
mod refusals;
mod reports;
mod signals;
mod streams;
mod suites;
mod tasks;
mod terminals;
mod untrusted;
mod verify;
mod workers;
