//! Lines of files that are not ours.

use std::path::PathBuf;

use serde::Deserialize;

use crate::model::mode::Mode;

/// A line of a file that is not ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnLine {
    /// Its absolute path.
    pub path: PathBuf,
    /// The line.
    pub line: String,
    /// Where it goes, if it is not there.
    pub at: LineAt,
    /// The file is made with these rights, if there is none; without them it must be there.
    pub make: Option<Mode>,
}

/// Where a line goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineAt {
    /// First.
    Top,
    /// Last.
    End,
    /// Before the first line that holds this and is not commented out; last, if there is none.
    Before(String),
    /// After that line.
    After(String),
}
