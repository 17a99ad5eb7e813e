//! Folders, and files that go: all through the one writer, and on the list of what is ours.

use std::path::PathBuf;

use super::Kind;
use crate::{
    facts::release::Was,
    model::{
        command::Command,
        write::{self, Access, Seen, keeping_copy, listed_copy},
    },
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
        if let Some(At::There((rights, _))) = state.ours.written.folders.get_mut(&self.path) {
            *rights = found;
        }
        state.system.folders.insert(self.path.clone(), Some(found));
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

/// A folder gets rights that it had; on the list or not, it stays so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderRights(pub Folder);

impl Kind for FolderRights {
    fn command(&self) -> Command {
        let Folder { path, mode, uid, gid } = &self.0;
        Command::root(write::script(write::folder(path, *mode, *uid, *gid)))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let found = state.system.folders.get_mut(&self.0.path).and_then(Option::as_mut);
        *found.expect("there is no such folder") = self.0.found();
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
        let found = state.ours.written.folders.remove(&self.0);
        assert!(matches!(found, Some(At::There((_, 0)))), "{:?} is not empty", self.0);
        state.system.folders.remove(&self.0);
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
        let listed = state.ours.written.files.remove(&self.path).expect("it is on no list");
        let found = listed.found.known().expect("it is not there");
        assert!(listed.wrote.contains(&found.sha256), "{:?} is not ours", self.path);
        state.system.files.remove(&self.path);
    }
}

/// A copy of a file comes into its place, with its times, and the place is on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCopy {
    /// Where the copy is.
    pub from: PathBuf,
    /// Where it comes.
    pub path: PathBuf,
    /// What was in its place when this was planned.
    pub seen: Seen,
    /// What is in the copy, and the rights that the file gets.
    pub was: Was,
    /// Whose the place is.
    pub claim: CopyClaim,
}

/// Whose the place of a file is into which a copy comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyClaim {
    /// Ours, and it is on the list of such files.
    Listed,
    /// The same from now on: what others have there is kept.
    Instead,
}

impl Kind for FileCopy {
    fn command(&self) -> Command {
        let Was { mode, uid, gid, .. } = self.was;
        let copy = match self.claim {
            CopyClaim::Listed => listed_copy,
            CopyClaim::Instead => keeping_copy,
        };
        copy(&self.from, &self.path, &self.seen, Access::Of { mode, uid, gid })
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let Was { sha256, mode, uid, gid } = self.was.clone();
        let found = crate::facts::state::FileState { sha256, mode, uid, gid, text: None };
        match self.claim {
            CopyClaim::Listed => {}
            CopyClaim::Instead => super::listed::keep(&self.path, state),
        }
        super::listed::list(&self.path, &found, state);
        state.system.files.insert(self.path.clone(), Some(found));
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
        state.ours.written.half.retain(|path| !self.0.contains(path));
    }
}
