//! Containers that go on are told that their files changed.

use std::path::PathBuf;

use super::Kind;
use crate::model::{
    command::Command,
    name::ServiceName,
    place,
    write::{self, Seen},
};

/// What a role says with `on_change` is run: a signal to a container, or a command in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRun {
    /// The commands, a line each.
    pub script: String,
    /// The service that was marked to be told; the mark goes when it was.
    pub told: Option<ServiceName>,
}

impl RoleRun {
    /// Commands of which no mark speaks.
    pub fn new(script: impl Into<String>) -> Self {
        Self { script: script.into(), told: None }
    }
}

impl Kind for RoleRun {
    fn command(&self) -> Command {
        match &self.told {
            None => Command::root(&self.script),
            Some(service) => {
                Command::root(write::script(format!("set -e\n{}{}", self.script, unmark(service))))
            }
        }
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        self.told.iter().for_each(|service| ReloadDone(service.clone()).apply(state));
    }
}

/// A service has not to be told any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadDone(pub ServiceName);

impl Kind for ReloadDone {
    fn command(&self) -> Command {
        Command::root(write::script(unmark(&self.0)))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let mark = mark(&self.0);
        state.ours.written.files.remove(&mark);
        state.system.files.insert(mark, None);
    }
}

fn mark(service: &ServiceName) -> PathBuf {
    place::reload_pending(service).into()
}

fn unmark(service: &ServiceName) -> String {
    write::listed_gone(&mark(service), &Seen::Any)
}
