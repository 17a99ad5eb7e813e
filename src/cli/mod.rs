//! The face: one file per command; `report.rs` is the only place that prints.

pub mod mask;
pub mod material;
pub mod problem;

use std::process::ExitCode;

/// Parses the arguments, runs the command and gives its exit code.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
