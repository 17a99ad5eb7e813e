//! A file gets another text, is looked at by who reads it before it counts, and is taken up after that.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::Kind;
use crate::model::{
    command::{Command, quote_path},
    etc,
    place::ORIGINALS,
    write::{self, Access, Put, Seen},
};

/// A file that is to hold another text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEdit {
    /// Where. Through a link of root's, what the link leads to is written.
    pub path: PathBuf,
    /// The text.
    pub text: String,
    /// What was there when this was planned.
    pub seen: Seen,
    /// Permission bits, owner and group; without them it keeps those it has by then.
    pub rights: Option<(u32, u32, u32)>,
    /// What has to take the new file before it counts.
    pub checks: BTreeSet<String>,
    /// What puts it into force.
    pub after: BTreeSet<String>,
}

impl Kind for FileEdit {
    fn command(&self) -> Command {
        let checks: Vec<String> = self.checks.iter().map(|check| format!("{check} \"$new\" >&2")).collect();
        let reload = std::iter::once(reload(&self.path).to_owned());
        let after: String = reload.chain(self.after.iter().map(|run| then(run))).collect();
        let access = match self.rights {
            Some((mode, uid, gid)) => Access::Of { mode, uid, gid },
            None => Access::Kept,
        };
        let (path, seen, check) = (self.path.as_path().into(), self.seen.clone(), checks.join(" && "));
        let call = Put { path, text: &self.text, seen, access, check }.call();
        Command::root(write::script(format!("set -e; {call}{after}"))).stdin(self.text.as_str())
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        use crate::facts::{content::ContentHash, state::FileState};
        let found = state.file(&self.path);
        let seen = found.map_or(Seen::Absent, |found| Seen::Sha256(found.sha256.expose().to_owned()));
        assert!(self.seen == Seen::Any || self.seen == seen, "{:?}: planned from something else", self.path);
        let kept = found.map(|found| (found.mode, found.uid, found.gid));
        let (mode, uid, gid) = self.rights.or(kept).expect("rights of a file that is not there");
        let (sha256, text) = (ContentHash::of(&self.text), Some(self.text.clone()));
        state.system.files.insert(self.path.clone(), Some(FileState { sha256, mode, uid, gid, text }));
        super::mode::matched(&self.path, mode, state);
    }
}

/// A file that goes, and what came into being through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileGone {
    /// Where.
    pub path: PathBuf,
    /// What was there when this was planned.
    pub seen: Seen,
    /// Files and folders that were not there before it.
    pub brought: Vec<PathBuf>,
    /// What puts it into force that it is gone.
    pub after: BTreeSet<String>,
}

impl Kind for FileGone {
    fn command(&self) -> Command {
        let brought = self.brought.iter().map(|path| format!("; rm -rf {}", quote_path(path)));
        let then: String = self.after.iter().map(|run| then(run)).collect();
        Command::root(write::script(format!(
            "set -e; {}{}{}{then}",
            write::remove(&self.path, &self.seen),
            brought.collect::<String>(),
            reload(&self.path)
        )))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.system.files.insert(self.path.clone(), None);
    }
}

/// A file becomes what the record of originals says, with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAsBefore {
    /// Where.
    pub path: PathBuf,
    /// What was there when this was planned.
    pub seen: Seen,
    /// What puts it into force.
    pub after: BTreeSet<String>,
}

impl Kind for FileAsBefore {
    /// Its folder may have gone with its package, in a run that did not come to its end.
    fn command(&self) -> Command {
        let copy = PathBuf::from(format!("{ORIGINALS}/files{}", self.path.display()));
        let then: String = self.after.iter().map(|run| then(run)).collect();
        Command::root(write::script(format!(
            "set -e; [ -d {} ] || exit 0; {}{}{then}",
            quote_path(self.path.parent().unwrap_or(&self.path)),
            write::copy(&copy, &self.path, &self.seen, Access::Kept),
            reload(&self.path)
        )))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let copy = state.hardening.originals.files[&self.path].clone().expect("there is no copy");
        super::mode::matched(&self.path, copy.mode, state);
        state.system.files.insert(self.path.clone(), Some(copy));
    }
}

/// The end of a script: a command that may write files that are not ours, with the rights they have elsewhere.
pub fn then(command: &str) -> String {
    format!("; umask 022; {command}")
}

/// What makes systemd read a unit's file again.
fn reload(path: &Path) -> &'static str {
    if path.starts_with(etc::UNITS) { "; systemctl daemon-reload" } else { "" }
}
