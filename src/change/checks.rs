//! Health checks that Docker has forgotten begin again.

use std::time::Duration;

use super::Kind;
use crate::model::command::{Command, quote};

/// For Docker's own interval and timeout, and for many containers on a slow host.
const WITHIN: Duration = Duration::from_secs(180);

/// `checks CONTAINER...`: Docker begins with the checks of a container when it goes on after a pause. A shell that is told to end
/// has it go on first.
pub const BEGIN: &str = include_str!("checks/begin.sh");

/// All containers of ours that run and have a check.
pub const OURS: &str = include_str!("checks/ours.sh");

/// `checked SINCE CONTAINER...`: waits until each has been checked since then, for at most two minutes.
const CHECKED: &str = include_str!("checks/checked.sh");

/// Containers whose checks begin again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthChecks(pub Vec<String>);

impl Kind for HealthChecks {
    fn command(&self) -> Command {
        let names = self.0.iter().map(|name| quote(name)).collect::<Vec<_>>().join(" ");
        let script = format!("{BEGIN}{CHECKED}since=$(date +%s)\nchecks {names}\nchecked $since {names}");
        Command::root(script).within(WITHIN)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for name in &self.0 {
            let found = state.docker.containers.iter_mut().find(|found| found.name == *name);
            found.expect("there is no such container").is_unchecked = false;
        }
    }
}
