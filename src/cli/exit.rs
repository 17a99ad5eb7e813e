//! Whose exit code the process has.

use std::process::ExitCode;

use crate::app::exit::Exit;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Whose exit code a run passes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Our own.
    Pryvctl(Exit),
    /// That of a command that was run in a container.
    Command(u8),
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Pryvctl(exit) => exit.into(),
            Ended::Command(code) => Self::from(code),
        }
    }
}
