//! Permission bits of files and folders.

use std::path::PathBuf;

use super::Kind;
use crate::model::command::{Command, quote_path};

/// Permission bits that paths get, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modes(pub Vec<(PathBuf, u32)>);

impl Kind for Modes {
    fn command(&self) -> Command {
        let chmod = |(path, mode): &(PathBuf, u32)| format!("chmod {mode:o} {}\n", quote_path(path));
        Command::root(format!("set -e\n{}", self.0.iter().map(chmod).collect::<String>()))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for (path, mode) in &self.0 {
            matched(path, *mode, state);
            let file = state.system.files.get_mut(path).and_then(Option::as_mut);
            file.into_iter().for_each(|file| file.mode = *mode);
        }
    }
}

/// What patterns of controls matched has these bits now.
#[cfg(test)]
pub(super) fn matched(path: &std::path::Path, mode: u32, state: &mut crate::facts::state::HostState) {
    let matched = state.hardening.limited.values_mut().filter_map(|found| found.get_mut(path));
    matched.for_each(|found| found.mode = mode);
}
