//! Whole files of our own.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::model::mode::Mode;

/// A whole file of our own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnFile {
    /// Its absolute path.
    pub path: PathBuf,
    /// What is in it.
    pub content: String,
    /// Permission bits.
    #[serde(default = "usual")]
    pub mode: Mode,
    /// A unit that is restarted when it changes, if it runs.
    pub restart: Option<String>,
    /// What comes into being through it, and goes with it if it was not there before: absolute paths of files and
    /// folders.
    #[serde(default)]
    pub brings: Vec<PathBuf>,
    /// A command that must accept the new file, which is given to it as its last argument, as in `visudo -cqf`.
    pub check: Option<String>,
    /// What puts it into force.
    pub after: Option<After>,
    /// A systemd unit it is about: a host without that is left alone.
    pub unit: Option<String>,
}

/// What is made of a file of ours by the program it is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// A command, run when the file was written, and when it has gone again.
    pub run: String,
    /// Files that the command writes, each with a text that stands in it while ours is there.
    #[serde(default)]
    pub shows: BTreeMap<PathBuf, String>,
    /// Files beside those that it writes, and that go back with them where the command could cut a login.
    #[serde(default)]
    pub writes: Vec<PathBuf>,
}

impl OwnFile {
    /// Texts that show, in files of others, that this file counts: each with its file.
    pub fn traces(&self) -> impl Iterator<Item = (&PathBuf, &String)> {
        self.after.iter().flat_map(|after| &after.shows)
    }

    /// The file, and all that is written when it changes.
    pub fn written(&self) -> Vec<&Path> {
        let others = self.after.iter().flat_map(|after| after.shows.keys().chain(&after.writes));
        std::iter::once(&self.path).chain(others).map(PathBuf::as_path).collect()
    }
}

fn usual() -> Mode {
    Mode(0o644)
}
