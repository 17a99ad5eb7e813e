//! What every kind of change has that a script carries out.

use crate::model::command::Command;

/// A kind of change that a script carries out.
pub trait Kind {
    /// The script, which runs as root.
    fn command(&self) -> Command;

    /// What it makes of a host in memory.
    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState);
}
