//! The list of what is ours on a host.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{Kind, leave::clear_up_if_there};
use crate::{
    facts::content::ContentHash,
    model::{
        command::Command,
        place,
        write::{self, Seen},
    },
};

/// Files that are as they must be come on the list, each with the SHA-256 of what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFiles(pub BTreeMap<PathBuf, ContentHash>);

impl Kind for ListFiles {
    fn command(&self) -> Command {
        write::wrote(self.0.iter().map(|(path, hash)| (path.as_path(), hash.expose().to_owned())))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for (path, hash) in &self.0 {
            let found = state.file(path).filter(|found| found.sha256 == *hash).cloned();
            found.into_iter().for_each(|found| super::listed::list(path, &found, state));
        }
    }
}

/// What is gone already leaves the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlist {
    /// Files.
    pub files: Vec<PathBuf>,
    /// Folders.
    pub folders: Vec<PathBuf>,
}

impl Kind for Unlist {
    fn command(&self) -> Command {
        let files = self.files.iter().map(|path| write::listed_gone(path, &Seen::Absent));
        let folders = self.folders.iter().map(|path| write::listed_unfold(path));
        Command::root(write::script(write::together(files.chain(folders))))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        self.files.iter().for_each(|path| drop(state.ours.written.files.remove(path)));
        self.folders.iter().for_each(|path| drop(state.ours.written.folders.remove(path)));
    }
}

/// The list itself goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRemoval;

impl Kind for ListRemoval {
    fn command(&self) -> Command {
        let list = write::remove(Path::new(place::WRITTEN), &Seen::Any);
        Command::root(write::script(format!("{list} && {}", clear_up_if_there())))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.ours.written = crate::facts::written::Written::default();
    }
}
