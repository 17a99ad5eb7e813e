//! Options of mount points: live, and in `/etc/fstab`.

use std::path::PathBuf;

use serde::Deserialize;

/// Options of a mount point.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// Where it is mounted.
    pub path: PathBuf,
    /// Its options.
    pub options: Vec<String>,
    /// What is mounted there from the next boot on, where nothing is; without it such a host is left alone.
    pub made: Option<Made>,
}

/// A mount that is made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// What is mounted, as in `tmpfs`.
    pub source: String,
    /// The file system, as in `tmpfs`; `none` for a folder that is mounted again.
    pub kind: String,
    /// Options beside the others.
    #[serde(default)]
    pub options: Vec<String>,
}
