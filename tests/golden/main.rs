//! The golden vectors: numbers of the published PyTorch code, at their stated tolerances.
//!
//! The vectors stand beside this file. `COUNTERPOISE_GOLDEN` names another folder with the same
//! files; a file that is missing fails the test.

mod fusion;
mod metrics;
mod mmpareto;
mod mmtm;
mod objective;
mod opm;
mod optim;
mod resnet18;
mod scores;
mod vectors;
