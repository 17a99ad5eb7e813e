//! The two places of a service's container.

use serde::{Deserialize, Serialize};

/// One of the two places a service's container can stand in, so that a new one starts beside the old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The slot of a container address: those of slot b are odd.
    pub fn of(address: u128) -> Self {
        if address & 1 == 1 { Self::B } else { Self::A }
    }

    /// As it stands in container names and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}
