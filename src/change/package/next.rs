//! What comes next in the talk with apt.

use std::time::Duration;

use crate::model::command::Command;

/// Package downloads over a slow line, and another package manager that has to finish first.
pub const APT: Duration = Duration::from_secs(1800);

/// What comes next when the host has answered so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It is asked this; its answer is what the script prints, if it ends well.
    Ask(Command),
    /// This is done, and that is all.
    Do(Command),
    /// There is nothing to be done.
    Nothing,
}

/// Why nothing may be done, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub why: String,
    /// The way out.
    pub hint: &'static str,
}
