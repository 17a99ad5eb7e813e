//! `/etc/hosts`, in which one line may be ours.

use std::path::Path;

use super::Kind;
use crate::model::{
    command::Command,
    write::{self, Access, Put, Seen, sha256},
};

const PATH: &str = "/etc/hosts";

/// `/etc/hosts` gets another text, and keeps its rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostsFile {
    /// What is in it; `None`: no such file.
    pub from: Option<String>,
    /// What will be in it; `None`: no such file.
    pub to: Option<String>,
    /// Whether it has rights to keep: it was there before anything of ours.
    pub found: bool,
}

impl HostsFile {
    /// The way back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self { from: self.to.clone(), to: self.from.clone(), found: self.found }
    }
}

impl Kind for HostsFile {
    fn command(&self) -> Command {
        let path = Path::new(PATH);
        let seen = self.from.as_ref().map_or(Seen::Absent, |text| Seen::Sha256(sha256(text)));
        let access = if self.found { Access::Kept } else { Access::root(0o644) };
        match &self.to {
            Some(text) => Put { seen, access, ..Put::own(path, text, 0o644) }.command(),
            None => Command::root(write::script(write::remove(path, &seen))),
        }
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        assert_eq!(state.system.hosts_file, self.from, "{PATH}: planned from something else");
        state.system.hosts_file.clone_from(&self.to);
    }
}
