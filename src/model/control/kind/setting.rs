//! Keys of files that are not ours.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use crate::model::compose::Word;

/// Keys of a file that is not ours. Everything else in it stays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Its absolute path.
    pub path: PathBuf,
    /// How a key and its value are written there.
    pub form: Form,
    /// The keys.
    pub set: BTreeMap<String, Word>,
    /// A unit that is restarted when it changes, if it runs.
    pub restart: Option<String>,
}

/// How a key and its value are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// `KEY value`, as in login.defs.
    Space,
    /// `KEY=value`, as in systemd's files.
    Equals,
    /// `key = value`, as in auditd.conf.
    SpacedEquals,
}
