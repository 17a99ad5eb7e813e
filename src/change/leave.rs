//! What goes with pryvctl when a host is left.

use std::path::{Path, PathBuf};

use super::Kind;
use crate::model::{
    command::{Command, quote},
    place,
    write::{self, Seen},
};

/// Removes the folders of ours in which nothing is left.
pub(super) fn clear_up() -> String {
    format!("find {} -depth -type d -empty -delete", place::KEPT)
}

/// The same where they may be gone already.
pub(super) fn clear_up_if_there() -> String {
    format!("if [ -d {} ]; then {}; fi", place::KEPT, clear_up())
}

/// A container network goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRemoval(pub String);

impl Kind for NetworkRemoval {
    fn command(&self) -> Command {
        Command::root(format!("docker network rm {}", quote(&self.0)))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.docker.networks.remove(&self.0).expect("there is no such network");
    }
}

/// A volume goes, with everything in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeRemoval(pub String);

impl Kind for VolumeRemoval {
    fn command(&self) -> Command {
        Command::root(format!("docker volume rm {}", quote(&self.0)))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        assert!(state.docker.volumes.remove(&self.0), "there is no volume {}", self.0);
    }
}

/// The record of what served before goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRemoval;

impl Kind for ReleaseRemoval {
    fn command(&self) -> Command {
        Command::root(format!("rm -rf {0} {0}.new {0}.old", place::RELEASE))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.ours.release = None;
    }
}

/// A unit of ours is stopped, and goes with its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRemoval {
    /// Its name.
    pub name: &'static str,
    /// Its file.
    pub path: &'static str,
}

impl Kind for UnitRemoval {
    fn command(&self) -> Command {
        let name = self.name;
        let gone = write::remove(Path::new(self.path), &Seen::Any);
        Command::root(write::script(format!(
            "systemctl disable -q --now {name}; {gone}; systemctl daemon-reload\n{}",
            clear_up_if_there()
        )))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.system.units.remove(self.name);
        state.system.files.insert(self.path.into(), None);
    }
}

/// A file of ours goes, and its folder if it was the last in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFile {
    /// Its absolute path.
    pub path: PathBuf,
    /// What was in it when this was planned.
    pub seen: Seen,
}

impl Kind for LastFile {
    fn command(&self) -> Command {
        let remove = write::remove(&self.path, &self.seen);
        let folder = self.path.parent().map(write::unfold);
        Command::root(write::script(write::together([remove].into_iter().chain(folder))))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.system.files.insert(self.path.clone(), None);
    }
}
