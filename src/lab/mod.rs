//! Throw-away hosts on the local Docker engine, for demo, rehearsal and tests.

pub mod engine;
mod error;
pub mod standin;

pub use error::LabError;
