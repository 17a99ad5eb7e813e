//! What the guard keeps, on a host in memory.

use std::{collections::BTreeMap, path::PathBuf};

use super::file::FileState;

/// What a host in memory keeps while a guarded change waits for its confirmation. On a host this lies where the guard looks
/// for it, and no survey asks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Guard {
    /// Files, each as a survey told of it; `None`: it did not.
    pub files: BTreeMap<PathBuf, Option<Option<FileState>>>,
    /// What sshd made of its files.
    pub sshd: Option<BTreeMap<String, Vec<String>>>,
    /// Live parameters of the kernel.
    pub sysctl: BTreeMap<String, String>,
    /// Tables of the packet filter; `None`: there was none.
    pub tables: BTreeMap<&'static str, Option<serde_json::Value>>,
}
