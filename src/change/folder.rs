//! Folders, and files that go: all through the one writer, and on the list of what is ours.

use std::path::PathBuf;

use super::Kind;
use crate::model::{
    command::Command,
    write::{self, Seen},
};

/// A folder is made, and those it lies in, and gets its rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its absolute path.
    pub path: PathBuf,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

#[cfg(test)]
impl Folder {
    fn found(&self) -> crate::facts::state::FolderState {
        crate::facts::state::FolderState { mode: self.mode, uid: self.uid, gid: self.gid }
    }
}

impl Kind for Folder {
    fn command(&self) -> Command {
        Command::root(write::script(write::listed_folder(&self.path, self.mode, self.uid, self.gid)))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        use crate::facts::written::At;
        let found = self.found();
        super::listed::make(&self.path, found, state);
        if let Some(At::There((rights, _))) = state.written.folders.get_mut(&self.path) {
            *rights = found;
        }
        state.folders.insert(self.path.clone(), Some(found));
    }
}

/// A folder that was on the list is made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderAgain(pub Folder);

impl Kind for FolderAgain {
    fn command(&self) -> Command {
        let Folder { path, mode, uid, gid } = &self.0;
        Command::root(write::script(write::listed_again(path, *mode, *uid, *gid)))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        super::listed::make(&self.0.path, self.0.found(), state);
    }
}

/// A folder goes if nothing is in it, and leaves the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderRemoval(pub PathBuf);

impl Kind for FolderRemoval {
    fn command(&self) -> Command {
        Command::root(write::script(write::listed_unfold(&self.0)))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        use crate::facts::written::At;
        let found = state.written.folders.remove(&self.0);
        assert!(matches!(found, Some(At::There((_, 0)))), "{:?} is not empty", self.0);
        state.folders.remove(&self.0);
    }
}

/// A file of ours goes, and leaves the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRemoval {
    /// Its absolute path.
    pub path: PathBuf,
    /// What was in it when this was planned.
    pub seen: Seen,
}

impl Kind for FileRemoval {
    fn command(&self) -> Command {
        write::listed_remove(&self.path, &self.seen)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let listed = state.written.files.remove(&self.path).expect("it is on no list");
        let found = listed.found.known().expect("it is not there");
        assert!(listed.wrote.contains(&found.sha256), "{:?} is not ours", self.path);
        state.files.remove(&self.path);
    }
}

/// What others had in a file comes back, and the place leaves the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileBack {
    /// Its absolute path.
    pub path: PathBuf,
    /// What was in it when this was planned.
    pub seen: Seen,
}

impl Kind for FileBack {
    fn command(&self) -> Command {
        write::back(&self.path, &self.seen)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        super::listed::back(&self.path, state);
    }
}

/// What a killed run left half written goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfWritten(pub Vec<PathBuf>);

impl Kind for HalfWritten {
    fn command(&self) -> Command {
        let calls = self.0.iter().map(|path| write::remove(path, &Seen::Any));
        Command::root(write::script(write::together(calls)))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.written.half.retain(|path| !self.0.contains(path));
    }
}
