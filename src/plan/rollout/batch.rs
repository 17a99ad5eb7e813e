//! Batches, how they end on a host, and why no more of them follow.

use std::time::Duration;

use crate::model::name::{HostName, RoleName};

/// How it ended on one host, as far as the order depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// It is as it should be, and it was changed.
    Good,
    /// Nothing was to be done there.
    Untouched,
    /// It failed, and what served before serves again.
    Back,
    /// It failed, and nobody knows what serves there.
    Down,
    /// It could not be reached, and nothing was changed.
    Unreachable,
}

/// What happens when too many hosts of a stage failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Go no further; what was reached stays.
    Stop,
    /// Go no further, and the hosts of the last batch go back.
    RollbackBatch,
    /// Go no further, and every host of this run goes back.
    RollbackAll,
    /// Go on.
    Continue,
}

/// Hosts that are upgraded at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The role whose stage it belongs to.
    pub role: RoleName,
    /// The hosts; never none.
    pub hosts: Vec<HostName>,
    /// The wait before it begins.
    pub delay: Duration,
}

/// A batch that came to its end.
pub type Finished = Vec<(HostName, Ended)>;

/// Why a rollout ends early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// More hosts failed than the role tolerates.
    #[error("{failed} of {of} hosts of {role} failed")]
    Failures {
        /// The role.
        role: RoleName,
        /// How many failed.
        failed: usize,
        /// How many there are.
        of: usize,
    },
    /// As many hosts are away as may be.
    #[error("{down} of {of} hosts of {role} are already down; at most {budget} may be down")]
    Budget {
        /// The role.
        role: RoleName,
        /// How many are away.
        down: usize,
        /// How many there are.
        of: usize,
        /// How many may be away.
        budget: usize,
    },
    /// A host of another zone is away.
    #[error("a host of {role} is down in another zone; two zones are never changed at the same time")]
    Zone {
        /// The role.
        role: RoleName,
    },
}

impl Ended {
    /// Whether the host does not serve, as far as we know.
    pub(super) fn is_away(self) -> bool {
        match self {
            Self::Down | Self::Unreachable => true,
            Self::Good | Self::Untouched | Self::Back => false,
        }
    }

    /// Whether it counts against the tolerance of its stage.
    pub(super) fn has_failed(self) -> bool {
        match self {
            Self::Back | Self::Down => true,
            // Not this run's doing; it takes its place in the budget instead.
            Self::Unreachable | Self::Good | Self::Untouched => false,
        }
    }
}
