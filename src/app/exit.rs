//! How a run ended, as one word and one number: documented, stable, and the exit code of a process that does nothing else.

use crate::fleet::{
    ask::Asked,
    outcome::{Outcome, Report},
};

/// How a command ended. The number is the process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for is done.
    Done = 0,
    /// A bug in pryvctl.
    Bug = 1,
    /// The command line was not understood.
    Usage = 2,
    /// The inventory, or something it refers to, is wrong. No host was asked.
    Inventory = 3,
    /// A host does not meet the requirements. No host was changed.
    Preflight = 4,
    /// At least one host failed, or does not match the inventory.
    NotConverged = 5,
    /// A host has drifted from the inventory; nothing was changed.
    Drift = 6,
    /// Another run holds the lock of a host, or took it over.
    Locked = 7,
    /// A host could not be reached or logged in to.
    Unreachable = 8,
}

impl Exit {
    /// This, or where all is well the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == Self::Done { other } else { self }
    }
}

/// The exit code of a run: that of the outcome which an administrator must look at first.
pub fn verdict(reports: &[Report]) -> Exit {
    worst(reports.iter().map(|report| exit(&report.outcome)))
}

/// The same where hosts are only looked at: what would be done there is drift.
pub fn looked(outcome: &Outcome) -> Exit {
    if *outcome == Outcome::Planned { Exit::Drift } else { exit(outcome) }
}

/// That of hosts that were asked one question.
pub fn asked<T>(hosts: &[Asked<T>]) -> Exit {
    worst(hosts.iter().filter_map(|asked| asked.answer.as_ref().err()).map(exit))
}

/// That of several which an administrator must look at first.
pub fn worst(exits: impl IntoIterator<Item = Exit>) -> Exit {
    exits.into_iter().max_by_key(urgency).unwrap_or(Exit::Done)
}

fn exit(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Looked
        | Outcome::Unchanged
        | Outcome::Planned
        | Outcome::Changed { .. }
        | Outcome::LeftAlone => Exit::Done,
        Outcome::WentBack { .. } | Outcome::TakenBack | Outcome::Stopped { .. } => Exit::NotConverged,
        Outcome::NotReady => Exit::Preflight,
        Outcome::Unreachable(_) => Exit::Unreachable,
        Outcome::Locked(_) | Outcome::LockLost(_) => Exit::Locked,
        Outcome::Conflict(_)
        | Outcome::Failed { .. }
        | Outcome::Exposed { .. }
        | Outcome::Silent { .. }
        | Outcome::NotConverged { .. } => Exit::NotConverged,
        Outcome::Died => Exit::Bug,
    }
}

fn urgency(exit: &Exit) -> u8 {
    match exit {
        Exit::Done => 0,
        Exit::Drift => 1,
        Exit::Unreachable => 2,
        Exit::Locked => 3,
        Exit::Preflight => 4,
        Exit::Usage | Exit::Inventory => 5,
        Exit::NotConverged => 6,
        Exit::Bug => 7,
    }
}
