//! What is wanted of one file.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::edit::Edit;
use crate::{facts::state::HostState, model::command::quote};

/// What all controls together want of one file.
#[derive(Debug, Default)]
pub struct Draft {
    /// How a file of ours begins in which several controls write.
    pub header: &'static str,
    /// What each of them wants.
    pub edits: Vec<Edit>,
    /// Permission bits, where one of them says so.
    pub mode: Option<u32>,
    /// Commands that must accept the text.
    pub checks: BTreeSet<String>,
    /// Commands that put it into force.
    pub after: BTreeSet<String>,
    /// What does not fit.
    pub reasons: Vec<String>,
    /// What else is written when it changes.
    pub others: BTreeSet<PathBuf>,
    /// Whether something that is made of it does not show it.
    pub stale: bool,
    /// Whether a wrong text could cut our login.
    pub guarded: bool,
}

/// The text of a file, where it is one.
pub fn text<'a>(path: &Path, state: &'a HostState) -> Option<&'a str> {
    state.file(path)?.text.as_deref()
}

/// The command with which a unit takes up a file.
pub fn restart(unit: &str) -> String {
    format!("systemctl try-restart {}", quote(unit))
}
