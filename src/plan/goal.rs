//! What a plan is to reach.

use crate::model::inventory::{Repairable, Repairs};

/// What a plan is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Firewall and sshd, and what they need.
    Harden,
    /// A host as it was before it was hardened; its roles go on.
    Revert,
    /// Everything.
    Install,
    /// Of everything what may be repaired with nobody there.
    Repair(Repairs),
    /// What served before the last change.
    Rollback,
    /// A host without us.
    Uninstall(Volumes),
}

impl Goal {
    /// Whether nothing answers from outside afterwards but what was asked for, and nobody gets in but with a key.
    pub fn closes_doors(self) -> bool {
        match self {
            Self::Harden | Self::Install => true,
            Self::Repair(repairs) => repairs.has(Repairable::Controls),
            Self::Revert | Self::Rollback | Self::Uninstall(_) => false,
        }
    }
}

/// What happens to named volumes. Folders of the host and what is in them always stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volumes {
    /// They stay, and a later install finds its data again.
    Keep,
    /// They are removed with everything in them.
    Remove,
}
