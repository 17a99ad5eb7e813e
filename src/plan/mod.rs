//! The difference between what we want and what is: an ordered list of steps. Empty = converged.

pub mod step;

use std::fmt;

use step::Step;

/// What a plan is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Firewall and sshd, and what they need.
    Harden,
    /// Everything.
    Install,
}

impl Goal {
    /// Whether a host must meet its roles' needs first. Closing doors needs no memory.
    pub fn needs_ready_host(self) -> bool {
        match self {
            Self::Harden => false,
            Self::Install => true,
        }
    }
}

/// Something that is not ours, or that we may not replace, stands where ours should be. Nothing is planned around it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{thing}: {found}; {way_out}")]
pub struct Conflict {
    /// What is in the way, as in `container acme_core_a`.
    pub thing: String,
    /// What was found.
    pub found: String,
    /// The way out.
    pub way_out: String,
}

/// What has to be done on one host, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Whether the host is as it should be.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        Ok(())
    }
}
