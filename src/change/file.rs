//! A whole file is written.

use std::path::PathBuf;

use super::Kind;
use crate::model::{
    command::Command,
    secret::Secret,
    write::{Access, Put, Seen},
};

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileWrite {
    /// Its absolute path.
    pub path: PathBuf,
    /// What will be in it.
    pub content: Secret,
    /// What was in its place when this was planned.
    pub seen: Seen,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Whose the place is.
    pub claim: Claim,
}

impl Kind for FileWrite {
    /// What a file holds may be a secret, from whose hash it could be guessed: both go through stdin.
    fn command(&self) -> Command {
        let Self { mode, uid, gid, .. } = *self;
        let put = Put {
            path: self.path.as_path().into(),
            text: self.content.expose(),
            seen: self.seen.clone(),
            access: Access::Of { mode, uid, gid },
            check: String::new(),
        };
        match self.claim {
            Claim::Always => put.hidden_command(),
            Claim::Listed => put.listed_command(),
            Claim::Instead => put.keeping_command(),
        }
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        use super::listed::{keep, list};
        use crate::facts::{content::ContentHash, state::FileState};
        let text = self.content.expose();
        let Self { mode, uid, gid, .. } = *self;
        let found = FileState { sha256: ContentHash::of(text), mode, uid, gid, text: Some(text.to_owned()) };
        if self.claim == Claim::Instead {
            keep(&self.path, state);
        }
        if self.claim != Claim::Always {
            list(&self.path, &found, state);
        }
        state.system.files.insert(self.path.clone(), Some(found));
    }
}

/// Whose the place of a file is that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Always ours: it is on no list.
    Always,
    /// Ours for as long as the inventory wants the file, and on the list of such files.
    Listed,
    /// The same from now on: what others have there is kept.
    Instead,
}

impl Claim {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Listed => "listed",
            Self::Instead => "instead",
        }
    }
}
